import { Fault } from '../../../domain/fault.ts'
import { trackerTags } from '../../../domain/tracker.ts'
import type { SeenTrackerRun, TrackerSource } from '../tracker.ts'
import { type MlflowSettings, mlflowAddress } from './address.ts'
import { field, list, text, trackerRun } from './answers.ts'
import { readArtifacts } from './artifacts.ts'
import { readHistory } from './history.ts'
import { createMlflowApi, type MlflowApi, type RequestLimits, requestLimits, unlessMissing } from './http.ts'
import { type ReadingLimits, readingLimits } from './limits.ts'

export interface MlflowOptions extends MlflowSettings {
  readonly requests?: Partial<RequestLimits>
  readonly reading?: Partial<ReadingLimits>
}

/** Runs of one training that are looked at: its attempts, their ranks and what they have inside them. */
const runsMax = 50
/** Where a run is not in the experiment that its environment names, these many others are searched, the newest first. */
const experimentsMax = 1000

/**
 * An MLflow tracking server by its REST API. Asks nobody until it is used.
 * @throws Fault SETTINGS_INVALID
 * @see https://mlflow.org/docs/latest/rest-api.html
 */
export function openMlflow(options: MlflowOptions): TrackerSource {
  const address = mlflowAddress(options)
  const api = createMlflowApi(address, { ...requestLimits, ...options.requests })
  const limits: ReadingLimits = { ...readingLimits, ...options.reading }
  return {
    kind: 'mlflow',
    address: address.url,
    tagged: (runId, experiment, signal) => tagged(api, runId, experiment, signal),
    get: (id, signal) => getRun(api, id, signal),
    history: (run, signal) => readHistory(api, run, limits, signal),
    artifacts: (run, signal) => readArtifacts(api, run, limits, signal),
    tag: async (id, tags, signal) => {
      const given = Object.entries(tags).map(([key, value]) => ({ key, value }))
      await api.post('runs/log-batch', { run_id: id, metrics: [], params: [], tags: given }, signal)
    },
    close: async (id, status, at, signal) => {
      await api.post('runs/update', { run_id: id, status, end_time: at.getTime() }, signal)
    },
  }
}

async function getRun(api: MlflowApi, id: string, signal: AbortSignal): Promise<SeenTrackerRun | undefined> {
  const answer = await unlessMissing(api.get('runs/get', { run_id: id }, signal))
  if (answer === undefined) return undefined
  const run = trackerRun(field(answer, 'run'), api.url)
  if (run?.id !== id) throw nonsense(api, 'runs/get answers with another run than it was asked for, or with none')
  return run
}

async function tagged(
  api: MlflowApi,
  runId: string,
  experiment: string | null,
  signal: AbortSignal,
): Promise<readonly SeenTrackerRun[]> {
  const named = experiment === null ? null : await experimentId(api, experiment, signal)
  const there = named === null ? [] : await search(api, runId, [named], signal)
  if (there.length > 0) return there
  // A trainer may choose an experiment of its own.
  const others = (await experimentIds(api, signal)).filter((id) => id !== named)
  return others.length === 0 ? [] : search(api, runId, others, signal)
}

async function search(
  api: MlflowApi,
  runId: string,
  experiments: readonly string[],
  signal: AbortSignal,
): Promise<readonly SeenTrackerRun[]> {
  const answer = await api.post(
    'runs/search',
    {
      experiment_ids: experiments,
      // Run ids are UUIDs: there is nothing in them to be quoted.
      filter: `tags."${trackerTags.runId}" = '${runId.replaceAll(/[^0-9a-fA-F-]/g, '')}'`,
      run_view_type: 'ACTIVE_ONLY',
      // The newest matter most; they are given oldest first, as they came about.
      order_by: ['attributes.start_time DESC'],
      max_results: runsMax,
    },
    signal,
  )
  return list(field(answer, 'runs'))
    .slice(0, runsMax)
    .flatMap((one) => trackerRun(one, api.url) ?? [])
    .filter((run) => run.tags[trackerTags.runId] === runId)
    .sort((left, right) => (left.startedAt?.getTime() ?? 0) - (right.startedAt?.getTime() ?? 0))
}

async function experimentId(api: MlflowApi, name: string, signal: AbortSignal): Promise<string | null> {
  const answer = await unlessMissing(api.get('experiments/get-by-name', { experiment_name: name }, signal))
  return text(field(field(answer, 'experiment'), 'experiment_id'))
}

async function experimentIds(api: MlflowApi, signal: AbortSignal): Promise<readonly string[]> {
  const answer = await api.post(
    'experiments/search',
    { max_results: experimentsMax, order_by: ['last_update_time DESC'] },
    signal,
  )
  return list(field(answer, 'experiments')).flatMap((one) => text(field(one, 'experiment_id')) ?? [])
}

/** Something answers, and it is no MLflow. */
function nonsense(api: MlflowApi, what: string): Fault {
  return new Fault('TRACKER_UNREACHABLE', `MLflow at ${api.url}: ${what}`, {
    retry: 'soon',
    hint: 'check that MLFLOW_TRACKING_URI is the address of an MLflow tracking server',
  })
}
