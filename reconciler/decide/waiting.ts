import type { RunObservation } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { RunState } from '../../domain/run.ts'
import { failedByItself } from './failure.ts'
import { isOrphan } from './ghosts.ts'
import { whySuspended } from './queue.ts'
import { refusalOf, refusedReason } from './refused.ts'
import { conditionOf, isAlive, type Sight, trainerOf } from './sight.ts'

export interface Situation {
  readonly state: RunState
  readonly reason: string
  readonly message: string
}

/** Where a run stands that has not ended: committed, waiting in the cluster for something, or running. */
export function situation(sight: Sight, seen: RunObservation, plan: Pick<TrainingPlan, 'nodes' | 'lease'>): Situation {
  const { job, livePods, attempt } = sight
  const orphans = job ? [] : livePods.filter(isOrphan)
  if (orphans.length > 0) {
    const names = orphans.map((pod) => pod.name).join(', ')
    return { state: 'RUNNING', reason: 'Orphaned', message: `its Job is not there; without it goes on: pod ${names}` }
  }
  if (!job) return { state: 'PENDING', ...whyNoJob(seen) }
  const running = livePods.filter((pod) => pod.phase === 'Running' && trainerOf(pod)?.state === 'running')
  // Pods of a multi-node training end one after the other, and the Job says that it ended a moment after its last pod.
  const completed = sight.pods.filter((pod) => pod.phase === 'Succeeded')
  if (running.length > 0 && running.length + completed.length >= plan.nodes)
    return { state: 'RUNNING', reason: '', message: '' }
  if (job.suspended) return { state: 'QUEUED', ...whySuspended(job) }
  if (livePods.length === 0 && (completed.length >= plan.nodes || sight.pods.some(failedByItself)))
    return finishing(sight)
  if (
    plan.lease.mode === 'required' &&
    !seen.leases.some((lease) => lease.attempt === attempt.attempt && lease.jobUid === job.uid)
  ) {
    const others = [...seen.otherPodsOfName, ...earlierPods(sight, seen)]
    if (others.length > 0) {
      const names = others.map((pod) => pod.name).join(', ')
      return {
        state: 'QUEUED',
        reason: 'WaitingForPredecessor',
        message: `the pods before it are not gone yet: ${names}`,
      }
    }
    if (!seen.recordCaughtUp)
      return {
        state: 'QUEUED',
        reason: 'WaitingForRecords',
        message: 'the records have not caught up with the ledger yet',
      }
    return { state: 'QUEUED', reason: 'WaitingForLease', message: 'no lease has been granted yet' }
  }
  const refusal = refusalOf(sight, seen, plan.nodes)
  if (refusal) return { state: 'QUEUED', reason: refusedReason, message: refusal.message }
  return { state: 'QUEUED', ...whyNotRunning(sight) }
}

/** Its pods have ended, and its Job does not say so yet. */
function finishing({ pods }: Sight): Situation {
  const began = pods.some((pod) => trainerOf(pod)?.startedAt != null)
  const message = 'its pods have ended; its Job has not said so yet'
  return { state: began ? 'RUNNING' : 'QUEUED', reason: 'Finishing', message }
}

/** Pods of the run's earlier attempts that have not ended: a new attempt never starts beside them. */
export function earlierPods(sight: Sight, seen: RunObservation) {
  return seen.pods.filter((pod) => pod.attempt < sight.attempt.attempt && isAlive(pod))
}

function whyNoJob(seen: RunObservation): { reason: string; message: string } {
  if (seen.cluster === 'not-connected')
    return { reason: 'ClusterNotConnected', message: 'no cluster is connected for its environment' }
  if (seen.cluster === 'unreachable') return { reason: 'ClusterUnreachable', message: 'the cluster does not answer' }
  if (seen.application?.syncFailed) return { reason: 'SyncFailed', message: seen.application.message }
  return { reason: 'Committed', message: 'committed; the cluster has not made the Job yet' }
}

function whyNotRunning(sight: Sight): { reason: string; message: string } {
  const pod = sight.livePods.at(-1)
  if (!pod) return { reason: 'WaitingForPod', message: 'the Job has no pod yet' }
  const unscheduled = pod.conditions.find(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'False',
  )
  if (unscheduled) return { reason: unscheduled.reason || 'Unschedulable', message: unscheduled.message }
  const waiting = pod.containers.find(
    (container) => container.state === 'waiting' && container.reason !== '' && container.reason !== 'PodInitializing',
  )
  if (waiting) return { reason: waiting.reason, message: waiting.message }
  if (conditionOf(pod.conditions, 'Initialized') === undefined && pod.containers.some((one) => one.init)) {
    return { reason: 'Initializing', message: 'its init containers run' }
  }
  return { reason: 'Starting', message: 'its containers start' }
}
