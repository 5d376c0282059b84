import type { LinkTrackerAction, RunEvent } from '../../domain/action.ts'
import { isFault } from '../../domain/fault.ts'
import { keyText } from '../../domain/names.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { type Attempt, isTerminal, type Run } from '../../domain/run.ts'
import { type ClosingStatus, closingStatus, type TrackerLink, trackerTags } from '../../domain/tracker.ts'
import type { Records } from '../../records/records.ts'
import type { SeenTrackerRun, TrackedArtifacts, TrackedHistory, TrackerSource } from '../sources/tracker.ts'
import { type Choice, choose, isOpen, toBeClosed } from './choose.ts'

/** One attempt that ended, and what is needed to find it in its tracker. */
interface Linking {
  readonly records: Records
  readonly source: TrackerSource
  readonly signal: AbortSignal
  readonly run: Run
  readonly attempt: Attempt
  readonly plan: TrainingPlan
  /** The run that the trainer named in its `done`. */
  readonly named: string | null
  readonly events: RunEvent[]
}

/**
 * Finds an attempt in its tracker, closes what its trainer left open there, reads what it measured and left, and records it. Done twice it is the
 * same as once.
 * @returns what came of it, for the outbox
 * @throws Fault TRACKER_UNREACHABLE, TRACKER_REFUSED; what was found by then is recorded
 */
export async function linkTracker(
  records: Records,
  action: LinkTrackerAction,
  source: TrackerSource,
  signal: AbortSignal,
): Promise<string> {
  const [run, plan, said] = await Promise.all([
    records.runs.get(action.runId),
    records.runs.plan(action.runId),
    records.callbacks.said(action.runId),
  ])
  const attempt = run?.attempts.find((one) => one.attempt === action.attempt)
  if (!run || !plan || !attempt) return 'dropped: the records have no such attempt'
  if (attempt.endedAt === null) return 'dropped: the attempt has not ended'
  const named = said.find((one) => one.attempt === action.attempt)?.done?.trackerRunId ?? null
  const linking: Linking = { records, source, signal, run, attempt, plan, named, events: [] }
  const { choice, tagged } = await find(linking)
  if (!choice) return nothingFound(linking)
  const closed = await closeLeftOpen(linking, choice, tagged)
  await nameIt(linking, closed)
  return record(linking, closed)
}

async function find(linking: Linking): Promise<{ choice: Choice | undefined; tagged: readonly SeenTrackerRun[] }> {
  const { source, run, attempt, plan, named, signal } = linking
  const tagged = plan.tracker ? await source.tagged(run.id, plan.tracker.experiment, signal) : []
  const ofThatName = named === null ? undefined : await source.get(named, signal)
  if (named !== null && !ofThatName)
    tell(linking, 'TrackerRunMissing', `its trainer named run ${named}, which ${place(source)} does not have`)
  return { choice: choose(ofThatName, tagged, attempt), tagged }
}

async function nothingFound(linking: Linking): Promise<string> {
  const { records, source, run, attempt, plan } = linking
  // An attempt that never started has nothing to be found, and one whose environment has no tracker was given no tags. When it started may be
  // forgotten; that one succeeded is not.
  if ((attempt.startedAt !== null || attempt.state === 'SUCCEEDED') && plan.tracker)
    tell(
      linking,
      'NoTrackerRun',
      `${place(source)} has no run with its tags: its trainer wrote none, or none that says whose it is`,
    )
  for (const event of linking.events) await records.trackers.tell(run.id, event)
  return 'nothing found'
}

/** Closes what nobody writes to any more, and says on it why. @returns the choice as it then is */
async function closeLeftOpen(linking: Linking, choice: Choice, tagged: readonly SeenTrackerRun[]): Promise<Choice> {
  const { records, source, run, attempt, signal } = linking
  const owner = choice.run.tags[trackerTags.runId]
  if (owner !== undefined && owner !== run.id) {
    tell(
      linking,
      'TrackerRunOfAnother',
      `its trainer named run ${choice.run.id}, whose tags say that it is of ${owner}`,
    )
    return choice
  }
  if (!isTerminal(attempt.state)) return choice
  const status = closingStatus(attempt.state, attempt.failureClass)
  const why = `attempt ${attempt.attempt} of ${keyText(run)} ended as ${attempt.state}${attempt.failureClass === null ? '' : ` (${attempt.failureClass})`}; its trainer had left this run open`
  let chosen = choice.run
  for (const open of toBeClosed(choice, tagged, attempt.attempt, run.attempts, status)) {
    try {
      await records.fence.confirm()
      const endedAt = new Date(Math.max(attempt.endedAt?.getTime() ?? 0, open.startedAt?.getTime() ?? 0))
      const tags = { [trackerTags.closedAs]: status, [trackerTags.closedBecause]: why }
      // The reason first: a run that is closed and does not say why would be a riddle.
      await source.tag(open.id, tags, signal)
      await source.close(open.id, status, endedAt, signal)
      if (open.id === chosen.id) chosen = { ...chosen, status, endedAt, tags: { ...chosen.tags, ...tags } }
      tell(
        linking,
        'TrackerRunClosed',
        `run ${open.id} was ${open.status} in ${place(source)}, and is closed as ${status}`,
      )
    } catch (error) {
      if (!isFault(error, 'TRACKER_REFUSED')) throw error
      tell(linking, 'TrackerRunLeftOpen', `run ${open.id} is left ${open.status}: ${error.message}`)
    }
  }
  return { ...choice, run: chosen }
}

/** Gives a run that its trainer began without our tags what it takes to find it again. */
async function nameIt({ source, run, attempt, signal }: Linking, { run: found }: Choice): Promise<void> {
  if (found.tags[trackerTags.runId] !== undefined) return
  const tags = {
    [trackerTags.runId]: run.id,
    [trackerTags.attempt]: String(attempt.attempt),
    [trackerTags.traceId]: run.traceId,
    [trackerTags.environment]: run.environment,
    [trackerTags.project]: run.project,
    [trackerTags.name]: run.name,
  }
  try {
    await source.tag(found.id, tags, signal)
  } catch (error) {
    // Credentials that may only read are a choice; the link is in the records.
    if (!isFault(error, 'TRACKER_REFUSED')) throw error
  }
}

async function record(linking: Linking, choice: Choice): Promise<string> {
  const { records, source, run, attempt, signal } = linking
  const before = (await records.trackers.of([run.id])).find((one) => one.attempt === attempt.attempt)
  if (before?.trackerRunId !== choice.run.id)
    linking.events.unshift(
      eventOf(attempt, 'TrackerLinked', `it is run ${choice.run.id} of ${place(source)}: ${choice.run.url}`, {
        ...{ trackerRunId: choice.run.id, foundBy: choice.foundBy, status: choice.run.status },
      }),
    )
  let history: TrackedHistory
  try {
    history = await readOr(() => source.history(choice.run, signal), { points: [], incomplete: [] }, 'metrics')
  } catch (error) {
    const unread = { artifacts: [], incomplete: ['metrics: not read yet', 'artifacts: not read yet'] }
    if (!signal.aborted) await records.trackers.put(linkOf(linking, choice, unread), null, linking.events)
    throw error
  }
  const listed = await source.artifacts(choice.run, signal).catch((error: unknown): TrackedArtifacts => {
    signal.throwIfAborted()
    // The store behind the tracker is another's, and may be gone for good while the tracker answers.
    return { artifacts: [], incomplete: [`artifacts: ${error instanceof Error ? error.message : String(error)}`] }
  })
  const details = { artifacts: listed.artifacts, incomplete: [...history.incomplete, ...listed.incomplete] }
  await records.trackers.put(linkOf(linking, choice, details), history.points, linking.events)
  return `linked to ${choice.run.id}`
}

/** What is refused is left out and said so; what failed otherwise is tried again. */
async function readOr<Read extends { readonly incomplete: readonly string[] }>(
  read: () => Promise<Read>,
  nothing: Read,
  what: string,
): Promise<Read> {
  try {
    return await read()
  } catch (error) {
    if (!isFault(error, 'TRACKER_REFUSED')) throw error
    return { ...nothing, incomplete: [`${what}: ${error.message}`] }
  }
}

function linkOf({ run, attempt }: Linking, { run: found, foundBy }: Choice, details: TrackedArtifacts): TrackerLink {
  // By its tag, so that it is known after the records were lost; a trainer that went on and ended it itself has the last word.
  const weClosedIt = found.tags[trackerTags.closedAs] === found.status && !isOpen(found)
  return {
    ...{ runId: run.id, attempt: attempt.attempt, kind: 'mlflow', trackerRunId: found.id, url: found.url },
    ...{ experiment: found.experimentId, foundBy, status: found.status },
    closedAs: weClosedIt ? (found.status as ClosingStatus) : null,
    ...{ startedAt: found.startedAt, endedAt: found.endedAt, params: found.params, metrics: found.metrics },
    ...{ artifactUri: found.artifactUri, artifacts: details.artifacts, incomplete: details.incomplete },
  }
}

function tell(linking: Linking, reason: string, message: string): void {
  linking.events.push(eventOf(linking.attempt, reason, message))
}

function eventOf({ attempt }: Attempt, reason: string, message: string, details: RunEvent['details'] = {}): RunEvent {
  return { type: 'tracker', reason, message, attempt, details }
}

function place({ address }: TrackerSource): string {
  return `MLflow at ${address}`
}
