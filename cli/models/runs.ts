import type { Run } from '../../domain/run.ts'
import type { ModelRegistry } from '../../reconciler/sources/registry.ts'
import { trackerTags } from '../../domain/tracker.ts'
import type { SeenTrackerRun } from '../../reconciler/sources/tracker.ts'
import type { Records } from '../../records/records.ts'

/** A run as people name one: ours, the tracker's, or one that is both. */
export interface NamedRun {
  readonly own: Run | undefined
  readonly tracked: SeenTrackerRun | undefined
}

/** @throws Fault TRACKER_UNREACHABLE, TRACKER_REFUSED */
export async function findNamedRun(
  records: Records,
  registry: ModelRegistry | undefined,
  name: string,
  signal: AbortSignal,
): Promise<NamedRun> {
  const isTrackers = /^[0-9a-f]{32}$/.test(name)
  const tracked = isTrackers ? await registry?.run(name, signal) : undefined
  const id = tracked?.tags[trackerTags.runId]
  const own = id !== undefined ? await records.runs.get(id) : await ownRun(records, name)
  if (tracked || !own) return { own, tracked }
  return { own, tracked: await trackedRun(records, registry, own.id, own.attempt, signal) }
}

/** The tracker's run of an attempt, where it is linked. */
export async function trackedRun(
  records: Records,
  registry: ModelRegistry | undefined,
  runId: string,
  attempt: number,
  signal: AbortSignal,
): Promise<SeenTrackerRun | undefined> {
  const link = (await records.trackers.of([runId])).find((one) => one.attempt === attempt)
  return link && registry?.run(link.trackerRunId, signal)
}

async function ownRun({ runs }: Records, name: string): Promise<Run | undefined> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)) return runs.get(name)
  const found = await runs.list({ name: name.split('/').at(-1) ?? name, limit: 100 })
  return found.find((one) => one.state === 'SUCCEEDED') ?? found[0]
}

/** The tracker's id as an id of ours. */
export function asRunId(trackerRunId: string): string {
  return trackerRunId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
