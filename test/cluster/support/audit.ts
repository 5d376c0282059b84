import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Cluster } from './cluster.ts'
import type { ContainerStatus, Pod } from './jobs.ts'

/*
 * The API server's audit log: what was asked by whom, and what every pod's status said at every moment, also of pods that are long gone.
 */

export interface AuditEvent {
  readonly auditID: string
  readonly verb: string
  readonly requestURI: string
  readonly user: { readonly username: string }
  readonly objectRef?: {
    readonly resource: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
  }
  readonly responseStatus?: { readonly code?: number }
  /** Of pods, Jobs, Applications and Workloads only. */
  readonly responseObject?: unknown
  readonly requestReceivedTimestamp: string
  /** When it was answered. */
  readonly stageTimestamp: string
}

/** One start of one container. */
export interface ContainerStart {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  /** UID of the Job that owns the pod; null for a pod without one. */
  readonly jobUid: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly containerId: string
  readonly node: string | null
  /** To the second, as the node says it. */
  readonly startedAt: string | null
  /** Null as long as the node has not said that it ended. */
  readonly finishedAt: string | null
}

/** How far the log goes now, in bytes: read from here to see only what comes after. */
export function auditPosition({ auditLog }: Cluster): number {
  const file = openSync(auditLog, 'r')
  const { size } = fstatSync(file)
  closeSync(file)
  return size
}

/** The finished requests since a position, oldest first. */
export function readAudit({ auditLog }: Cluster, from = 0): readonly AuditEvent[] {
  const file = openSync(auditLog, 'r')
  const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - from))
  readSync(file, bytes, 0, bytes.length, from)
  closeSync(file)
  // The last line may be half written.
  const lines = bytes.toString('utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as AuditEvent)
}

/** What somebody changed: no reads, no watches. */
export function writesBy(events: readonly AuditEvent[], user: string): readonly AuditEvent[] {
  const changing = ['create', 'update', 'patch', 'delete', 'deletecollection']
  return events.filter(({ user: { username }, verb }) => username === user && changing.includes(verb))
}

/** The starts of containers with this name, each once, as the nodes' own reports have them. */
export function containerStarts(events: readonly AuditEvent[], container: string): readonly ContainerStart[] {
  const starts = new Map<string, ContainerStart>()
  for (const { objectRef, responseObject } of events) {
    if (objectRef?.resource !== 'pods' || !isPod(responseObject)) continue
    const { metadata, spec, status } = responseObject
    for (const { name, containerID, state } of status.containerStatuses ?? []) {
      if (name !== container || !hasStarted(state) || containerID === undefined || containerID === '') continue
      starts.set(containerID, {
        namespace: metadata.namespace ?? '',
        pod: metadata.name,
        podUid: metadata.uid ?? '',
        jobUid: metadata.labels?.['batch.kubernetes.io/controller-uid'] ?? null,
        labels: metadata.labels ?? {},
        containerId: containerID,
        node: spec.nodeName ?? null,
        startedAt: (state.running ?? state.terminated)?.startedAt ?? null,
        finishedAt: state.terminated?.finishedAt ?? null,
      })
    }
  }
  return [...starts.values()]
}

/**
 * The promise that everything hangs on: at most one Job of an attempt of a run ever starts its trainer.
 * @returns the attempts that were started by more than one Job, with those Jobs' UIDs; empty when all is well
 */
export function attemptsStartedTwice(
  starts: readonly ContainerStart[],
  attemptOf: (labels: ContainerStart['labels']) => string,
): ReadonlyMap<string, readonly string[]> {
  const jobs = new Map<string, Set<string>>()
  for (const { labels, jobUid, podUid } of starts) {
    const attempt = attemptOf(labels)
    jobs.set(attempt, (jobs.get(attempt) ?? new Set()).add(jobUid ?? `pod ${podUid} without a Job`))
  }
  return new Map([...jobs].filter(([, uids]) => uids.size > 1).map(([attempt, uids]) => [attempt, [...uids]]))
}

function hasStarted({ running, terminated }: ContainerStatus['state']): boolean {
  // A container whose program could not be run has an end, but never had a beginning.
  return running !== undefined || (terminated !== undefined && terminated.reason !== 'StartError')
}

function isPod(value: unknown): value is Pod {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'Pod'
}
