import type { SeenCondition, SeenJob } from '../../domain/observation.ts'

/*
 * Why a queue holds a Job back, in the queue's own words: the first of these that holds.
 *
 * | Workload                                        | reason and message                                           |
 * |-------------------------------------------------|--------------------------------------------------------------|
 * | there is none                                   | Suspended                                                    |
 * | Evicted                                         | of the eviction; the message also says what it waits for now |
 * | QuotaReserved is False                          | of that                                                      |
 * | QuotaReserved, and Admitted is False            | of that: an admission check is waited for                    |
 * | anything else                                   | Suspended                                                    |
 */

export interface QueueReason {
  readonly reason: string
  readonly message: string
}

/** @see https://kueue.sigs.k8s.io/docs/concepts/workload/ */
export function whySuspended({ workload }: SeenJob): QueueReason {
  if (!workload) return { reason: 'Suspended', message: 'the Job is suspended, as a queue does until it admits it' }
  const condition = (type: string): SeenCondition | undefined => workload.conditions.find((one) => one.type === type)
  const [evicted, reserved, admitted] = [condition('Evicted'), condition('QuotaReserved'), condition('Admitted')]
  const waiting = [reserved, admitted].find((one) => one?.status === 'False')
  if (evicted?.status === 'True') {
    const messages = [evicted.message, waiting?.message ?? ''].filter((one) => one !== '')
    return { reason: evicted.reason || 'Evicted', message: [...new Set(messages)].join('; ') }
  }
  if (waiting) return { reason: waiting.reason || 'Suspended', message: waiting.message }
  return { reason: 'Suspended', message: `the queue has not decided about Workload ${workload.name} yet` }
}
