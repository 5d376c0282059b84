import type { LinkTrackerAction } from '../../domain/action.ts'
import { type Fault, isFault } from '../../domain/fault.ts'
import type { PendingAction } from '../../records/records.ts'
import type { Rules } from '../decide/rules.ts'
import type { ReconcilerPorts } from '../ports.ts'
import type { TrackerSource } from '../sources/tracker.ts'
import { linkTracker } from './link.ts'

/**
 * Does what is asked of trackers, one after the other and beside the passes: a tracker that is slow, broken or gone delays nothing.
 * One that does not answer is left alone for a while, for all that wait for it; in the end each attempt is given up, with an event.
 */
export interface TrackerLane {
  /** Begins with what is due, where it is not at it already. */
  wake(): void
  /** Waits until it has nothing more to do now, at most so long. */
  settled(milliseconds: number): Promise<void>
  /** Breaks off what is under way; it is done again by who comes next. */
  stop(): Promise<void>
}

const dueOfOneLook = 50

interface Pause {
  readonly failures: number
  readonly until: Date
}

export function createTrackerLane(ports: ReconcilerPorts, rules: Pick<Rules, 'trackerRetry'>): TrackerLane {
  const stopping = new AbortController()
  const pauses = new Map<TrackerSource, Pause>()
  let wanted = false
  let running: Promise<void> | undefined

  const work = async (): Promise<void> => {
    while (wanted && !stopping.signal.aborted) {
      wanted = false
      for (;;) {
        const due = await ports.records.actions.due(ports.now(), dueOfOneLook, 'beside-passes')
        for (const one of due) {
          if (stopping.signal.aborted) return
          if (one.action.kind === 'link-tracker') await perform(one, one.action)
        }
        if (due.length < dueOfOneLook) break
      }
    }
  }

  const perform = async (one: PendingAction, action: LinkTrackerAction): Promise<void> => {
    const source = ports.tracker?.(action.environment)
    if (!source) {
      await giveUp(one, action, 'no tracker is connected: set MLFLOW_TRACKING_URI where the reconciler runs')
      return
    }
    const pause = pauses.get(source)
    if (pause && ports.now() < pause.until) {
      await ports.records.actions.putOff([one.id], pause.until, `${source.address} is left alone for a while`)
      return
    }
    try {
      const result = await linkTracker(ports.records, action, source, stopping.signal)
      pauses.delete(source)
      await ports.records.actions.done([one.id], result)
    } catch (error) {
      if (stopping.signal.aborted) return
      if (!isFault(error, 'TRACKER_UNREACHABLE') && !isFault(error, 'TRACKER_REFUSED')) throw error
      await failed(one, action, source, error)
    }
  }

  const failed = async (one: PendingAction, action: LinkTrackerAction, source: TrackerSource, fault: Fault) => {
    const { firstSeconds, mostSeconds, giveUpSeconds } = rules.trackerRetry
    const now = ports.now()
    const after = (tries: number): Date => {
      const seconds = Math.min(mostSeconds, firstSeconds * 2 ** Math.min(tries, 20)) * (0.75 + Math.random() / 4)
      return new Date(now.getTime() + seconds * 1000)
    }
    if (fault.code === 'TRACKER_UNREACHABLE') {
      const failures = pauses.get(source)?.failures ?? 0
      pauses.set(source, { failures: failures + 1, until: after(failures) })
    }
    if (now.getTime() - one.createdAt.getTime() >= giveUpSeconds * 1000) return giveUp(one, action, fault.message)
    // Told once for each attempt: a tracker may be away for hours.
    const level = one.tries === 0 ? 'warn' : 'debug'
    ports.log({ level, message: `${fault.message}; it is tried again, and nothing waits for it` })
    await ports.records.actions.putOff([one.id], after(one.tries), fault.message)
  }

  const giveUp = async (one: PendingAction, { runId, attempt }: LinkTrackerAction, why: string): Promise<void> => {
    const event = {
      type: 'tracker',
      reason: 'TrackerGivenUp',
      message: why,
      attempt,
      details: { tries: one.tries + 1 },
    }
    await ports.records.trackers.tell(runId, event)
    await ports.records.actions.done([one.id], `given up: ${why}`)
  }

  const wake = (): void => {
    wanted = true
    if (stopping.signal.aborted) return
    running ??= work()
      .catch((error: unknown) => {
        // Of the database: the next pass meets it too, and says so.
        wanted = false
        const message = error instanceof Error ? error.message : String(error)
        if (!stopping.signal.aborted) ports.log({ level: 'info', message: `linking trackers: ${message}` })
      })
      .finally(() => {
        running = undefined
        if (wanted) wake()
      })
  }

  return {
    wake,
    settled: async (milliseconds) => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, milliseconds)
      })
      await Promise.race([running, late])
      clearTimeout(timer)
    },
    stop: async () => {
      stopping.abort(new Error('the reconciler stops'))
      await running
    },
  }
}
