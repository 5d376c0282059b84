import type { SeenJob, SeenRefusal } from '../../../../domain/observation.ts'
import type { ForeignApplication, ForeignJob, ForeignPod, Incomplete, Survey } from '../../../observed/cluster.ts'
import { podsNeeded } from '../../../observed/asked.ts'
import { isHere, namespacesWithJobs } from '../../../observed/destinations.ts'
import { type Api, unanswered } from '../api/api.ts'
import type { SeenQueueing } from '../projection/workload.ts'
import { openRefusals, type Refusals } from '../refusals.ts'
import { foreignApplications, foreignJobs, foreignPods, foreignWorkloads } from './collections.ts'
import { readCollection, type ReadCollection, refusedBy } from './read.ts'

/** What of a cluster is to be looked at. */
export interface Scope {
  /** Empty: those that Applications put Jobs into, in this cluster. */
  readonly namespaces: readonly string[]
  /** Where Argo CD keeps its Applications. */
  readonly argocdNamespace: string
}

/**
 * Looks at a cluster once, with lists alone.
 * @throws Fault CLUSTER_UNREACHABLE
 */
export async function takeSurvey(api: Api, scope: Scope, now: () => Date, signal: AbortSignal): Promise<Survey> {
  const incomplete: Incomplete[] = []
  const values = <T>({ values: read, refused }: ReadCollection<T>): readonly T[] => {
    if (refused) incomplete.push(refused)
    return read
  }
  const applications = await readCollection(api, foreignApplications(scope.argocdNamespace), signal)
  if (applications.absent) incomplete.push(noApplications)
  const seenApplications = values(applications)
  const namespaces = namespacesOf(scope, seenApplications)
  const read = await Promise.all(
    namespaces.map(async (namespace) => ({
      jobs: await readCollection(api, foreignJobs(namespace), signal),
      pods: await readCollection(api, foreignPods(namespace), signal),
      workloads: await readCollection(api, foreignWorkloads(namespace), signal),
    })),
  )
  const jobs = withWorkloads(
    read.flatMap((one) => values(one.jobs)),
    read.flatMap((one) => values(one.workloads)),
  )
  const pods = read.flatMap((one) => values(one.pods))
  return {
    at: now(),
    server: api.server,
    namespaces,
    applications: inOrder(seenApplications, (one) => one.name),
    jobs,
    pods,
    refusals: await readRefusals(api, openRefusals(api), jobs, pods, incomplete),
    incomplete,
  }
}

export const noApplications: Incomplete = {
  what: 'applications',
  why: 'the cluster does not know Applications of Argo CD',
  remedy:
    'where Argo CD runs in another cluster, name the namespaces with --namespace: Jobs are looked at all the same',
}

/** Namespaces that are named, else all that Applications put Jobs into in this cluster. */
export function namespacesOf(scope: Scope, applications: readonly ForeignApplication[]): readonly string[] {
  const wanted =
    scope.namespaces.length > 0 ? scope.namespaces : applications.filter(isHere).flatMap(namespacesWithJobs)
  return [...new Set(wanted.filter((one) => one !== ''))].sort()
}

export function withWorkloads(jobs: readonly ForeignJob[], queueing: readonly SeenQueueing[]): readonly ForeignJob[] {
  const byJob = new Map(queueing.map((one) => [one.jobUid, one.workload]))
  return inOrder(jobs, ({ seen }) => `${seen.namespace}/${seen.name}`).map((job) => {
    const workload = byJob.get(job.seen.uid)
    return workload ? { ...job, seen: { ...job.seen, workload } } : job
  })
}

/** Events are asked for where a Job lacks pods alone. */
export async function readRefusals(
  api: Api,
  refusals: Refusals,
  jobs: readonly ForeignJob[],
  pods: readonly ForeignPod[],
  incomplete: Incomplete[],
): Promise<readonly SeenRefusal[]> {
  const made = new Map<string, number>()
  for (const { seen } of pods) made.set(seen.jobUid ?? '', (made.get(seen.jobUid ?? '') ?? 0) + 1)
  const lacking = jobs.filter((job) => lacksPods(job, made)).map(({ seen }) => seen.namespace)
  const told = [...new Set(lacking)].map(async (namespace) => {
    try {
      return await refusals.of(namespace)
    } catch (caught) {
      incomplete.push(refusedBy(unanswered(caught), `events in ${namespace}`, 'list', api.server))
      return []
    }
  })
  return (await Promise.all(told)).flat()
}

/** @param made how many pods there are of each Job, by its UID */
function lacksPods({ seen, asked }: ForeignJob, made: ReadonlyMap<string, number>): boolean {
  if (seen.suspended || hasEnded(seen)) return false
  return (made.get(seen.uid) ?? 0) < podsNeeded(asked)
}

function hasEnded({ conditions }: SeenJob): boolean {
  // One that ran out of time may have done so because it was let make no pod.
  return conditions.some(
    ({ type, status, reason }) =>
      status === 'True' && (type === 'Complete' || (type === 'Failed' && reason !== 'DeadlineExceeded')),
  )
}

function inOrder<T>(values: readonly T[], key: (value: T) => string): readonly T[] {
  return [...values].sort((left, right) => (key(left) < key(right) ? -1 : key(left) > key(right) ? 1 : 0))
}
