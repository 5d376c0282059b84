import type { RunObservation } from '../../domain/observation.ts'
import type { Decision } from './decision.ts'

/**
 * What a trainer says of its end after its attempt counts as failed, such as one whose node was lost and is back. It is kept as evidence and told
 * once; the run goes on as it was decided, for another attempt may train by now. Of the last attempt of a lost run it corrects the outcome instead.
 */
export function reportLateEnds(decision: Decision, { said }: RunObservation): void {
  for (const { attempt, endedAt, state, failureClass } of decision.run.attempts) {
    const done = said.find((one) => one.attempt === attempt)?.done
    if (!done || endedAt === null || state !== 'FAILED' || done.at <= endedAt || done.outcome !== 'SUCCEEDED') continue
    const key = `late end of attempt ${attempt}`
    if (decision.run.waitingSince[key] !== undefined) continue
    decision.since(key)
    const goesOn = attempt < decision.run.attempt ? `; attempt ${decision.run.attempt} counts` : ''
    decision.tell(
      'disagreement',
      'LateEnd',
      `attempt ${attempt} has reported success after it counted as failed (${failureClass ?? 'unknown'}): that is kept as evidence and changes nothing${goesOn}`,
    )
  }
}
