import { at, container, done, exited, failedCondition, job, lease, pod, seen } from '../support/reconciler.ts'
import { cancelling, disrupted, failedSync, granted, orphan, rejected, type Row, running } from './transitions.ts'

/* What the world does to a run: failures, disruptions, and what others take away. */

export const inTrouble: readonly Row[] = [
  [
    'a passed deadline is not tried again unless the spec says so',
    [
      granted,
      running,
      seen({
        at: at(60),
        jobs: [job({ conditions: [failedCondition(9, 'DeadlineExceeded')] })],
        pods: [exited(143)],
        leases: [lease],
      }),
    ],
    'FAILED',
    'DEADLINE',
    ['grant-lease', 'conclude'],
  ],
  [
    'an image that cannot be had fails the run after its grace',
    [
      granted,
      ...[10, 400].map((seconds) =>
        seen({
          at: at(seconds),
          jobs: [job()],
          leases: [lease],
          pods: [pod({ phase: 'Pending', containers: [container({ state: 'waiting', reason: 'ImagePullBackOff' })] })],
        }),
      ),
    ],
    'FAILED',
    'IMAGE',
    ['grant-lease', 'conclude'],
  ],
  [
    'a missing Secret of its own fails the run only when the lease has been there',
    [
      granted,
      ...[10, 80].map((seconds) =>
        seen({
          at: at(seconds),
          jobs: [job()],
          leases: [lease],
          pods: [
            pod({
              phase: 'Pending',
              containers: [container({ state: 'waiting', reason: 'CreateContainerConfigError' })],
            }),
          ],
        }),
      ),
    ],
    'FAILED',
    'CONFIG',
    ['grant-lease', 'conclude'],
  ],
  [
    'a lease that the kubelet has not looked for again is no lack of configuration',
    [
      granted,
      ...[10, 80].map((seconds) =>
        seen({
          at: at(seconds),
          jobs: [job()],
          leases: [lease],
          pods: [
            pod({
              phase: 'Pending',
              containers: [
                container({ name: 'lease', init: true, state: 'waiting', reason: 'CreateContainerConfigError' }),
                container({ state: 'waiting', reason: 'PodInitializing' }),
              ],
            }),
          ],
        }),
      ),
    ],
    'QUEUED',
    'CreateContainerConfigError',
    ['grant-lease'],
  ],
  [
    'a pod that the kubelet rejects is a new attempt on the infrastructure budget',
    [
      granted,
      seen({ at: at(60), jobs: [job({ conditions: [failedCondition(9)] })], pods: [rejected], leases: [lease] }),
    ],
    'PENDING',
    'Backoff',
    ['grant-lease', 'retry'],
  ],
  [
    'a run whose manifest cannot be applied says so in the words of what applies it',
    [seen({ application: failedSync })],
    'PENDING',
    'SyncFailed',
    [],
  ],
  [
    'a pod that lost its Job trains on',
    [granted, running, seen({ at: at(100), jobs: [], pods: [orphan()], leases: [lease] })],
    'RUNNING',
    'Orphaned',
    ['grant-lease'],
  ],
  [
    'what a pod that lost its Job ends with counts after the grace of an end',
    [
      granted,
      running,
      seen({ at: at(20), pods: [orphan(exited(17))], leases: [lease] }),
      seen({ at: at(55), pods: [orphan(exited(17))], leases: [lease] }),
    ],
    'PENDING',
    'Backoff',
    ['grant-lease'],
  ],
  [
    'a trainer that reported its failure has failed, though its Job vanished',
    [granted, running, ...[20, 55].map((seconds) => seen({ at: at(seconds), said: [done('FAILED')] }))],
    'PENDING',
    'Backoff',
    ['grant-lease'],
  ],
  [
    'the grace of a vanished Job begins when nothing of it lives any more',
    [
      granted,
      running,
      seen({ at: at(20), pods: [pod()] }),
      seen({ at: at(100), pods: [pod()] }),
      seen({ at: at(110) }),
    ],
    'RUNNING',
    'Unobserved',
    ['grant-lease'],
  ],
  [
    'a disruption inside the Job puts a running run back into the queue',
    [
      granted,
      running,
      seen({
        jobs: [job()],
        leases: [lease],
        pods: [disrupted, pod({ name: 'pod-2', uid: '2', createdAt: at(6), phase: 'Pending', containers: [] })],
      }),
    ],
    'QUEUED',
    'Starting',
    ['grant-lease'],
  ],
  [
    'an eviction that ends the Job is a new attempt on the infrastructure budget',
    [
      granted,
      running,
      seen({ at: at(60), jobs: [job({ conditions: [failedCondition(9)] })], pods: [disrupted], leases: [lease] }),
    ],
    'PENDING',
    'Backoff',
    ['grant-lease', 'retry'],
  ],
  [
    'a Job that vanishes is unobserved during the grace',
    [granted, running, seen({ at: at(20) })],
    'RUNNING',
    'Unobserved',
    ['grant-lease'],
  ],
  [
    'a Job that is being deleted under its trainer is unobserved, and waits for nothing',
    [
      granted,
      running,
      seen({ at: at(20), jobs: [job({ deletionRequestedAt: at(19) })], leases: [lease] }),
      seen({ at: at(22) }),
    ],
    'RUNNING',
    'Unobserved',
    ['grant-lease'],
  ],
  [
    'a Job that is being deleted before it got the lease gets none',
    [seen({ jobs: [job({ deletionRequestedAt: at(9) })] })],
    'QUEUED',
    'WaitingForLease',
    [],
  ],
  [
    'a Job that vanishes is lost after the grace',
    [granted, running, seen({ at: at(20) }), seen({ at: at(100) })],
    'FAILED',
    'LOST',
    ['grant-lease', 'conclude'],
  ],
  [
    'a lost run whose trainer reports success after all is corrected',
    [granted, running, seen({ at: at(20) }), seen({ at: at(100) }), seen({ at: at(110), said: [done('SUCCEEDED')] })],
    'SUCCEEDED',
    '',
    ['grant-lease', 'conclude', 'register', 'conclude'],
  ],
  [
    'a cluster that does not answer changes nothing',
    [granted, running, seen({ cluster: 'unreachable' })],
    'RUNNING',
    '',
    ['grant-lease'],
  ],
  [
    'a cancelled run with pods is cancelling',
    [granted, running, { ...running, ledger: cancelling }],
    'RUNNING',
    'CANCELLING',
    ['grant-lease'],
  ],
  [
    'a cancelled run without pods is cancelled, and the ledger is told',
    [granted, running, seen({ ledger: cancelling })],
    'CANCELLED',
    'SUPERSEDED',
    ['grant-lease', 'conclude'],
  ],
  [
    'a cancelled run whose trainer had succeeded is a success',
    [granted, running, seen({ ledger: cancelling, said: [done('SUCCEEDED')] })],
    'SUCCEEDED',
    '',
    ['grant-lease', 'register', 'conclude'],
  ],
]
