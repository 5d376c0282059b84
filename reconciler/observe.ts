import type { JsonObject } from '../domain/canonical.ts'
import type { LedgerRun } from '../domain/ledger.ts'
import type { LedgerView } from '../domain/ledger-files.ts'
import type { ClusterView, RunObservation, SeenEvent, SeenJob, SeenPod, TrainerSaid } from '../domain/observation.ts'
import { type Evidence, evidenceLogLines, type Run } from '../domain/run.ts'
import { decisivePod } from './decide/failure.ts'
import { isAlive, trainerOf } from './decide/sight.ts'
import type { ClusterSource } from './sources/cluster.ts'

const lineCharactersMax = 4096
const evidenceEvents = 60

/** One look at the world: the ledger and each cluster once, for all runs that are decided about. */
export interface Look {
  readonly at: Date
  readonly ledger: LedgerView
  /** Undefined where no cluster is connected; null where it did not answer. */
  view(environment: string): ClusterView | null | undefined
  cluster(environment: string): ClusterSource | undefined
}

export function ledgerRun(
  ledger: LedgerView,
  run: Pick<Run, 'id' | 'environment' | 'project' | 'name'>,
): LedgerRun | null {
  const entry = ledger.runs.find(
    (one) => one.environment === run.environment && one.project === run.project && one.name === run.name,
  )
  return entry?.runs.find((one) => one.id === run.id) ?? null
}

/** Everything that is seen of one run, with the evidence of attempts whose pods have ended. */
export async function observe(
  run: Run,
  said: readonly TrainerSaid[],
  seen: Look,
  caughtUp: boolean,
): Promise<RunObservation> {
  const view = seen.view(run.environment)
  const jobs = view?.jobs.filter((job) => job.runId === run.id) ?? []
  const pods = view?.pods.filter((pod) => pod.runId === run.id) ?? []
  const entry = seen.ledger.runs.find(
    (one) => one.environment === run.environment && one.project === run.project && one.name === run.name,
  )
  const others = new Set(entry?.runs.filter((one) => one.id !== run.id).map((one) => one.id))
  const observation: RunObservation = {
    at: seen.at,
    ledger: ledgerRun(seen.ledger, run),
    cluster: view === undefined ? 'not-connected' : view === null ? 'unreachable' : 'connected',
    jobs,
    pods,
    leases: view?.leases.filter((lease) => lease.runId === run.id) ?? [],
    said,
    otherPodsOfName: view?.pods.filter((pod) => others.has(pod.runId) && isAlive(pod)) ?? [],
    evidence: new Map(),
    recordCaughtUp: caughtUp,
  }
  return { ...observation, evidence: await gatherEvidence(run, observation, seen.cluster(run.environment)) }
}

/** Takes evidence of attempts that have none: when their pods have ended, or when the attempt has ended and nothing of it is left. */
async function gatherEvidence(
  run: Run,
  seen: RunObservation,
  cluster: ClusterSource | undefined,
): Promise<ReadonlyMap<number, Evidence>> {
  const evidence = new Map<number, Evidence>()
  for (const attempt of run.attempts.filter((one) => one.evidence === null)) {
    // What a ghost of the attempt went through says nothing of it; a pod that has lost its Job is still the attempt's.
    const ours = (uid: string | null): boolean => attempt.jobUid === null || uid === null || uid === attempt.jobUid
    const pods = seen.pods.filter((pod) => pod.attempt === attempt.attempt && ours(pod.jobUid))
    const jobs = seen.jobs.filter((job) => job.attempt === attempt.attempt && ours(job.uid))
    const jobEnded = jobs.some((job) =>
      job.conditions.some((one) => one.status === 'True' && /^(Complete|Failed)$/.test(one.type)),
    )
    const attemptEnded = attempt.endedAt !== null
    if (pods.some(isAlive) || !(jobEnded || attemptEnded)) continue
    if (seen.cluster === 'unreachable') continue
    evidence.set(attempt.attempt, await evidenceOf(seen, attempt.attempt, jobs, decisivePod(pods), cluster))
  }
  return evidence
}

async function evidenceOf(
  seen: RunObservation,
  attempt: number,
  jobs: readonly SeenJob[],
  pod: SeenPod | undefined,
  cluster: ClusterSource | undefined,
): Promise<Evidence> {
  const container = pod && trainerOf(pod)
  const unobtainable: string[] = pod ? [] : ['pod: it was gone']
  let logTail: readonly string[] = []
  if (pod && cluster) {
    try {
      const lines = await cluster.logTail(pod, evidenceLogLines)
      logTail = lines.slice(-evidenceLogLines).map((line) => line.slice(0, lineCharactersMax))
    } catch (error) {
      unobtainable.push(`log: ${error instanceof Error ? error.message : 'it could not be read'}`)
    }
  }
  let events: readonly SeenEvent[] = []
  try {
    for (const one of [...jobs, ...(pod ? [pod] : [])]) events = [...events, ...((await cluster?.events(one)) ?? [])]
  } catch (error) {
    unobtainable.push(`events: ${error instanceof Error ? error.message : 'they could not be read'}`)
  }
  return {
    exitCode: container?.exitCode ?? null,
    signal: container?.signal ?? null,
    reason: container?.reason || pod?.reason || null,
    message: container?.message || pod?.message || null,
    node: pod?.node ?? null,
    imageDigest: container?.imageDigest ?? null,
    podName: pod?.name ?? null,
    podUid: pod?.uid ?? null,
    podConditions: (pod?.conditions ?? []).map(plain),
    jobConditions: jobs.flatMap((job) => job.conditions.map(plain)),
    events: events.slice(-evidenceEvents).map(plainEvent),
    logTail,
    lastStep: seen.said.find((one) => one.attempt === attempt)?.lastHeartbeat?.step ?? null,
    unobtainable,
  }
}

function plainEvent(event: SeenEvent): JsonObject {
  return { ...event, firstAt: event.firstAt?.toISOString() ?? null, lastAt: event.lastAt?.toISOString() ?? null }
}

function plain(condition: {
  type: string
  status: string
  reason: string
  message: string
  at: Date | null
}): JsonObject {
  return { ...condition, at: condition.at?.toISOString() ?? null }
}
