import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../../domain/fault.ts'
import type { FenceRecords } from '../../records/records.ts'
import type { LogEntry } from '../../reconciler/ports.ts'

/*
 * Two reconcilers of one database that know nothing of each other, such as `serve` beside `reconcile --lease`: each that takes the fence of the
 * records ends the other's term. The fence keeps them from harm; this keeps them from taking it from each other for ever, and says who it is.
 */

/** A Lease's holder that has lost the fence takes it again after this long at first, twice as long each time, in milliseconds. */
const pauseTimes = { first: 5000, most: 300_000 }
/** A term that lasted for so long was no quarrel. */
const peaceMilliseconds = 600_000

const byLease = 'by the Lease'

export interface RivalryOptions {
  /** Namespace and name of the Lease by which one of several leads; undefined where only one runs. */
  readonly lease: { readonly namespace: string; readonly name: string } | undefined
  readonly now: () => Date
  log(entry: LogEntry): void
}

export interface Rivalry {
  /** Says from whom the fence is taken, where that may go on elsewhere. */
  beforeTaking(): Promise<void>
  /** Why a term without a Lease is over, with the name of who reconciles now. */
  named(lost: unknown): Promise<Fault>
  /** Waits before the next term of who still holds its Lease, and says what to do where the fence was taken past it. */
  pause(ended: AbortSignal): Promise<void>
}

/** What stands beside the fence: who took it, and by which right. */
export function holderText(identity: string, lease: RivalryOptions['lease']): string {
  return `${identity} ${lease ? `${byLease} ${lease.namespace}/${lease.name}` : 'without a Lease'}`
}

export function createRivalry(
  fence: Pick<FenceRecords, 'current'>,
  { lease, log, now }: RivalryOptions,
  times = pauseTimes,
): Rivalry {
  let losses = 0
  let begunAt = 0

  const rival = async (): Promise<string> => {
    // Who it is helps; that it is not known now changes nothing.
    const held = await fence.current().catch(() => undefined)
    return held ? `${held.holder}, since ${held.takenAt.toISOString()}` : 'somebody who is not known now'
  }
  return {
    beforeTaking: async () => {
      begunAt = now().getTime()
      if (lease) return
      const held = await fence.current()
      if (held?.holder.includes(byLease))
        log({
          level: 'warn',
          message: `this process reconciles without a Lease and takes over from ${held.holder}, since ${held.takenAt.toISOString()}. If that one still runs, start this one with --no-reconcile`,
        })
    },
    named: async (lost) => {
      const message = lost instanceof Error ? lost.message : String(lost)
      return new Fault('FENCE_LOST', `${message}. Now reconciles: ${await rival()}`, {
        retry: 'never',
        hint: 'let one of them reconcile: `serve --no-reconcile` beside it, or the same --lease for all',
        cause: lost,
      })
    },
    pause: async (ended) => {
      losses = now().getTime() - begunAt >= peaceMilliseconds ? 1 : losses + 1
      const milliseconds = Math.min(times.most, times.first * 2 ** (losses - 1)) * (0.75 + Math.random() / 2)
      await pause(milliseconds, undefined, { signal: ended }).catch(() => undefined)
      // Whoever was replaced because its Lease ran out has learned of it by now.
      if (ended.aborted || !lease) return
      log({
        level: 'error',
        message:
          `FENCE_LOST: the fence of the records was taken past the Lease ${lease.namespace}/${lease.name}, which this process holds: by ${await rival()}. ` +
          `Two reconcilers work on one database: stop one, start it with \`serve --no-reconcile\`, or give both the same --lease. This one goes on now, after ${Math.round(milliseconds / 1000)} s`,
      })
    },
  }
}
