import type { RunObservation, SeenApplication, SeenJob, SeenPod } from '../../domain/observation.ts'
import type { AttemptPod } from '../../domain/run.ts'
import type { Decision } from './decision.ts'
import { madeBy, trainerOf } from './sight.ts'

/** Of an attempt with more, those that were seen first are kept. */
const podsMost = 256

/**
 * Remembers where attempts went while their objects are there: the commit that their Job was made from, the pods, their nodes and images.
 * Of the Job that has the lease alone: what a ghost of it went through is not the attempt's.
 */
export function rememberPlaces(decision: Decision, seen: RunObservation): void {
  for (const { attempt, jobUid, retiredAt, appliedRevision, pods } of decision.run.attempts) {
    if (jobUid === null || retiredAt !== null) continue
    const job = seen.jobs.find(({ uid }) => uid === jobUid)
    const revision = appliedRevision ?? (job && seen.application ? revisionOf(job, seen.application) : null)
    const merged = withSeen(
      pods,
      seen.pods.filter((pod) => pod.attempt === attempt && madeBy(pod) === jobUid),
    )
    if (revision !== appliedRevision || merged !== pods)
      decision.setAttempt(attempt, { appliedRevision: revision, pods: merged })
  }
}

/** An operation made the Job when it lists it, or when it ended after the Job was made: what a later one leaves there is of its commit too. */
function revisionOf({ name, createdAt }: SeenJob, { operation, phase }: SeenApplication): string | null {
  if (operation === null) return null
  if (operation.jobs.includes(name)) return operation.revision
  const endedLater = operation.finishedAt !== null && operation.finishedAt > createdAt
  return phase === 'Succeeded' && endedLater ? operation.revision : null
}

function withSeen(known: readonly AttemptPod[], seen: readonly SeenPod[]): readonly AttemptPod[] {
  const byUid = new Map(known.map((pod) => [pod.uid, pod]))
  let isNew = false
  for (const pod of [...seen].sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime())) {
    const before = byUid.get(pod.uid)
    if (before === undefined && byUid.size >= podsMost) continue
    const node = pod.node ?? before?.node ?? null
    const imageDigest = trainerOf(pod)?.imageDigest ?? before?.imageDigest ?? null
    if (before && before.node === node && before.imageDigest === imageDigest) continue
    byUid.set(pod.uid, { name: pod.name, uid: pod.uid, index: pod.completionIndex, node, imageDigest })
    isNew = true
  }
  return isNew ? [...byUid.values()] : known
}
