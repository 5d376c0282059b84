import type { JobObject, PodEnd, PodObject, StoredCondition } from '../store/objects.ts'
import type { FailureRule } from '../store/pod-spec.ts'

/**
 * What the Job controller does with a Job, from what is there now:
 *
 * | the Job's pods | the Job |
 * | --- | --- |
 * | none | gets one |
 * | one that has not ended | waits; after activeDeadlineSeconds fails with DeadlineExceeded |
 * | one that succeeded | Complete, CompletionsReached |
 * | failed, and a rule says Ignore | gets another, after a short backoff |
 * | failed, and a rule says FailJob | Failed, PodFailurePolicy |
 * | more failed than backoffLimit | Failed, BackoffLimitExceeded |
 * | failed otherwise | gets another, after a backoff |
 *
 * A Job that is failing says FailureTarget first and Failed when none of its pods lives.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/job/
 */
export interface JobDecision {
  /** The conditions that the Job gets now, beside those it has. */
  readonly conditions: readonly StoredCondition[]
  readonly createPod: boolean
  /** Whether the pods that live are to be stopped. */
  readonly stopPods: boolean
}

const nothing: JobDecision = { conditions: [], createPod: false, stopPods: false }

const disruptionBackoff = { first: 250, most: 10_000 } as const
const failureBackoff = { first: 10_000, most: 360_000 } as const

/** @param pods all pods of this Job, oldest first, those that have ended too */
export function decideJob(job: JobObject, pods: readonly PodObject[], now: Date): JobDecision {
  if (job.deletionRequestedAt !== null || job.spec.suspend || isFinished(job)) return nothing
  const living = pods.filter((pod) => pod.end === null)
  const condition = (type: string, reason: string, message: string): StoredCondition => ({
    type,
    status: 'True',
    reason,
    message,
    at: now.toISOString(),
  })
  const failing = job.conditions.find((one) => one.type === 'FailureTarget')
  if (failing) {
    if (living.length > 0) return { ...nothing, stopPods: true }
    return { ...nothing, conditions: [condition('Failed', failing.reason, failing.message)] }
  }
  if (pods.some((pod) => pod.end?.phase === 'Succeeded')) {
    const words = ['CompletionsReached', 'Reached expected number of succeeded pods'] as const
    return { ...nothing, conditions: [condition('SuccessCriteriaMet', ...words), condition('Complete', ...words)] }
  }
  const failure = findFailure(job, pods) ?? findOverdue(job, now)
  if (failure) {
    const failed = living.length === 0 ? [condition('Failed', failure.reason, failure.message)] : []
    const conditions = [condition('FailureTarget', failure.reason, failure.message), ...failed]
    return { conditions, createPod: false, stopPods: living.length > 0 }
  }
  return { ...nothing, createPod: living.length === 0 && backoffIsOver(job, pods, now) }
}

export function isFinished(job: JobObject): boolean {
  return job.conditions.some((one) => (one.type === 'Complete' || one.type === 'Failed') && one.status === 'True')
}

/** Pods whose failure counts towards backoffLimit: those that no rule ignores. */
export function countedFailures(job: JobObject, pods: readonly PodObject[]): number {
  return pods.filter((pod) => pod.end?.phase === 'Failed' && ruleFor(job, pod, pod.end)?.rule.action !== 'Ignore')
    .length
}

interface Failure {
  readonly reason: string
  readonly message: string
}

function findFailure(job: JobObject, pods: readonly PodObject[]): Failure | undefined {
  for (const pod of pods) {
    if (pod.end?.phase !== 'Failed') continue
    const matched = ruleFor(job, pod, pod.end)
    if (matched?.rule.action === 'FailJob') return { reason: 'PodFailurePolicy', message: matched.message }
  }
  if (pods.some((pod) => pod.end?.reason === 'DeadlineExceeded')) return overdue
  if (countedFailures(job, pods) > job.spec.backoffLimit) {
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  }
  return undefined
}

const overdue: Failure = { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }

function findOverdue(job: JobObject, now: Date): Failure | undefined {
  const deadline = deadlineOf(job)
  return deadline !== null && now >= deadline ? overdue : undefined
}

/** When the Job is stopped at the latest. */
export function deadlineOf(job: JobObject): Date | null {
  if (job.startedAt === null || job.spec.activeDeadlineSeconds === null) return null
  return new Date(Date.parse(job.startedAt) + job.spec.activeDeadlineSeconds * 1000)
}

/** The first rule that matches, and what the Job says of it. */
function ruleFor(job: JobObject, pod: PodObject, end: PodEnd): { rule: FailureRule; message: string } | undefined {
  for (const [index, rule] of job.spec.podFailurePolicy.rules.entries()) {
    const why = matchRule(rule, end)
    if (why === undefined) continue
    const message = `${why} for pod ${pod.namespace}/${pod.name} matching ${rule.action} rule at index ${index}`
    return { rule, message }
  }
  return undefined
}

function matchRule(rule: FailureRule, end: PodEnd): string | undefined {
  const conditions = rule.onPodConditions ?? []
  if (end.disrupted && conditions.some((one) => one.type === 'DisruptionTarget' && one.status === 'True')) {
    return 'condition DisruptionTarget'
  }
  const codes = rule.onExitCodes
  if (codes === undefined) return undefined
  const matched = end.containers.find((container) => {
    if (container.exitCode === 0) return false
    if (codes.containerName !== undefined && codes.containerName !== container.name) return false
    return codes.values.includes(container.exitCode) === (codes.operator === 'In')
  })
  return matched && `Container ${matched.name} failed with exit code ${matched.exitCode}`
}

/** A pod that the node took down is replaced soon, one that failed by itself after a growing while. */
function backoffIsOver(job: JobObject, pods: readonly PodObject[], now: Date): boolean {
  const last = pods.at(-1)?.end
  if (!last) return true
  const failures = countedFailures(job, pods)
  const disruptions = pods.length - failures
  const { first, most } = last.disrupted ? disruptionBackoff : failureBackoff
  const times = last.disrupted ? disruptions : failures
  const backoff = Math.min(first * 2 ** Math.max(0, times - 1), most)
  return now.getTime() >= Date.parse(last.finishedAt) + backoff
}
