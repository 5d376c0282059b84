import type { JsonObject } from '../domain/canonical.ts'
import { applicationName, type DriftedFile, paths } from '../domain/ledger.ts'
import type { LedgerView } from '../domain/ledger-files.ts'
import type { RunObservation, SeenEvent, SeenJob, SeenPod, SeenRefusal, TrainerSaid } from '../domain/observation.ts'
import { isFault } from '../domain/fault.ts'
import type { TrainingPlan } from '../domain/plan.ts'
import { type Evidence, evidenceLogLines, isTerminal, type Run } from '../domain/run.ts'
import { decisivePod } from './decide/failure.ts'
import { lacksPods } from './decide/refused.ts'
import { secondsBetween } from './decide/rules.ts'
import { asItCounts, isAlive, look, madeBy, trainerOf } from './decide/sight.ts'
import { entryOf, type Look, seenOfRun } from './look.ts'
import type { ClusterSource } from './sources/cluster.ts'

const lineCharactersMax = 4096
const evidenceEvents = 60
/** What cannot be had for now is asked for again for so long after the end, and is unobtainable then. */
const evidencePatienceSeconds = 120

/** Everything that is seen of one run, with the evidence of attempts whose pods have ended. */
export async function observe(
  run: Run,
  said: readonly TrainerSaid[],
  seen: Look,
  caughtUp: boolean,
  plan: Pick<TrainingPlan, 'terminationGraceSeconds' | 'nodeLostSeconds' | 'nodes'>,
): Promise<RunObservation> {
  const view = seen.view(run.environment)
  const { jobs, leases } = seenOfRun(view, run.id)
  const podsOf = (id: string): readonly SeenPod[] =>
    seenOfRun(view, id).pods.map((pod) => asItCounts(pod, plan, seen.at))
  const pods = podsOf(run.id)
  const inLedger = entryOf(seen.ledger, run)?.runs ?? []
  const others = inLedger.filter((one) => one.id !== run.id)
  const observation: RunObservation = {
    at: seen.at,
    ledger: inLedger.find((one) => one.id === run.id) ?? null,
    cluster: view === undefined ? 'not-connected' : view === null ? 'unreachable' : 'connected',
    jobs,
    pods,
    leases,
    said,
    otherPodsOfName: others.flatMap(({ id }) => podsOf(id).filter(isAlive)),
    evidence: new Map(),
    application:
      view?.applications.find(({ name }) => name === applicationName.jobs(run.environment, run.project)) ?? null,
    drifted: driftOf(run, seen.ledger),
    recordCaughtUp: caughtUp,
  }
  const cluster = seen.cluster(run.environment)
  const refusals = await refusalsOf(run, observation, plan.nodes, cluster)
  const evidence = await gatherEvidence(run, observation, cluster)
  return { ...observation, ...(refusals.length > 0 && { refusals }), evidence }
}

/** Why the Job of the current attempt lacks pods, where it does and the cluster has refused them. What cannot be had now is asked for again. */
async function refusalsOf(
  run: Run,
  seen: RunObservation,
  nodes: number,
  cluster: ClusterSource | undefined,
): Promise<readonly SeenRefusal[]> {
  const sight = isTerminal(run.state) ? undefined : look(run, seen)
  if (!cluster?.refusals || !sight?.job || !lacksPods(sight, nodes)) return []
  const { uid, namespace } = sight.job
  try {
    return (await cluster.refusals(namespace)).filter(({ jobUid }) => jobUid === uid)
  } catch (error) {
    if (!isFault(error)) throw error
    return []
  }
}

/** Files of a run that somebody else changed. */
function driftOf(run: Run, { drifted = [] }: LedgerView): readonly DriftedFile[] {
  if (drifted.length === 0) return []
  const { environment, project, attempts } = run
  const own = new Set([
    paths.runLedger(run),
    ...attempts.map(({ jobName }) => paths.job(environment, project, jobName)),
  ])
  return drifted.filter(({ path }) => own.has(path))
}

/**
 * Takes evidence of attempts that have none: when their pods have ended, or the attempt has, be it that a pod of it waits for ever and is taken
 * away when there is evidence. Of a run that is cancelled at once: its pods are about to be deleted, and what they were goes with them.
 */
async function gatherEvidence(
  run: Run,
  seen: RunObservation,
  cluster: ClusterSource | undefined,
): Promise<ReadonlyMap<number, Evidence>> {
  const evidence = new Map<number, Evidence>()
  for (const attempt of run.attempts.filter((one) => one.evidence === null)) {
    // What a ghost of the attempt went through says nothing of it; a pod that has lost its Job is still the attempt's.
    const ours = (uid: string | null): boolean => attempt.jobUid === null || uid === null || uid === attempt.jobUid
    const pods = seen.pods.filter((pod) => pod.attempt === attempt.attempt && ours(madeBy(pod) ?? null))
    const jobs = seen.jobs.filter((job) => job.attempt === attempt.attempt && ours(job.uid))
    const ends = jobs.flatMap((job) =>
      job.conditions.filter((one) => one.status === 'True' && /^(Complete|Failed)$/.test(one.type)),
    )
    const isOver = attempt.endedAt !== null || (seen.ledger?.status === 'cancelling' && pods.length > 0)
    if (!isOver && (pods.some(isAlive) || ends.length === 0)) continue
    // A cluster that is not connected here may still have what one that is connected would show.
    if (seen.cluster !== 'connected') continue
    const { taken, isForNow } = await evidenceOf(seen, attempt.attempt, jobs, decisivePod(pods), cluster)
    const endedAt = ends[0]?.at ?? attempt.endedAt ?? seen.at
    if (isForNow && secondsBetween(endedAt, seen.at) < evidencePatienceSeconds) continue
    evidence.set(attempt.attempt, taken)
  }
  return evidence
}

async function evidenceOf(
  seen: RunObservation,
  attempt: number,
  jobs: readonly SeenJob[],
  pod: SeenPod | undefined,
  cluster: ClusterSource | undefined,
): Promise<{ readonly taken: Evidence; readonly isForNow: boolean }> {
  const container = pod && trainerOf(pod)
  const unobtainable: string[] = pod ? [] : ['pod: it was gone']
  let isForNow = false
  const missed = (what: string, error: unknown): void => {
    unobtainable.push(`${what}: ${error instanceof Error ? error.message : 'it could not be read'}`)
    isForNow ||= isFault(error) && error.retry === 'soon'
  }
  let logTail: readonly string[] = []
  if (pod && cluster) {
    try {
      const lines = await cluster.logTail(pod, evidenceLogLines)
      logTail = lines.slice(-evidenceLogLines).map((line) => line.slice(0, lineCharactersMax))
    } catch (error) {
      missed('log', error)
    }
  }
  let events: readonly SeenEvent[] = []
  try {
    for (const one of [...jobs, ...(pod ? [pod] : [])]) events = [...events, ...((await cluster?.events(one)) ?? [])]
  } catch (error) {
    missed('events', error)
  }
  const taken: Evidence = {
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
  return { taken, isForNow }
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
