import pc from 'picocolors'
import { isTerminal } from '../../../domain/run.ts'
import { failures, readState, type State, unsettled } from '../../../cli/up/state.ts'
import { plainView, terminalView, type View } from '../../../cli/up/view.ts'
import { openDatabase } from '../../../records/database.ts'
import { openRecords } from '../../../records/open.ts'
import type { Records } from '../../../records/records.ts'
import { tail } from '../base/processes.ts'
import { Hopeless, until } from '../base/wait.ts'

/*
 * What goes on, as `specyard up` shows it: lines, or on a terminal a picture that is drawn again in place.
 */

export interface Watched {
  /** Runs that the specs ask for: as many there have to be before anything can be settled. */
  readonly runs: number
  /** Whether trainers run, and so models come of them. */
  readonly trains: boolean
  /** What `specyard serve` writes. */
  readonly log: string
  readonly stopped: AbortSignal
}

const settledSecondsMax = 900
/** Where nothing is published by then, nothing will be. */
const publishedSecondsMax = 120

/**
 * Shows runs and endpoints until all that can end has ended and what can serve serves.
 * @throws Error when that takes too long, or something failed; when it is stopped, it returns
 */
export async function showProgress(databaseUrl: string, watched: Watched): Promise<void> {
  const pool = await openDatabase(databaseUrl)
  const records = openRecords(pool)
  const { stdout } = process
  const view: View = stdout.isTTY
    ? terminalView(stdout, pc.createColors(!process.env['NO_COLOR']))
    : plainView((text) => void stdout.write(text))
  let last: State | undefined
  const began = performance.now()
  const look = async (): Promise<boolean> => {
    if (watched.stopped.aborted) return true
    last = await readState(records)
    view.show(last)
    const failed = failures(last, () => true)
    if (failed.length > 0) throw new Hopeless(failed.map(({ what, why }) => `${what}: ${why}`).join('; '))
    if (last.runs.length === 0 && performance.now() - began > publishedSecondsMax * 1000)
      throw new Hopeless(`the specs were not published within ${publishedSecondsMax} s`)
    return hasSettled(last, records, watched)
  }
  try {
    await until('the worked example to be trained', look, { seconds: settledSecondsMax, everyMilliseconds: 300 })
  } catch (error) {
    const left = last === undefined ? [] : unsettled(last, () => true)
    const why = left.map((one) => `${one.what}: ${one.why}`).join('; ')
    const said = `the last lines of ${watched.log}:\n${tail(watched.log, 20)}`
    throw new Error(`${(error as Error).message}${why && `; left: ${why}`}; ${said}`, { cause: error })
  } finally {
    view.stop()
    await pool.end()
  }
}

async function hasSettled(state: State, records: Records, { runs, trains }: Watched): Promise<boolean> {
  if (state.runs.length < runs || !state.runs.every((run) => isTerminal(run.state))) return false
  if (unsettled(state, () => true).length > 0 || (await records.actions.pendingCount()) > 0) return false
  return !trains || state.endpoints.some(({ status }) => status === 'healthy')
}
