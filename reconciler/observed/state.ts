import type { SeenPod, SeenRefusal } from '../../domain/observation.ts'
import type { FailureClass, RunState } from '../../domain/run.ts'
import { decide } from '../decide/decision.ts'
import { endingOf } from '../decide/ending.ts'
import { decisivePod, failedByItself } from '../decide/failure.ts'
import { defaultRules } from '../decide/rules.ts'
import { conditionOf, look, type Sight, trainerOf } from '../decide/sight.ts'
import { situation } from '../decide/waiting.ts'
import { observationOf, planOf, runOfJob } from './as-run.ts'
import type { ForeignJob } from './cluster.ts'

/** Where a Job stands, in Specyard's words. */
export interface JobState {
  readonly state: RunState
  /** A word, e.g. `Unschedulable` or, of a failure, its class; empty when there is none. */
  readonly reason: string
  /** In the words of whoever knows: Kueue, the scheduler, the kubelet. */
  readonly message: string
  /** Of a Job that failed, and of one that goes on although it will never get anywhere. */
  readonly failureClass: FailureClass | null
  /** Specyard would have ended it: Kubernetes does not. */
  readonly endless: boolean
  /** Since when it is in this state. */
  readonly since: Date | null
  /** When its trainer first began. */
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  /** The pod that says most: the one that failed by itself first, else the newest. */
  readonly pod: SeenPod | null
}

/** Nobody waits for a trainer's own word: it has none. */
const rules = { ...defaultRules, decisionGraceSeconds: 0 }

/**
 * Where a Job of anybody stands, by the rules that decide about runs of Specyard.
 * @param pods of this Job
 * @param refusals of any Jobs
 */
export function stateOf(
  job: ForeignJob,
  pods: readonly SeenPod[],
  refusals: readonly SeenRefusal[],
  at: Date,
): JobState {
  const run = runOfJob(job, pods)
  const seen = observationOf(job, pods, refusals, at)
  const plan = planOf(job)
  const sight = look(run, seen) as Sight
  const ending = endingOf(sight, seen, plan, rules, decide(run, at))
  const began = sight.pods.flatMap((pod) => trainerOf(pod)?.startedAt ?? [])
  const base = { startedAt: earliest(began), pod: decisivePod(sight.pods) ?? null }
  if (ending && sight.ended && sight.livePods.length === 0) {
    const { outcome: state, failureClass, at: endedAt } = ending
    const message = state === 'SUCCEEDED' ? '' : ending.message
    return {
      ...base,
      state,
      reason: failureClass ?? '',
      message,
      failureClass,
      endless: false,
      since: endedAt,
      endedAt,
    }
  }
  const now = betweenTries(job, sight) ?? situation(sight, seen, plan)
  const since = sinceOf(now.state, sight)
  if (!ending) return { ...base, ...now, failureClass: null, endless: false, since, endedAt: null }
  const { failureClass, message } = ending
  return { ...base, ...now, message, failureClass, endless: true, since, endedAt: null }
}

/** Its Job makes another pod after a pause, which for the reconciler's own Jobs never happens. */
function betweenTries({ asked, seen }: ForeignJob, { livePods, pods, ended }: Sight) {
  const last = pods.filter(failedByItself).at(-1)
  if (ended || seen.suspended || livePods.length > 0 || !last || asked.backoffLimit === 0) return undefined
  const { exitCode, reason } = trainerOf(last) ?? {}
  const how = exitCode == null ? last.reason || 'for no reason that is told' : `with exit code ${exitCode}`
  const told = reason && reason !== 'Error' ? ` (${reason})` : ''
  const tries = `try ${Math.max(1, seen.failed)} of ${asked.backoffLimit + 1}`
  return {
    state: 'QUEUED' as const,
    reason: 'BackOff',
    message: `${tries} ended ${how}${told}; the Job makes another pod after a pause`,
  }
}

function sinceOf(state: RunState, { job, livePods }: Sight): Date | null {
  if (!job) return null
  if (state === 'RUNNING') return earliest(livePods.flatMap((pod) => trainerOf(pod)?.startedAt ?? [])) ?? job.createdAt
  const suspended = conditionOf(job.conditions, 'Suspended')
  return (job.suspended ? suspended?.at : livePods.at(-1)?.createdAt) ?? job.createdAt
}

function earliest(times: readonly Date[]): Date | null {
  return times.reduce<Date | null>((first, one) => (first && first <= one ? first : one), null)
}
