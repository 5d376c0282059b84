import { isOrphan } from '../../decide/ghosts.ts'
import { isAlive } from '../../decide/sight.ts'
import type { ForeignPod } from '../cluster.ts'
import type { DeployFiles } from '../files.ts'
import type { Finding } from '../document.ts'
import type { LinkedJob } from '../jobs.ts'
import type { Links } from '../links/links.ts'
import { duration, gpusText } from '../messages.ts'
import { replaces } from './reruns.ts'

/** What of a Job that is there will go wrong, or went wrong and stays unseen. */
export function jobFindings(
  linked: readonly LinkedJob[],
  links: Links,
  files: DeployFiles | null,
  at: Date,
): readonly Finding[] {
  return linked.flatMap((one) => [
    ...endless(one, at),
    ...retried(one),
    ...immutable(one),
    ...withoutFile(one, links, files),
    // Specyard's own Jobs have all of these, or say in their spec that they do not.
    ...(one.job.specyard === null && one.state.endedAt === null
      ? [...disruptions(one), ...timeLimit(one), ...unpinned(one)]
      : []),
  ])
}

function about({ row }: LinkedJob): string {
  return `Job ${row.namespace}/${row.name}`
}

/** The line of a value in the Job's file; of a CronJob's Job that is deeper within. */
function lineIn({ declared, file }: LinkedJob, pointer: string): Finding['place'] {
  if (declared?.kind === 'Job') return { path: declared.path, line: declared.lineOf(pointer) }
  if (declared) return { path: declared.path, line: declared.lineOf(`/spec/jobTemplate${pointer}`) }
  return file && { path: file.path, line: file.line }
}

function endless(one: LinkedJob, at: Date): readonly Finding[] {
  const { state, row, job } = one
  if (!state.endless) return []
  const limit = job.asked.activeDeadlineSeconds
  const holds = row.gpus > 0 ? ` and holds ${gpusText(row.gpus)} as soon as it has a node` : ''
  const ends = limit === null ? 'Kubernetes never ends it by itself' : `Kubernetes ends it after ${limit} s`
  return [
    {
      severity: 'error',
      code: 'ENDLESS_WAIT',
      about: about(one),
      place: lineIn(one, state.failureClass === 'IMAGE' ? '/spec/template/spec/containers/0/image' : '/spec'),
      message: `it has waited for ${duration(at.getTime() - (state.since ?? at).getTime())} for what will not come (${state.failureClass}): ${row.message}; ${ends}${holds}`,
      remedy:
        state.failureClass === 'IMAGE'
          ? 'mend the image or its pull secret under a new Job name, and delete this Job'
          : 'mend what it lacks, or delete the Job; set activeDeadlineSeconds so that the next one ends by itself',
    },
  ]
}

function retried(one: LinkedJob): readonly Finding[] {
  const { state, row, job } = one
  const tries = row.counts.failed
  const isSame = state.failureClass === 'OOM' || state.failureClass === 'APP_EXIT'
  if (!isSame || tries < 2) return []
  const cost = row.gpus > 0 ? `, each on ${gpusText(row.gpus)}` : ''
  return [
    {
      severity: 'warning',
      code: 'RETRY_CHANGES_NOTHING',
      about: about(one),
      place: lineIn(one, '/spec/backoffLimit'),
      message: `it was tried ${tries} times (backoffLimit ${job.asked.backoffLimit}${job.asked.backoffLimitIsWritten ? '' : ', which is what Kubernetes takes when nothing is said'})${cost}; the last ended as ${state.failureClass}: ${row.message}`,
      remedy:
        'set backoffLimit: 0 with a podFailurePolicy that ignores DisruptionTarget, so that only what the cluster took away is tried again',
    },
  ]
}

function immutable(one: LinkedJob): readonly Finding[] {
  const { declared, application, job } = one
  if (declared?.kind !== 'Job' || !application || declared.generateName !== '' || declared.name !== job.seen.name)
    return []
  const changed = [...declared.asked.fixed].filter(([pointer, value]) => job.asked.fixed.get(pointer) !== value)
  const [first] = changed
  if (!first || replaces(job.annotations, application)) return []
  const names = changed.map(([pointer]) => pointer.replace(/^\/spec\/(template\/spec\/)?/, '').replaceAll('/', '.'))
  return [
    {
      severity: 'error',
      code: 'IMMUTABLE_CHANGE',
      about: about(one),
      place: {
        path: declared.path,
        line: lineOfFixed(declared.lineOf, declared.asked.images, first[0]) ?? declared.line,
      },
      message: `its file has other values than the Job (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}), which no Job can take on: the sync of Application ${application.name} fails as long as both have one name, while other objects of it are applied and pruned`,
      remedy: 'write what is to run now under a new Job name, in a file of its own',
    },
  ]
}

function lineOfFixed(
  lineOf: (pointer: string) => number,
  images: readonly { readonly container: string; readonly pointer: string }[],
  pointer: string,
): number | undefined {
  const [, name = '', field = ''] = /^\/spec\/template\/spec\/containers\/([^/]*)\/([^/]+)/.exec(pointer) ?? []
  if (field === '') return lineOf(pointer)
  const container = images.find((one) => one.container === name)
  return container && lineOf(container.pointer.replace(/image$/, field))
}

function withoutFile(one: LinkedJob, links: Links, files: DeployFiles | null): readonly Finding[] {
  const { job, application, declared, state } = one
  if (job.owner !== null) return []
  const severity = state.endedAt === null ? 'warning' : 'note'
  if (!application) {
    const tracked = job.trackedBy === null ? '' : ` (it names "${job.trackedBy}", which is no Application here)`
    return [
      {
        severity,
        code: 'JOB_WITHOUT_FILE',
        about: about(one),
        place: null,
        message: `no Application of Argo CD has it${tracked}: what it runs was reviewed by nobody, and nothing says where it came from`,
        remedy: 'commit what it runs to the deploy repository, or delete it',
      },
    ]
  }
  if (declared || !files || !links.readsAll(application)) return []
  const why = application.prune ? 'it is pruned with the next sync' : `Application ${application.name} does not prune`
  return [
    {
      severity,
      code: 'JOB_WITHOUT_FILE',
      about: about(one),
      place: null,
      message: `Application ${application.name} has it, and no file at ${files.branch} (${files.head.slice(0, 7)}) does any more: ${why}`,
      remedy: application.prune
        ? 'wait for the next sync'
        : `argocd app sync ${application.name} --prune, or delete the Job`,
    },
  ]
}

function disruptions(one: LinkedJob): readonly Finding[] {
  const { asked } = one.job
  if (asked.ignoresDisruptions) return []
  const fails = asked.backoffLimit === 0
  const policy = asked.restartPolicy === 'Never' ? '' : ' and restartPolicy: Never, which it needs'
  return [
    {
      severity: fails || asked.gpus > 0 ? 'warning' : 'note',
      code: 'DISRUPTION_COUNTS',
      about: about(one),
      place: lineIn(one, '/spec/podFailurePolicy'),
      message: fails
        ? 'a preemption, an eviction or a lost node fails it for good (backoffLimit 0, no podFailurePolicy that ignores DisruptionTarget)'
        : `a preemption, an eviction or a lost node costs one of its ${asked.backoffLimit + 1} tries, as if the training had failed`,
      remedy: `add podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]}${policy}`,
    },
  ]
}

function timeLimit(one: LinkedJob): readonly Finding[] {
  if (one.job.asked.activeDeadlineSeconds !== null || one.row.gpus === 0) return []
  return [
    {
      severity: 'note',
      code: 'NO_TIME_LIMIT',
      about: about(one),
      place: lineIn(one, '/spec'),
      message: `nothing ends it if it hangs: it has no activeDeadlineSeconds, and asks for ${gpusText(one.row.gpus)}`,
      remedy: 'set spec.activeDeadlineSeconds to the longest that it may take',
    },
  ]
}

function unpinned(one: LinkedJob): readonly Finding[] {
  const image = one.job.asked.images.find((each) => !each.image.includes('@sha256:'))
  if (!image) return []
  const ran = one.row.pods.find(({ imageDigest }) => imageDigest !== null)?.imageDigest
  return [
    {
      severity: 'note',
      code: 'IMAGE_NOT_PINNED',
      about: about(one),
      place: lineIn(one, image.pointer),
      message: `its image ${image.image} may be another one tomorrow${ran ? `; what runs is ${ran}` : ''}`,
      remedy: 'name it by its digest: image@sha256:…',
    },
  ]
}

/** Pods that go on although their Job was taken from them. */
export function orphanFindings(pods: readonly ForeignPod[]): readonly Finding[] {
  return pods
    .filter(({ seen }) => isAlive(seen) && isOrphan(seen))
    .map(({ seen, gpus, jobName }) => ({
      severity: 'error',
      code: 'ORPHAN_POD',
      about: `Pod ${seen.namespace}/${seen.name}`,
      place: null,
      message: `its Job ${jobName || '(unknown)'} was deleted without it; it goes on, and holds ${gpus > 0 ? gpusText(gpus) : 'its place'} on node ${seen.node ?? '(none yet)'}`,
      remedy: `let it end, or: kubectl --namespace ${seen.namespace} delete pod ${seen.name}`,
    }))
}
