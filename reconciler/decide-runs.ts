import { isTerminal, type Run } from '../domain/run.ts'
import { waitsForTime } from './decide/clocked.ts'
import type { Transition } from './decide/decision.ts'
import { type Rules, rulesOn } from './decide/rules.ts'
import type { Look } from './look.ts'
import { observe } from './observe.ts'
import { inParallel } from './parallel.ts'
import type { ReconcilerPorts } from './ports.ts'
import { transition } from './transition.ts'

/** Runs whose records are read, and decided about, together. */
const runsOfOneRead = 500
const decidedAtOnce = 8
/** A transaction of more would keep rows from their trainers' callbacks for long. */
const writtenAtOnce = 200

export interface Decided {
  /** Runs whose record moved so that another look may find more to do. */
  readonly moved: readonly string[]
  /** Runs of which time alone may soon ask something. */
  readonly waiting: readonly string[]
}

/** Observes runs, decides about each and writes what was decided. */
export async function decideRuns(
  ports: ReconcilerPorts,
  ids: readonly string[],
  look: Look,
  rules: Rules,
): Promise<Decided> {
  const moved: string[] = []
  const waiting: string[] = []
  const { runs: runRecords, callbacks } = ports.records
  const writer = createWriter(ports)
  for (let from = 0; from < ids.length; from += runsOfOneRead) {
    const some = ids.slice(from, from + runsOfOneRead)
    const [runs, plans, said] = await Promise.all([
      runRecords.getMany(some),
      runRecords.plans(some),
      callbacks.saidOf(some),
    ])
    const written: Promise<void>[] = []
    await inParallel(runs, decidedAtOnce, async (run) => {
      const plan = plans.get(run.id)
      if (!plan) return
      const seen = await observe(run, said.get(run.id) ?? [], look, true, plan)
      const decided = transition(run, seen, plan, rulesOn(plan.cluster, rules))
      if (seen.cluster === 'connected' && waitsForTime(decided?.next ?? run, plan, look.at)) waiting.push(run.id)
      if (!decided) return
      const writing = writer.write(decided).then((applied) => {
        if (!applied || asksForMore(run, decided)) moved.push(run.id)
      })
      // What fails is thrown below, once all that had begun has ended.
      writing.catch(() => undefined)
      written.push(writing)
    })
    await Promise.all(written)
  }
  return { moved, waiting }
}

/**
 * Whether what was decided may let more be decided at once. Not where a run only came further, or runs or waits again: the same observation twice
 * changes nothing. What somebody else wrote meanwhile is looked at again.
 */
function asksForMore(before: Run, { next, actions, events }: Transition): boolean {
  if (actions.length + events.length > 0 || next.attempt !== before.attempt) return true
  return next.state !== before.state && (isTerminal(next.state) || before.state === 'PENDING')
}

/** Writes what is decided while another writing goes on in one transaction: the more there is, the less each takes. */
function createWriter(ports: ReconcilerPorts) {
  let waiting: { readonly change: Transition; resolve(applied: boolean): void; reject(error: unknown): void }[] = []
  let busy = false

  const work = async (): Promise<void> => {
    busy = true
    // What is decided in this turn of the event loop goes along.
    await new Promise(setImmediate)
    while (waiting.length > 0) {
      const some = waiting.splice(0, writtenAtOnce)
      try {
        const applied = await ports.records.runs.applyAll(some.map(({ change }) => change))
        await Promise.all(some.flatMap(({ change }, index) => (applied[index] ? [tellLive(ports, change.next)] : [])))
        for (const [index, one] of some.entries()) one.resolve(applied[index] ?? false)
      } catch (error) {
        for (const one of [...some, ...waiting.splice(0)]) one.reject(error)
      }
    }
    busy = false
  }
  return {
    write: (change: Transition): Promise<boolean> =>
      new Promise((resolve, reject) => {
        waiting.push({ change, resolve, reject })
        if (!busy) void work()
      }),
  }
}

async function tellLive(ports: ReconcilerPorts, run: Run): Promise<void> {
  try {
    const { id, state, reason, attempt, progress } = run
    const kept = ports.live.setStatus(id, {
      status: state,
      reason,
      attempt,
      progress: progress?.percentage ?? null,
      currentEpoch: progress?.epoch ?? null,
      totalEpochs: progress?.totalEpochs ?? null,
      step: progress?.step ?? null,
      metrics: run.finalMetrics ?? {},
    })
    const told = ports.live.publish(id, {
      type: 'status',
      data: { status: state, reason, message: run.message, attempt },
    })
    await Promise.all([kept, told])
  } catch (error) {
    ports.log({ level: 'debug', message: `live state: ${error instanceof Error ? error.message : String(error)}` })
  }
}
