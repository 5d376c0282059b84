import type { LedgerModelVersion } from '../../domain/ledger.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import { isFault } from '../../domain/fault.ts'
import type { ModelVersion, Records } from '../../records/records.ts'
import type { ReconcilerPorts } from '../ports.ts'
import type { ModelRegistry } from '../sources/registry.ts'
import { mirrorVersion } from './mirror.ts'

/*
 * What the ledger has is shown in the registry: each project as a registered model of its name, each model version as a version under it, the oldest
 * first. What is shown is recorded, and found again by its digest where that record was lost; so nothing is shown twice, and asking again is free.
 */

/** The rest waits for the next round. */
const versionsEachRound = 20
/** The run of the tracker is found beside the passes: a version that is newer than this waits for it. */
const trackerGraceMilliseconds = 10 * 60_000

/** What one process has found out and need not ask again. */
export interface Shown {
  readonly projects: Set<string>
  /** Ids of versions that the registry refused. */
  readonly refused: Set<string>
  /** How many versions the ledger had when nothing was left to show. */
  settled: number
}

export const nothingShown = (): Shown => ({ projects: new Set(), refused: new Set(), settled: 0 })

/** @throws Fault TRACKER_UNREACHABLE; of a project or version that is refused the log tells, once */
export async function showInRegistry(
  ports: Pick<ReconcilerPorts, 'records' | 'log' | 'now'>,
  registry: ModelRegistry,
  ledger: LedgerView,
  shown: Shown,
  signal: AbortSignal,
): Promise<void> {
  const { records } = ports
  for (const project of projectsOf(ledger)) {
    if (shown.projects.has(project)) continue
    const description = `Models of project ${project}, as their ledger has them.`
    await unlessRefused(ports, `project ${project}`, registry, () => registry.addModel(project, description, signal))
    shown.projects.add(project)
  }
  const count = ledger.models.reduce((sum, { versions }) => sum + versions.length, 0)
  if (shown.settled === count) return
  const known = await records.models.list({})
  const missing = known.filter((one) => one.registry === null && !shown.refused.has(one.id))
  if (missing.length === 0 && known.length >= count) shown.settled = count
  let room = versionsEachRound
  for (const version of missing) {
    if (room === 0) return
    const trackerRunId = await trackerRunOf(records, version)
    if (trackerRunId === undefined && isNew(version, ports.now())) continue
    room -= 1
    const { project, model } = version
    const isDone = await unlessRefused(ports, `${project}/${model}@${version.version}`, registry, async () => {
      // One that was deleted there, or that another server had.
      const isThere = trackerRunId !== undefined && (await registry.run(trackerRunId, signal)) !== undefined
      await mirrorVersion(records, registry, { project, model, version }, isThere ? trackerRunId : null, signal)
    })
    if (!isDone) shown.refused.add(version.id)
  }
}

/** The id in the tracker of the run that a model version came from. */
export async function trackerRunOf(
  records: Records,
  { run }: Pick<LedgerModelVersion, 'run'>,
): Promise<string | undefined> {
  const link = (await records.trackers.of([run.id])).find((one) => one.attempt === run.attempt)
  // A run that is none of ours has its own id, written as ours are.
  const isKnown = (await records.runs.get(run.id)) !== undefined
  return link?.trackerRunId ?? (isKnown ? undefined : run.id.replaceAll('-', ''))
}

function projectsOf({ runs, endpoints, models }: LedgerView): ReadonlySet<string> {
  return new Set([...runs, ...endpoints, ...models].map(({ project }) => project))
}

function isNew({ createdAt }: ModelVersion, now: Date): boolean {
  return now.getTime() - createdAt.getTime() < trackerGraceMilliseconds
}

/** @returns false where the registry refuses: one that says so of one version may take all others */
async function unlessRefused(
  { log }: Pick<ReconcilerPorts, 'log'>,
  what: string,
  { address }: ModelRegistry,
  show: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await show()
    return true
  } catch (error) {
    if (!isFault(error, 'TRACKER_REFUSED')) throw error
    log({ level: 'warn', message: `${what} is not shown in ${address}: ${error.message}` })
    return false
  }
}
