import { keyText } from '../../../domain/names.ts'
import type { SeenJob } from '../../../domain/observation.ts'
import type { ChangedKey, ClusterSource, LeaseName } from '../cluster.ts'
import { type Api, createApi } from './api/api.ts'
import { loadCredentials } from './api/credentials.ts'
import {
  applicationsOf,
  deploymentsOf,
  inferenceServicesOf,
  jobsOf,
  podsOf,
  rayServicesOf,
  serversOf,
  workloadsOf,
} from './collections.ts'
import { readEvents } from './events.ts'
import { clusterFault } from './faults.ts'
import { createHealth } from './health.ts'
import { openLeases } from './leases.ts'
import { openLogs } from './logs.ts'
import { seenEndpoints } from './projection/serving/endpoint.ts'
import { wantedLeases } from './wanted-leases.ts'
import type { SeenQueueing } from './projection/workload.ts'
import { refreshApplications } from './refresh.ts'
import { readServerLogs } from './server-logs.ts'
import { openRefusals } from './refusals.ts'
import {
  type Collection,
  type Mirror,
  mirrorTimes,
  type MirrorTimes,
  openMirror,
  type Staleness,
} from './watch/mirror.ts'

export interface KubernetesOptions {
  /** The environment that this cluster is the place of. */
  readonly environment: string
  /** Path of a kubeconfig; null for the one that kubectl would take, or the pod's service account. */
  readonly kubeconfig: string | null
  /** Name of a context; null for the current one. */
  readonly context: string | null
  /** Namespace of each project. */
  readonly namespaces: Readonly<Record<string, string>>
  /** Where Argo CD keeps its Applications; null where there is no Argo CD. */
  readonly argocdNamespace: string | null
  now(): Date
  log(entry: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string }): void
  /** Other times than the usual ones, for tests. */
  readonly times?: Partial<MirrorTimes>
}

export interface ConnectedKubernetes {
  readonly source: ClusterSource
  /** How old what is known of each collection is. */
  staleness(): readonly Staleness[]
  close(): Promise<void>
}

/**
 * Connects to a cluster and begins to follow it. The cluster may be away: then `view` says so, and it is tried again until `close`.
 * @throws Fault SETTINGS_INVALID when the kubeconfig cannot be read or has no such context
 */
export async function connectKubernetes(options: KubernetesOptions): Promise<ConnectedKubernetes> {
  const { kubeconfig, context } = options
  return followCluster(createApi(await loadCredentials({ kubeconfig, context })), options)
}

function followCluster(api: Api, options: KubernetesOptions): ConnectedKubernetes {
  const { environment, argocdNamespace, now } = options
  const listeners = new Set<(key: ChangedKey) => void>()
  const changed = (key: ChangedKey): void => {
    for (const listener of listeners) listener(key)
  }
  const health = createHealth(api, options.log, () => changed({ everything: true }))
  const open = <T>(collection: Collection<T>, keyOf: (value: T) => ChangedKey): Mirror<T> =>
    health.add(
      openMirror(
        api,
        collection,
        { changed: (value) => changed(keyOf(value)), stirred: health.stirred },
        { ...mirrorTimes, ...options.times },
      ),
    )
  const namespaces = [...new Set(Object.values(options.namespaces))].sort()
  const ofRun = ({ runId }: { readonly runId: string }): ChangedKey => ({ runId })
  const jobs = namespaces.map((one) => open(jobsOf(one), ofRun))
  const pods = namespaces.map((one) => open(podsOf(one), ofRun))
  const workloads = namespaces.map((one) => open(workloadsOf(one), ({ jobUid }) => keyOfJob(jobs, jobUid)))
  const ofEndpoint = ({ endpoint }: { readonly endpoint: { readonly name: string } }): ChangedKey => ({
    endpoint: endpoint.name,
  })
  const deployments = namespaces.map((one) => open(deploymentsOf(one, environment), ofEndpoint))
  const inferenceServices = namespaces.map((one) => open(inferenceServicesOf(one, environment), ofEndpoint))
  const rayServices = namespaces.map((one) => open(rayServicesOf(one, environment), ofEndpoint))
  const servers = namespaces.map((one) => open(serversOf(one, environment), ({ endpoint }) => ({ endpoint })))
  const applications =
    argocdNamespace === null ? [] : [open(applicationsOf(argocdNamespace), () => ({ everything: true }) as const)]
  const leases = openLeases(api)
  const logs = openLogs(api)
  const refusals = openRefusals(api)

  const guarded = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw clusterFault(error, what, api.server)
    }
  }
  const source: ClusterSource = {
    environments: [environment],
    view: async (_environment, leasesOf = [], only) => {
      await health.current()
      const at = now()
      const seenJobs = withWorkloads(all(jobs), all(workloads))
      const seenPods = all(pods)
      const isWanted = ({ runId }: { readonly runId: string }): boolean => only?.has(runId) ?? true
      const wanted = wantedLeases(seenJobs.filter(isWanted), seenPods.filter(isWanted), leasesOf.filter(isWanted))
      return {
        at,
        jobs: seenJobs,
        pods: seenPods,
        leases: await guarded('reading leases', () => leases.read(wanted, only && 'alone')),
        applications: all(applications).filter((one) => one.name.startsWith(`${environment}.`)),
        endpoints: seenEndpoints({
          deployments: all(deployments),
          inferenceServices: all(inferenceServices),
          rayServices: all(rayServices),
          servers: all(servers),
        }),
      }
    },
    watch: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    logTail: (pod, lines) =>
      guarded(`reading the log of pod ${pod.namespace}/${pod.name}`, () => logs.tail(pod, lines)),
    serverLogs: async (endpoint, lines) => {
      const namespace = options.namespaces[endpoint.project]
      if (namespace === undefined) return []
      const what = `reading the logs of endpoint ${keyText(endpoint)}`
      return guarded(what, () => readServerLogs({ api, logs }, namespace, endpoint, lines))
    },
    events: (of) => guarded(`reading the events of ${of.namespace}/${of.uid}`, () => readEvents(api, of)),
    refusals: (namespace) => guarded(`reading why pods in ${namespace} are refused`, () => refusals.of(namespace)),
    grantLease: (lease) => guarded(`granting ${leaseText(lease)}`, () => leases.grant(lease)),
    rotateToken: (lease) => guarded(`renewing the token of ${leaseText(lease)}`, () => leases.rotate(lease)),
    removeLease: (lease) => guarded(`removing ${leaseText(lease)}`, () => leases.remove(lease)),
    refresh: async (names) => {
      if (argocdNamespace === null) return
      // Waits for the first lists. That something is not followed as it should be is told by each look, and keeps nobody from asking.
      await health.current().catch(() => undefined)
      // Of a thousand trainings none has an Application of its own: one that is not there yet is made by the root, which looks by itself.
      const known = new Set(all(applications).map((one) => one.name))
      const there = names.filter((one) => known.has(one) || !applications.every((mirror) => mirror.listed()))
      await guarded('refreshing Applications', () => refreshApplications(api, argocdNamespace, there))
    },
  }
  return {
    source,
    staleness: health.staleness,
    close: async () => {
      await health.close()
      api.close()
    },
  }
}

function all<T>(mirrors: readonly Mirror<T>[]): readonly T[] {
  return mirrors.length === 1 && mirrors[0] ? mirrors[0].values() : mirrors.flatMap((mirror) => mirror.values())
}

function withWorkloads(jobs: readonly SeenJob[], queueing: readonly SeenQueueing[]): readonly SeenJob[] {
  if (queueing.length === 0) return jobs
  const byJob = new Map(queueing.map((one) => [one.jobUid, one.workload]))
  return jobs.map((job) => {
    const workload = byJob.get(job.uid)
    return workload === undefined ? job : { ...job, workload }
  })
}

function keyOfJob(jobs: readonly Mirror<SeenJob>[], uid: string): ChangedKey {
  for (const mirror of jobs) {
    const job = mirror.find(uid)
    if (job) return { runId: job.runId }
  }
  return { everything: true }
}

function leaseText({ namespace, runId, attempt }: LeaseName): string {
  return `the lease of attempt ${attempt} of run ${runId} in ${namespace}`
}
