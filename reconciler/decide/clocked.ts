import type { TrainingPlan } from '../../domain/plan.ts'
import { isTerminal, type Run } from '../../domain/run.ts'

/** The waits of `waitingSince` that end by themselves within seconds or minutes. What else stands there is remembered, and waits for nothing. */
export const graces = ['vanished', 'image', 'config'] as const

/** A Job that has no pod so long after it was first seen may be refused one: why is told soon, and looked for with the scheduled passes then. */
const podMilliseconds = 15_000

/** A retirement that is due later than this is left to the scheduled passes. */
const soonMilliseconds = 60_000

/**
 * Whether a grace, a pause or a time to live runs out soon, so that the run is to be looked at again although nothing says that it changed.
 * Everything else that time asks for (a stall, a token to renew, a lost node) is found in time by the scheduled passes.
 */
export function waitsForTime(run: Run, plan: Pick<TrainingPlan, 'ttlSecondsAfterFinished'>, now: Date): boolean {
  if (isTerminal(run.state))
    return run.attempts.some(({ endedAt, retiredAt }) => {
      const due = (endedAt?.getTime() ?? Number.POSITIVE_INFINITY) + plan.ttlSecondsAfterFinished * 1000
      return retiredAt === null && due - now.getTime() < soonMilliseconds
    })
  return (
    run.nextAttemptAt !== null ||
    run.reason === 'Finishing' ||
    (run.reason === 'WaitingForPod' && isYoung(run, now)) ||
    graces.some((grace) => run.waitingSince[grace] !== undefined)
  )
}

function isYoung({ queuedAt }: Run, now: Date): boolean {
  return queuedAt !== null && now.getTime() - queuedAt.getTime() < podMilliseconds
}
