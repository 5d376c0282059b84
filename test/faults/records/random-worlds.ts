import type { RunObservation } from '../../../domain/observation.ts'
import { isTerminal, type Run, runStateMayFollow } from '../../../domain/run.ts'
import { transition } from '../../../reconciler/transition.ts'
import { at, newRun, plan } from '../../support/reconciler.ts'
import { ordinary } from '../../reconciler/transitions.ts'
import { inTrouble } from '../../reconciler/transitions-in-trouble.ts'
import { createFindings, type Findings, type Outcome, type Stage } from '../promise.ts'
import { createRandom } from '../random.ts'

/* P3: runs that are shown the world in any order, changed at random, never make a change that is not allowed, and what ended stays ended. */

const lifeMost = 30

export async function showRandomWorlds({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const fresh = await newRun()
  const worlds = [...ordinary, ...inTrouble].flatMap(([, observations]) => observations)
  const random = createRandom(seed, 'worlds')
  const findings = createFindings()
  const tally = { observations: 0, lives: 0, changes: 0, ended: 0 }
  while (tally.observations < count && !isOver()) {
    let run = fresh
    const leases = new Map<number, string>()
    const length = Math.min(random.between(1, lifeMost), count - tally.observations)
    let seconds = 0
    for (let step = 0; step < length; step += 1) {
      seconds += random.pick([0, 1, 40, 400, 4000])
      const world = random.pick(worlds)
      // What is known of one moment with what is known of another: a reconciler sees its sources one after the other.
      const { said, leases: held } = random.chance(0.3) ? random.pick(worlds) : world
      const observation: RunObservation = { ...world, said, leases: held, at: at(seconds) }
      const next = transition(run, observation, plan)
      tally.observations += 1
      if (!next) continue
      tally.changes += 1
      expectLegal(run, next.next, findings)
      for (const action of next.actions) {
        if (action.kind !== 'grant-lease') continue
        const holder = leases.get(action.attempt) ?? action.jobUid
        findings.expect(holder === action.jobUid, () => `attempt ${action.attempt} was granted to two Jobs`)
        leases.set(action.attempt, holder)
      }
      run = next.next
    }
    tally.lives += 1
    if (isTerminal(run.state)) tally.ended += 1
    if (tally.lives % 20_000 === 0) say(`${tally.observations} of ${count} observations`)
  }
  return { counts: tally, violations: findings.all() }
}

function expectLegal(before: Run, after: Run, findings: Findings): void {
  const { state } = before
  if (after.state !== state) {
    findings.expect(
      (runStateMayFollow[state] as readonly string[]).includes(after.state),
      () => `${state} became ${after.state}`,
    )
    const isCorrected = !isTerminal(state) || before.attempts.at(-1)?.failureClass === 'LOST'
    findings.expect(isCorrected, () => `${state} had ended and became ${after.state}`)
  }
  findings.expect(after.attempt >= before.attempt, () => `attempt ${before.attempt} became ${after.attempt}`)
}
