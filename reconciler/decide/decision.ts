import type { Action, RunEvent } from '../../domain/action.ts'
import { actionKey } from '../../domain/action.ts'
import { canonicalJson, type Json } from '../../domain/canonical.ts'
import type { Attempt, Run } from '../../domain/run.ts'
import { secondsBetween } from './rules.ts'

/** What a transition makes of a record: its next value, what is told, and what is asked for. */
export interface Transition {
  readonly next: Run
  readonly events: readonly RunEvent[]
  readonly actions: readonly Action[]
}

/** A question is asked again when the world has not followed it for this long: an operation may have been dropped. */
const askAgainSeconds = 60

export interface Decision {
  readonly run: Run
  set(fields: Partial<Run>): void
  setAttempt(attempt: number, fields: Partial<Attempt>): void
  tell(type: string, reason: string, message: string, details?: RunEvent['details']): void
  /** Asks for an action, once until the world has had time to follow; false when it was asked for just before. */
  ask(action: Action): boolean
  /** Since when something is waited for; begins now when it is new. */
  since(what: string): Date
  forget(what: string): void
  result(): Transition | undefined
}

/** Collects what a transition decides about one run at one moment. */
export function decide(before: Run, now: Date): Decision {
  let run = before
  const events: RunEvent[] = []
  const actions: Action[] = []
  const remember = (key: string): void => {
    run = { ...run, waitingSince: { ...run.waitingSince, [key]: now.toISOString() } }
  }
  return {
    get run() {
      return run
    },
    set: (fields) => {
      run = { ...run, ...fields }
    },
    setAttempt: (attempt, fields) => {
      run = { ...run, attempts: run.attempts.map((one) => (one.attempt === attempt ? { ...one, ...fields } : one)) }
    },
    tell: (type, reason, message, details = {}) => {
      events.push({ type, reason, message, attempt: run.attempt, details })
    },
    ask: (action) => {
      const key = `asked ${actionKey(action)}`
      const asked = run.waitingSince[key]
      if (asked !== undefined && secondsBetween(new Date(asked), now) < askAgainSeconds) return false
      remember(key)
      actions.push(action)
      return true
    },
    since: (what) => {
      if (run.waitingSince[what] === undefined) remember(what)
      return new Date(run.waitingSince[what] ?? now)
    },
    forget: (what) => {
      if (run.waitingSince[what] === undefined) return
      run = {
        ...run,
        waitingSince: Object.fromEntries(Object.entries(run.waitingSince).filter(([key]) => key !== what)),
      }
    },
    result: () => {
      if (actions.length === 0 && events.length === 0 && sameRecord(before, run)) return undefined
      return { next: run, events, actions }
    },
  }
}

/** The database gives keys back in an order of its own, which is no change. */
function sameRecord(left: Run, right: Run): boolean {
  return left === right || canonical(left) === canonical(right)
}

function canonical(run: Run): string {
  return canonicalJson(JSON.parse(JSON.stringify(run)) as Json)
}
