import { delimiter, dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { keyText } from '../domain/names.ts'
import type { ClusterView } from '../domain/observation.ts'
import { type ServerLog, serverLogPodsMax } from '../domain/server-log.ts'
import type { ChangedKey, ClusterSource } from '../reconciler/sources/cluster.ts'
import { openChanges } from './changes.ts'
import { type JobController, openJobController } from './jobs/controller.ts'
import { seenJob } from './jobs/job-view.ts'
import { keptLogFile } from './kubelet/kept-logs.ts'
import { type Kubelet, openKubelet } from './kubelet/kubelet.ts'
import { logTailOf } from './kubelet/log-tail.ts'
import { seenPod } from './kubelet/pod-view.ts'
import { openLeases } from './leases.ts'
import { openLoop } from './loop.ts'
import { podFiles, readClaim } from './process/pod-files.ts'
import { type EndpointController, openEndpointController } from './serving/endpoints.ts'
import { openStore } from './store/store.ts'
import { type DeploySource, openSync, type Sync } from './sync/sync.ts'
import type { LogEntry, World } from './world.ts'

export interface LocalClusterOptions {
  /** Root of the spec repository: image folders and volumes are relative to it and stay inside it. */
  readonly root: string
  /** Where the cluster keeps its objects; the caller holds the lock that guards it. */
  readonly stateFolder: string
  /** Environments that the cluster serves. */
  readonly environments: readonly string[] | (() => readonly string[])
  readonly deploy: DeploySource
  /** The program that keeps a pod and its first arguments; `local/keeper.ts` or what is built from it. */
  readonly keeperProgram: readonly string[]
  /** Value of `BACKEND_BASE_URL` where a manifest has none. */
  readonly backendUrl: string
  /** Value of `PATH` for what runs here; the folder of this Node comes before it. */
  readonly path: string
  now(): Date
  log(entry: LogEntry): void
  /** How often the head of the deploy repository is looked at, in milliseconds; 1,000 unless told. */
  readonly pollMilliseconds?: number
}

/** Stands in for Argo CD, the Job controller, the kubelet and the endpoint framework on this machine. `docs/local-cluster.md` says how it differs. */
export interface LocalCluster extends ClusterSource {
  /** Adopts what an earlier process left and begins to work. The first sync is under way when it resolves. */
  start(): Promise<void>
  /**
   * `orderly`: the node goes down. Endpoints end; attempts that run are told to end and resume inside the same Job at the next start.
   * `leave`: as if this process were killed: attempts go on, endpoints end.
   */
  stop(mode: 'orderly' | 'leave'): Promise<void>
  /** What keeps the cluster from being what the head of the deploy repository says; empty when nothing does. */
  behind(head: string | null): readonly string[]
  /** What a person would do with `kubectl delete job`; while its manifest stands in Git it is made again. False when there is none. */
  deleteJob(namespace: string, name: string): Promise<boolean>
}

interface Parts {
  readonly world: World
  readonly kubelet: Kubelet
  readonly jobs: JobController
  readonly endpoints: EndpointController
  readonly sync: Sync
}

const drainLookMilliseconds = 25
/** How much longer than its grace a pod may take to end before an orderly stop no longer waits for it. */
const drainPatienceSeconds = 10

export function openLocalCluster(options: LocalClusterOptions): LocalCluster {
  const changes = openChanges()
  let opened: Parts | undefined
  // Opened at the first use, so that the cluster can be looked at before it starts to work.
  const parts = (): Parts => {
    opened ??= open(options, changes.add, () => loop.wake())
    return opened
  }
  const loop = openLoop({
    look: () => look(parts()),
    poll: () => parts().sync.poll(),
    busy: () =>
      parts()
        .world.store.pods()
        .some((pod) => pod.end === null),
    pollMilliseconds: options.pollMilliseconds ?? 1000,
    log: options.log,
  })
  return {
    get environments() {
      return typeof options.environments === 'function' ? options.environments() : options.environments
    },
    view: async (environment) => view(parts(), environment, options.now()),
    watch: changes.watch,
    logTail: async (pod, lines) => logTail(parts(), pod.uid, pod.name, lines),
    serverLogs: async (endpoint, lines) => serverLogs(parts(), keyText(endpoint), lines),
    // Nobody tells events here: what is to be known of a pod is in its conditions and containers.
    events: async () => [],
    ...openLeases(() => parts()),
    refresh: async () => loop.pollNow(),
    behind: (head) => parts().sync.behind(head),
    deleteJob: async (namespace, name) => {
      const job = parts().world.store.job(namespace, name)
      if (job) parts().jobs.requestDeletion(job)
      return job !== undefined
    },
    start: async () => {
      parts().kubelet.begin()
      await loop.start()
    },
    stop: async (mode) => {
      const { endpoints, kubelet } = parts()
      kubelet.drain()
      endpoints.drain()
      await loop.stop()
      if (mode === 'orderly') await goDown(parts())
      kubelet.releaseOwned()
      endpoints.close()
      changes.close()
    },
  }
}

function open(options: LocalClusterOptions, changed: (key: ChangedKey) => void, wake: () => void): Parts {
  const warn = (message: string): void => options.log({ level: 'warn', message })
  const world: World = {
    store: openStore(options.stateFolder, warn),
    root: options.root,
    keeperProgram: options.keeperProgram,
    backendUrl: options.backendUrl,
    path: [dirname(process.execPath), ...options.path.split(delimiter).filter((folder) => folder !== '')].join(
      delimiter,
    ),
    now: options.now,
    log: options.log,
    changed,
    wake,
  }
  const kubelet = openKubelet(world)
  const jobs = openJobController(world, (uid) => kubelet.forget(uid))
  const endpoints = openEndpointController(world, kubelet)
  // What ended while nobody looked is known before anybody asks.
  kubelet.look()
  return { world, kubelet, jobs, endpoints, sync: openSync(world, options.deploy, jobs, endpoints) }
}

function look({ kubelet, sync, jobs, endpoints }: Parts): void {
  kubelet.look()
  sync.look()
  jobs.look()
  endpoints.look()
}

/** The node goes down: what it does to each pod is on disk before the pod is told, so that a kill in between changes nothing. */
async function goDown({ world, kubelet, endpoints, jobs }: Parts): Promise<void> {
  const at = world.now().toISOString()
  for (const pod of world.store.pods()) {
    if (pod.end !== null) continue
    if (pod.owner.kind === 'Endpoint') {
      if (pod.deletionRequestedAt === null) world.store.putPod({ ...pod, deletionRequestedAt: at })
    } else if (
      pod.disruptionRequestedAt === null &&
      (readClaim(world.store.podFolder(pod.uid)) || kubelet.live(pod).launching)
    ) {
      world.store.putPod({ ...pod, disruptionRequestedAt: at })
    }
  }
  const stopping = () =>
    world.store
      .pods()
      .filter(
        (pod) =>
          pod.end === null && (pod.deletionRequestedAt ?? pod.stopRequestedAt ?? pod.disruptionRequestedAt) !== null,
      )
  const graces = stopping().map((pod) => pod.spec.terminationGracePeriodSeconds)
  const giveUpAt = performance.now() + (Math.max(0, ...graces) + drainPatienceSeconds) * 1000
  while (stopping().length > 0 && performance.now() < giveUpAt) {
    kubelet.look()
    await pause(drainLookMilliseconds)
  }
  for (const pod of stopping()) {
    world.log({ level: 'warn', message: `pod ${pod.name} does not end; its keeper goes on ending it` })
  }
  endpoints.look()
  jobs.look()
}

function view({ world, kubelet, jobs, endpoints, sync }: Parts, environment: string, at: Date): ClusterView {
  const { store } = world
  const pods = store.pods().filter((pod) => pod.environment === environment && pod.owner.kind === 'Job')
  return {
    at,
    jobs: store
      .jobs()
      .filter((job) => job.environment === environment)
      .map((job) => seenJob(job, jobs.podsOf(job), (pod) => kubelet.live(pod))),
    pods: pods.map((pod) => seenPod(pod, kubelet.live(pod))),
    leases: store.leases().flatMap(({ lease }) =>
      lease && (lease.environment ?? environment) === environment
        ? [
            {
              runId: lease.runId,
              attempt: lease.attempt,
              jobUid: lease.jobUid,
              tokenExpiresAt: new Date(lease.tokenExpiresAt),
            },
          ]
        : [],
    ),
    applications: sync.applications(environment),
    endpoints: endpoints.seen(environment),
  }
}

/** Of each process that serves an endpoint, or did a moment ago, the newest first. */
function serverLogs({ world }: Parts, endpoint: string, lines: number): readonly ServerLog[] {
  const pods = world.store.pods().flatMap((pod) => {
    const { owner } = pod
    return owner.kind === 'Endpoint' && owner.key === endpoint ? [{ ...pod, owner }] : []
  })
  return pods
    .sort((left, right) => right.createdAt.localeCompare(left.createdAt))
    .slice(0, serverLogPodsMax)
    .map(({ name, uid, owner, spec }) => {
      const tails = spec.containers.map((one) => logTailOf(podFiles.log(world.store.podFolder(uid), one.name), lines))
      return { pod: name, track: owner.track, lines: tails.find((tail) => tail.length > 0) ?? [], trouble: null }
    })
}

/** The log of the main container, or, where that never ran, of the container that kept it from running. */
async function logTail({ world }: Parts, uid: string, name: string, lines: number): Promise<readonly string[]> {
  const pod = world.store.pod(uid)
  if (!pod) return /^[a-z0-9.-]+$/.test(name) ? logTailOf(keptLogFile(world.store.folder, name), lines) : []
  const containers = [...pod.spec.containers, ...[...pod.spec.initContainers].reverse()]
  for (const container of containers) {
    const tail = logTailOf(podFiles.log(world.store.podFolder(uid), container.name), lines)
    if (tail.length > 0) return tail
  }
  return []
}
