import type { TrainingPlan } from '../domain/plan.ts'
import type { Run } from '../domain/run.ts'
import type { TrainerSaid } from '../domain/observation.ts'
import { waitsForTime } from './decide/clocked.ts'
import { type Rules, rulesOn } from './decide/rules.ts'
import type { Look } from './look.ts'
import { observe } from './observe.ts'
import { inParallel } from './parallel.ts'
import type { ReconcilerPorts } from './ports.ts'
import { transition } from './transition.ts'

/** Runs whose records are read, and decided about, together. */
const runsOfOneRead = 500
const decidedAtOnce = 8

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
  for (let from = 0; from < ids.length; from += runsOfOneRead) {
    const some = ids.slice(from, from + runsOfOneRead)
    const [runs, plans, said] = await Promise.all([
      runRecords.getMany(some),
      runRecords.plans(some),
      callbacks.saidOf(some),
    ])
    await inParallel(runs, decidedAtOnce, async (run) => {
      const plan = plans.get(run.id)
      if (!plan) return
      const decided = await decideRun(ports, { run, plan, said: said.get(run.id) ?? [] }, look, rules)
      if (decided.moved) moved.push(run.id)
      if (decided.waiting) waiting.push(run.id)
    })
  }
  return { moved, waiting }
}

async function decideRun(
  ports: ReconcilerPorts,
  known: { readonly run: Run; readonly plan: TrainingPlan; readonly said: readonly TrainerSaid[] },
  look: Look,
  rules: Rules,
): Promise<{ moved: boolean; waiting: boolean }> {
  const { run, plan, said } = known
  const seen = await observe(run, said, look, true, plan)
  const decided = transition(run, seen, plan, rulesOn(plan.cluster, rules))
  const waiting = seen.cluster === 'connected' && waitsForTime(decided?.next ?? run, plan, look.at)
  if (!decided) return { moved: false, waiting }
  const applied = await ports.records.runs.apply(decided)
  if (applied) await tellLive(ports, decided.next)
  // Progress alone asks for no further round: it comes with every heartbeat. What somebody else wrote meanwhile is looked at again.
  const { next, actions, events } = decided
  return { moved: !applied || next.state !== run.state || actions.length + events.length > 0, waiting }
}

async function tellLive(ports: ReconcilerPorts, run: Run): Promise<void> {
  try {
    const { id, state, reason, attempt, progress } = run
    await ports.live.setStatus(id, {
      status: state,
      reason,
      attempt,
      progress: progress?.percentage ?? null,
      currentEpoch: progress?.epoch ?? null,
      totalEpochs: progress?.totalEpochs ?? null,
      step: progress?.step ?? null,
      metrics: run.finalMetrics ?? {},
    })
    await ports.live.publish(id, { type: 'status', data: { status: state, reason, message: run.message, attempt } })
  } catch (error) {
    ports.log({ level: 'debug', message: `live state: ${error instanceof Error ? error.message : String(error)}` })
  }
}
