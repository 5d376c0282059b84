import type { SeenPod } from '../../domain/observation.ts'
import { trainerOf } from '../decide/sight.ts'
import type { AskedOfJob } from './asked.ts'
import type { ForeignApplication, ForeignJob, Survey } from './cluster.ts'
import { isHere } from './destinations.ts'
import type { ObservedFile, ObservedJob, ObservedPod } from './document.ts'
import type { DeclaredObject, DeployFiles } from './files.ts'
import { type Links, objectPlace } from './links/links.ts'
import { withoutObjects } from './messages.ts'
import { type JobState, stateOf } from './state.ts'

/** A Job of the cluster with all that was found out about it. */
export interface LinkedJob {
  readonly job: ForeignJob
  readonly application: ForeignApplication | null
  readonly declared: DeclaredObject | null
  readonly file: ObservedFile | null
  readonly state: JobState
  readonly row: ObservedJob
}

export function linkJobs(survey: Survey, files: DeployFiles | null, links: Links): readonly LinkedJob[] {
  const podsOf = new Map<string, SeenPod[]>()
  for (const { seen } of survey.pods) {
    const maker = seen.jobUid ?? seen.formerJobUid ?? ''
    podsOf.set(maker, [...(podsOf.get(maker) ?? []), seen])
  }
  return survey.jobs.map((job) => {
    const application = links.applicationOf(job)
    const declared = application && links.declaredOf(job, application)
    const file = declared
      ? objectPlace(declared, declared.line)
      : application && job.owner === null
        ? links.templateOf(application)
        : null
    const pods = podsOf.get(job.seen.uid) ?? []
    const state = stateOf(job, pods, survey.refusals, survey.at)
    return { job, application, declared, file, state, row: rowOf(job, application, file, state, pods, files) }
  })
}

function rowOf(
  job: ForeignJob,
  application: ForeignApplication | null,
  file: ObservedFile | null,
  state: JobState,
  pods: readonly SeenPod[],
  files: DeployFiles | null,
): ObservedJob {
  const { seen, asked, owner, specyard } = job
  const ledger = specyard && files?.runOf(specyard.runId)
  return {
    namespace: seen.namespace,
    name: seen.name,
    uid: seen.uid,
    application: application?.name ?? null,
    file,
    owner,
    state: state.state,
    reason: state.reason,
    message: withoutObjects(state.message),
    failureClass: state.failureClass,
    endless: state.endless,
    createdAt: seen.createdAt,
    startedAt: state.startedAt,
    endedAt: state.endedAt,
    since: state.since,
    gpus: asked.gpus,
    counts: {
      ...countsOf(asked),
      ready: seen.ready,
      active: seen.active,
      succeeded: seen.succeeded,
      failed: seen.failed,
    },
    workload: seen.workload?.name ?? null,
    pods: [...pods].sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime()).map(podOf),
    specyard: specyard && {
      runId: specyard.runId,
      attempt: specyard.attempt,
      spec: ledger?.spec ?? specyard.spec,
      sourceCommit: ledger?.sourceCommit ?? null,
    },
  }
}

function countsOf({ parallelism, completions, backoffLimit }: AskedOfJob) {
  return { parallelism, completions, backoffLimit }
}

function podOf(pod: SeenPod): ObservedPod {
  const container = trainerOf(pod)
  return {
    name: pod.name,
    phase: pod.phase,
    node: pod.node,
    index: pod.completionIndex,
    imageDigest: container?.imageDigest ?? null,
    exitCode: container?.exitCode ?? null,
  }
}

/** A Job that is asked for and not there. */
export interface MissingJob {
  readonly application: ForeignApplication
  readonly namespace: string
  readonly name: string
  readonly declared: DeclaredObject | null
  /** It was applied once: it is not late, it is gone. */
  readonly gone: boolean
  readonly row: ObservedJob
}

/** Jobs of Applications, by their files and by what Argo CD itself lists, that are not in the cluster. */
export function missingJobs(survey: Survey, links: Links): readonly MissingJob[] {
  const live = new Set(survey.jobs.map(({ seen }) => `${seen.namespace}/${seen.name}`))
  const unread = new Set(survey.incomplete.map(({ what }) => what))
  const found = new Map<string, MissingJob>()
  for (const application of survey.applications.filter(isHere)) {
    for (const { namespace, name, declared } of wantedJobs(application, links)) {
      const key = `${namespace}/${name}`
      const isLookedAt = survey.namespaces.includes(namespace) && !unread.has(`jobs in ${namespace}`)
      if (!isLookedAt || live.has(key) || found.has(key)) continue
      found.set(key, missingJob(application, namespace, name, declared))
    }
  }
  return [...found.values()]
}

/** Hooks come and go by design, and what Argo CD is about to prune is wanted by nobody. */
function wantedJobs(application: ForeignApplication, links: Links) {
  const declared = links.declaredJobs(application)
  const inFile = declared
    .filter((one) => one.name !== '' && !isHook(one.annotations))
    .map((one) => ({ namespace: one.namespace || application.destination.namespace, name: one.name, declared: one }))
  const written = new Set(inFile.map((one) => `${one.namespace}/${one.name}`))
  const listed = application.resources
    .filter(({ kind, hook, requiresPruning }) => kind === 'Job' && !hook && !requiresPruning)
    .filter(({ namespace, name }) => !written.has(`${namespace}/${name}`))
    // What its files no longer have is only still listed.
    .filter(() => !links.readsAll(application))
    .map(({ namespace, name }) => ({ namespace, name, declared: null }))
  return [...inFile, ...listed]
}

function missingJob(
  application: ForeignApplication,
  namespace: string,
  name: string,
  declared: DeclaredObject | null,
): MissingJob {
  const { seen } = application
  const listed = application.resources.some(
    (one) => one.kind === 'Job' && one.name === name && one.namespace === namespace,
  )
  const applied = seen.appliedRevision !== null && seen.appliedRevision === seen.comparedRevision
  // A newer commit may have been compared since, which had nothing to do with it.
  const written = seen.operation?.jobs.includes(name) ?? false
  const gone = listed && (applied || written) && seen.phase !== 'Running' && seen.syncFailed !== true
  const row: ObservedJob = {
    namespace,
    name,
    uid: null,
    application: application.name,
    file: declared && objectPlace(declared, declared.line),
    owner: null,
    ...whyMissing(application, gone),
    failureClass: null,
    endless: false,
    createdAt: null,
    startedAt: null,
    endedAt: null,
    since: null,
    gpus: declared?.asked.gpus ?? 0,
    counts: {
      ...(declared ? countsOf(declared.asked) : { parallelism: 1, completions: null, backoffLimit: 6 }),
      ...{ ready: 0, active: 0, succeeded: 0, failed: 0 },
    },
    workload: null,
    pods: [],
    specyard: null,
  }
  return { application, namespace, name, declared, gone, row }
}

function whyMissing(
  { seen, automated }: ForeignApplication,
  gone: boolean,
): Pick<ObservedJob, 'state' | 'reason' | 'message'> {
  if (gone) return { state: null, reason: 'Gone', message: 'it was applied, and is not there any more' }
  if (seen.syncFailed) return { state: 'PENDING', reason: 'SyncFailed', message: withoutObjects(seen.message) }
  if (!automated)
    return { state: 'PENDING', reason: 'WaitingForSync', message: 'its Application syncs when a person asks' }
  return { state: 'PENDING', reason: 'Committed', message: 'committed; Argo CD has not made the Job yet' }
}

/** Hooks of Argo CD, and those of Helm that Argo CD takes for its own. */
export function isHook(annotations: Readonly<Record<string, string>>): boolean {
  const hook = annotations['argocd.argoproj.io/hook'] ?? annotations['helm.sh/hook']
  return hook !== undefined && hook !== 'Skip'
}
