import { type Attempt, type FailureClass, failureClasses, type Run } from '../../domain/run.ts'
import type { Decision } from './decision.ts'
import { disruption, isDisrupted } from './failure.ts'
import type { Sight } from './sight.ts'

/**
 * How often the cluster took a pod away from the attempt's Job, which replaced it. A pod may be gone before anybody looked at it again, so each is
 * remembered from when it is first seen: one that is gone while the Job goes on with another was taken away, for its own failure would have
 * ended the Job.
 */
export function disruptions(decision: Decision, { attempt, job, ended, pods, livePods }: Sight): number {
  const prefix = `pod of attempt ${attempt.attempt}: `
  for (const pod of pods) {
    decision.since(`${prefix}${pod.uid}`)
    const taken = isDisrupted(pod) ? disruption(pod) : undefined
    if (taken) decision.since(`${takenPrefix(attempt)}${taken.failureClass}: ${pod.uid}`)
  }
  const failed = pods.filter((pod) => isDisrupted(pod) && pod.phase === 'Failed').length
  if (!job || ended || livePods.length === 0) return Math.max(attempt.disruptions, failed)
  const present = new Set(pods.map((pod) => `${prefix}${pod.uid}`))
  const gone = Object.keys(decision.run.waitingSince).filter((key) => key.startsWith(prefix) && !present.has(key))
  return Math.max(attempt.disruptions, failed + gone.length)
}

/** As what the attempt was disrupted last, also where the pod has gone since; undefined where nobody saw a pod that said so. */
export function lastDisruption({ waitingSince }: Run, attempt: Pick<Attempt, 'attempt'>): FailureClass | undefined {
  const prefix = takenPrefix(attempt)
  const seen = Object.entries(waitingSince).filter(([key]) => key.startsWith(prefix))
  const [newest] = seen.sort(([, one], [, other]) => (one < other ? 1 : -1))
  const told = newest?.[0].slice(prefix.length).split(':')[0]
  return failureClasses.find((one) => one === told)
}

function takenPrefix({ attempt }: Pick<Attempt, 'attempt'>): string {
  return `taken from attempt ${attempt} as `
}
