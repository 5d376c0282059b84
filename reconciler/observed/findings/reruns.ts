import type { ForeignApplication } from '../cluster.ts'
import type { Finding } from '../document.ts'
import { isHook, type LinkedJob, type MissingJob } from '../jobs.ts'
import type { Links } from '../links/links.ts'
import { duration, gpusText } from '../messages.ts'

/*
 * Jobs that would train a second time although nobody asked for it. Argo CD makes whatever a file has and the cluster has not, and a Job that has
 * ended and was deleted is just that.
 */

/** A Job that was made so much later than its file was written is hardly the first of it. */
const notTheFirstMilliseconds = 10 * 60_000

export function rerunFindings(
  linked: readonly LinkedJob[],
  missing: readonly MissingJob[],
  links: Links,
): readonly Finding[] {
  return [
    ...linked
      // A lease lets one Job of an attempt train, whatever is made again.
      .filter(({ job, application }) => job.owner === null && job.specyard === null && application !== null)
      .flatMap((one) => [...byTtl(one, links), ...byHook(one), ...byGeneratedName(one), ...byReplace(one)]),
    ...missing.flatMap((one) => [...absent(one), ...declaredTtl(one)]),
  ]
}

function byTtl({ job, application, declared, file, state, row }: LinkedJob, links: Links): readonly Finding[] {
  const ttl = job.asked.ttlSecondsAfterFinished
  if (ttl === null || !application || isHook(job.annotations)) return []
  const template = declared ? null : links.lineOfTtl(application)
  const place = declared
    ? { path: declared.path, line: declared.lineOf('/spec/ttlSecondsAfterFinished') }
    : (template ?? file)
  const changed = (file ?? template)?.change
  const later = changed && row.createdAt ? row.createdAt.getTime() - changed.at.getTime() : 0
  const again =
    later > notTheFirstMilliseconds
      ? `; the Job that is there was made ${duration(later)} after its file was last changed, so it is hardly the first`
      : ''
  const trains = state.endedAt === null ? 'will end' : 'has ended'
  return [
    ttlFinding(application, `Job ${row.namespace}/${row.name}`, place && { path: place.path, line: place.line }, {
      ttl,
      gpus: row.gpus,
      trains,
      again,
    }),
  ]
}

function declaredTtl({ application, namespace, name, declared, gone }: MissingJob): readonly Finding[] {
  const ttl = declared?.asked.ttlSecondsAfterFinished ?? null
  if (!declared || ttl === null) return []
  const place = { path: declared.path, line: declared.lineOf('/spec/ttlSecondsAfterFinished') }
  const trains = gone ? null : 'will end'
  const told = { ttl, gpus: declared.asked.gpus, trains, again: '' }
  return [ttlFinding(application, `Job ${namespace}/${name}`, place, told)]
}

function ttlFinding(
  application: ForeignApplication,
  about: string,
  place: Finding['place'],
  told: { readonly ttl: number; readonly gpus: number; readonly trains: string | null; readonly again: string },
): Finding {
  const after = `deleted ${told.ttl} s after it ended (ttlSecondsAfterFinished)`
  const what = told.trains === null ? `the Job is gone: it was ${after}` : `the Job ${told.trains}, and is ${after}`
  const work = told.gpus > 0 ? `trains again on ${gpusText(told.gpus)}` : 'runs again'
  const then = application.selfHeal
    ? `Argo CD heals Application ${application.name}: it makes the Job again at once, and it ${work}, without end`
    : application.automated
      ? `Argo CD makes it again at the next commit that Application ${application.name} sees, and it ${work}`
      : `the next sync of Application ${application.name} makes it again, and it ${work}`
  return {
    severity: application.automated ? 'error' : 'warning',
    code: 'RERUN_BY_TTL',
    about,
    place,
    message: `${what}; ${then}${told.again}`,
    remedy: 'remove ttlSecondsAfterFinished, and take the file out of Git when the Job has ended and was looked at',
  }
}

function byHook({ job, application, declared, file, row }: LinkedJob): readonly Finding[] {
  if (!application || !isHook(job.annotations)) return []
  const name = job.annotations['argocd.argoproj.io/hook'] === undefined ? 'helm.sh/hook' : 'argocd.argoproj.io/hook'
  const pointer = `/metadata/annotations/${name.replaceAll('/', '~1')}`
  return [
    {
      severity: 'warning',
      code: 'RERUN_BY_HOOK',
      about: `Job ${row.namespace}/${row.name}`,
      place: declared ? { path: declared.path, line: declared.lineOf(pointer) } : file,
      message: `it is a hook (${name}: ${job.annotations[name]}): it runs again at every sync of Application ${application.name}, which waits for it and has no health of it`,
      remedy: `make it a plain Job without ${name}`,
    },
  ]
}

function byGeneratedName({ declared, application, row }: LinkedJob): readonly Finding[] {
  if (!application || !declared || declared.generateName === '' || declared.name !== '') return []
  return [
    {
      severity: 'error',
      code: 'RERUN_BY_GENERATED_NAME',
      about: `Job ${row.namespace}/${row.name}`,
      place: { path: declared.path, line: declared.lineOf('/metadata/generateName') },
      message: `its file has generateName: every sync of Application ${application.name} makes one more Job, and none is ever found to be the one`,
      remedy: 'give it a name of its own for each training, e.g. with a hash of what it trains',
    },
  ]
}

function byReplace({ job, application, declared, file, row }: LinkedJob): readonly Finding[] {
  if (!application || !replaces(job.annotations, application)) return []
  const own = job.annotations['argocd.argoproj.io/sync-options'] !== undefined
  const pointer = '/metadata/annotations/argocd.argoproj.io~1sync-options'
  return [
    {
      severity: 'warning',
      code: 'RERUN_BY_REPLACE',
      about: `Job ${row.namespace}/${row.name}`,
      place: declared ? { path: declared.path, line: own ? declared.lineOf(pointer) : declared.line } : file,
      message: `Force and Replace are on (${own ? 'annotation of the Job' : `syncOptions of Application ${application.name}`}): any change of its file deletes the Job, also one that runs, and starts it from the beginning`,
      remedy: 'take Force and Replace away, and give each training a Job name of its own',
    },
  ]
}

/** Whether Argo CD deletes and makes a Job where it cannot change it. */
export function replaces(annotations: Readonly<Record<string, string>>, { syncOptions }: ForeignApplication): boolean {
  const own = (annotations['argocd.argoproj.io/sync-options'] ?? '').split(',').map((one) => one.trim())
  const has = (option: string): boolean => own.includes(option) || syncOptions.includes(option)
  return has('Force=true') && has('Replace=true')
}

function absent({ application, namespace, name, declared, gone, row }: MissingJob): readonly Finding[] {
  const about = `Job ${namespace}/${name}`
  const place = declared && { path: declared.path, line: declared.line }
  const work = row.gpus > 0 ? `trains again on ${gpusText(row.gpus)}` : 'runs again'
  if (gone) {
    const when = application.selfHeal
      ? 'Argo CD makes it again at once (self-heal)'
      : application.automated
        ? `Argo CD makes it again at the next commit that Application ${application.name} sees, whatever that changes`
        : `the next sync of Application ${application.name} makes it again`
    return [
      {
        severity: application.automated ? 'error' : 'warning',
        code: 'JOB_GONE',
        about,
        place,
        message: `it was applied and is not there any more, and how it ended is not on record; ${when}, and it ${work}`,
        remedy: place
          ? `take it out of Git if it is done: git rm ${place.path}`
          : 'take it out of what the Application is made of, if it is done',
      },
    ]
  }
  return [
    {
      severity: 'warning',
      code: 'JOB_NOT_MADE',
      about,
      place,
      message:
        row.reason === 'SyncFailed'
          ? `it is not there: the sync of Application ${application.name} fails`
          : row.message,
      remedy:
        row.reason === 'WaitingForSync'
          ? `argocd app sync ${application.name}, when it should run`
          : row.reason === 'SyncFailed'
            ? 'see what SYNC_FAILED says of the Application'
            : 'wait for the next comparison, or ask for one: argocd app get --refresh',
    },
  ]
}
