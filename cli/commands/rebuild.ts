import { hostname } from 'node:os'
import { Fault } from '../../domain/fault.ts'
import { type Rebuilt, rebuildRecords } from '../../reconciler/rebuild/rebuild.ts'
import type { Records } from '../../records/records.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { onInterrupt } from '../terminal/interrupt.ts'
import { logWithPulls } from '../house/merged-pulls.ts'
import { open, type Opened } from '../house/open.ts'
import { type Filled, rebuildDocument, rebuildText } from '../rebuild/report.ts'
import { createReconciling } from '../service/reconciling.ts'
import { readSettings, type Settings } from '../house/settings.ts'
import { holdStateFolder } from '../house/state-folder.ts'
import type { World } from '../world.ts'

export interface RebuildFlags {
  readonly output: 'human' | 'json'
  /** Adds to records that are there already. */
  readonly intoExisting?: boolean
}

const runsNamedMax = 500
const progressMilliseconds = 200

/** Makes the records anew from the history of the deploy repository, then lets clusters and tracker fill in what they still know. */
export async function runRebuild(world: World, directory: string, flags: RebuildFlags): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const stop = new AbortController()
  const closers: (() => unknown)[] = [onInterrupt(() => stop.abort())]
  try {
    const opened = await openParts(settings, world, closers)
    if (!flags.intoExisting) await refusePresent(opened.records)
    const { fence } = opened.records
    const records = opened.records.fenced(await fence.take(`specyard rebuild, process ${process.pid} on ${hostname()}`))
    const rebuilt = await readHistory(opened, records, world, stop.signal)
    // A pass after half a history would make records of what the ledger has now, with the times of now.
    const publications = rebuilt.complete ? await absorbPublications(opened, records) : 0
    if (rebuilt.complete) await reconcileOnce(opened, world, stop.signal)
    const report = { rebuilt, publications, filled: await whatWasFilled(opened.records, rebuilt.runIds) }
    world.stdout.write(
      flags.output === 'json' ? `${JSON.stringify(rebuildDocument(report), null, 2)}\n` : rebuildText(report),
    )
    return rebuilt.complete ? exitCodes.fine : exitCodes.outside
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

async function openParts(settings: Settings, world: World, closers: (() => unknown)[]): Promise<Opened> {
  if (!settings.databaseUrl) {
    const lock = await holdStateFolder(settings, 'specyard rebuild')
    closers.push(() => lock.release())
  }
  const opened = await open(settings, world.environment, world.now)
  closers.push(() => opened.close())
  return opened
}

/** What is there was not lost: whoever rebuilds it may have named the wrong database. */
async function refusePresent(records: Records): Promise<void> {
  const present = (await records.runs.list({ limit: runsNamedMax })).length
  if (present === 0) return
  const runs = present === runsNamedMax ? `${runsNamedMax} runs or more` : present === 1 ? 'one run' : `${present} runs`
  throw new Fault('RECORDS_PRESENT', `the database has records of ${runs}; a rebuild begins with an empty one`, {
    retry: 'never',
    hint: 'name the new database in DATABASE_URL; specyard rebuild --into-existing adds what is missing to this one',
  })
}

async function readHistory(opened: Opened, records: Records, world: World, stopped: AbortSignal): Promise<Rebuilt> {
  const history = await opened.deploy.ledgerHistory()
  const { stderr } = world
  let shown = 0
  const rebuilt = await rebuildRecords({
    records,
    history: history.read(),
    stopped,
    progress: (commits, runs) => {
      if (!stderr.isTTY || performance.now() - shown < progressMilliseconds) return
      shown = performance.now()
      stderr.write(`\r\u001b[Kreading  commit ${commits} of ${history.commits}, ${runs} runs rebuilt`)
    },
  })
  if (shown > 0) stderr.write('\r\u001b[K')
  return rebuilt
}

/** By so many of the newest it is told, for each branch, where what is known ends. */
const publicationsKnown = 200

/** @returns how many were added, as far as the records keep them */
async function absorbPublications(opened: Opened, records: Records): Promise<number> {
  const log = logWithPulls(opened)
  let added = 0
  for (;;) {
    const known = (await records.publications.list(publicationsKnown)).map(({ commit }) => commit)
    const publications = await log(known, (some) => records.publications.absorb(some))
    if (publications.length === 0) return added
    added += publications.length
  }
}

/** One full pass: what goes on is found in the clusters, what ended in the tracker. */
async function reconcileOnce(opened: Opened, world: World, stopped: AbortSignal): Promise<void> {
  const reconciling = createReconciling(opened, {
    environment: world.environment,
    only: undefined,
    lease: undefined,
    now: world.now,
    log: ({ level, message }) => {
      if (level !== 'debug') world.stderr.write(`${level}  ${message}\n`)
    },
  })
  await reconciling.once(stopped)
}

/** What clusters and tracker had of the runs that were added. */
async function whatWasFilled(records: Records, runIds: readonly string[]): Promise<Filled> {
  const filled = { evidence: 0, jobs: 0, trackerLinks: 0, pending: await records.actions.pendingCount() }
  for (let from = 0; from < runIds.length; from += runsNamedMax) {
    const some = runIds.slice(from, from + runsNamedMax)
    for (const { attempts } of await records.runs.getMany(some)) {
      filled.evidence += attempts.filter(({ evidence }) => evidence?.podName).length
      filled.jobs += attempts.filter(({ jobUid }) => jobUid !== null).length
    }
    filled.trackerLinks += (await records.trackers.of(some)).length
  }
  return filled
}
