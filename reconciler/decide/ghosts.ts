import type { RunObservation, SeenJob, SeenPod } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Attempt, FailureClass } from '../../domain/run.ts'
import type { Decision } from './decision.ts'
import { conditionOf, isAlive } from './sight.ts'

/*
 * What is in the cluster of a run and should not be: Jobs that somebody or something made again, and pods that have lost their Job. Each is told
 * once, in every state of the run, since they come most often when it has ended: by a TTL, a reverted commit, a restored backup.
 */

/** Jobs of attempts that have had their Job, or are over: their trainers never start. */
export function reportGhosts(decision: Decision, seen: RunObservation, plan: TrainingPlan): void {
  for (const job of seen.jobs) {
    const attempt = decision.run.attempts.find((one) => one.attempt === job.attempt)
    if (!attempt || !isGhost(attempt, job, seen)) continue
    const key = `ghost ${job.uid}`
    if (decision.run.waitingSince[key] === undefined) {
      decision.since(key)
      const why =
        attempt.jobUid === null
          ? `although attempt ${attempt.attempt} is over`
          : `although the lease belongs to ${attempt.jobUid}`
      decision.tell('ghost', 'GhostJob', `Job ${job.name} was created again (${job.uid}), ${why}: it trains nothing`)
    }
    if (attempt.endedAt !== null) barLease(decision, attempt, job, seen, plan)
  }
}

/**
 * A lease that no Job has, for an attempt that is over: without any its ghost would wait for one and hold its node as long as its deadline allows.
 * The attempt is open again until the ghost is gone.
 */
function barLease(
  decision: Decision,
  { attempt, jobUid, retiredAt }: Attempt,
  job: SeenJob,
  seen: RunObservation,
  plan: TrainingPlan,
): void {
  if (retiredAt !== null) decision.setAttempt(attempt, { retiredAt: null })
  const leased = seen.leases.some((one) => one.attempt === attempt)
  if (leased || hasEnded(job) || job.deletionRequestedAt !== null || plan.lease.mode !== 'required') return
  const { environment, id: runId } = decision.run
  decision.ask({
    ...{ kind: 'bar-lease', environment, runId, attempt },
    namespace: plan.namespace,
    jobUid: jobUid ?? '',
  })
}

function isGhost({ attempt, jobUid, endedAt, retiredAt }: Attempt, job: SeenJob, seen: RunObservation): boolean {
  if (jobUid !== null) return job.uid !== jobUid
  // After a restore nobody remembers which Job it was: one that has ended, or has the lease, is the attempt's own.
  const leased = seen.leases.some((one) => one.attempt === attempt && one.jobUid === job.uid)
  return endedAt !== null && (retiredAt !== null || !(leased || hasEnded(job)))
}

function hasEnded(job: SeenJob): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(job.conditions, type) !== undefined)
}

/** Failures of attempts whose Jobs may go on: the trainer would start when a node is back, a quota frees, or a pod is taken away and replaced. */
const outlived: readonly (FailureClass | null)[] = ['NODE_LOST', 'QUOTA', 'STALLED', 'PREEMPTED', 'EVICTED']

/** Until the Job of such an attempt is gone nothing may start by its lease. */
export function revokeLeases(decision: Decision, seen: RunObservation, plan: TrainingPlan): void {
  for (const { attempt, failureClass, endedAt, jobUid } of decision.run.attempts) {
    if (!outlived.includes(failureClass) || endedAt === null || jobUid === null) continue
    const job = seen.jobs.find((one) => one.uid === jobUid)
    const leased = seen.leases.some((one) => one.attempt === attempt && one.jobUid === jobUid)
    if (!job || hasEnded(job) || !leased) continue
    const { environment, id: runId } = decision.run
    decision.ask({ kind: 'bar-lease', environment, namespace: plan.namespace, runId, attempt, jobUid })
  }
}

/** Pods that go on although their Job was taken from them: nobody but a person can end them. */
export function reportOrphans(decision: Decision, seen: RunObservation, plan: TrainingPlan): void {
  for (const pod of seen.pods.filter((one) => isAlive(one) && isOrphan(one))) {
    const key = `orphan ${pod.uid}`
    if (decision.run.waitingSince[key] !== undefined) continue
    decision.since(key)
    const { gpus, gpuResource } = plan.resources
    const held = gpus > 0 ? ` and ${gpus} ${gpuResource}` : ''
    decision.tell(
      'orphan',
      'OrphanPod',
      `pod ${pod.name} has lost its Job and goes on; it holds its place on node ${pod.node ?? '(none yet)'}${held}. To end it, delete the pod`,
    )
  }
}

export function isOrphan(pod: SeenPod): boolean {
  return pod.jobUid === null && pod.formerJobUid !== undefined
}
