import type { RunObservation, SeenApplication, SeenPod } from '../../domain/observation.ts'
import {
  at,
  complete,
  container,
  done,
  exited,
  failedCondition,
  job,
  lease,
  ledgerRun,
  pod,
  seen,
} from '../support/reconciler.ts'

/** What is seen one after the other, and what a run is then: its state, the reason, and the actions asked for on the way. */
export type Row = readonly [
  sentence: string,
  observations: readonly RunObservation[],
  state: string,
  reason: string,
  actions: readonly string[],
]

export const running = seen({ jobs: [job()], pods: [pod()], leases: [lease] })
export const granted = seen({ jobs: [job()] })
export const cancelling = {
  ...ledgerRun,
  status: 'cancelling',
  cancelReason: 'SUPERSEDED',
  supersededBy: 'another',
} as const
export const disrupted = pod({
  phase: 'Failed',
  conditions: [
    { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'evicted', at: at(5) },
  ],
  containers: [container({ state: 'terminated', exitCode: 137, finishedAt: at(5) })],
})

export const rejected = pod({
  phase: 'Failed',
  reason: 'OutOfcpu',
  message: 'Node didn’t have enough resource: cpu',
  containers: [container({ state: 'waiting', startedAt: null })],
})
export const orphan = (of = pod()): SeenPod => ({ ...of, jobUid: null, formerJobUid: 'job-1' })
export const failedSync: SeenApplication = {
  ...{ name: 'dev.language.jobs', appliedRevision: null, operation: null, phase: 'Failed' },
  ...{ message: 'Job letters: denied by policy', syncFailed: true },
}

export const ordinary: readonly Row[] = [
  ['a committed run without a Job waits for the cluster to make it', [seen()], 'PENDING', 'Committed', []],
  [
    'a run whose environment has no cluster says so',
    [seen({ cluster: 'not-connected' })],
    'PENDING',
    'ClusterNotConnected',
    [],
  ],
  [
    'a Job that is seen gets the lease once and waits for it',
    [granted, granted],
    'QUEUED',
    'WaitingForLease',
    ['grant-lease'],
  ],
  [
    'no lease is granted before the records have caught up',
    [seen({ jobs: [job()], recordCaughtUp: false })],
    'QUEUED',
    'WaitingForRecords',
    [],
  ],
  [
    'no lease is granted while pods of the predecessor live',
    [seen({ jobs: [job()], otherPodsOfName: [pod({ runId: 'other' })] })],
    'QUEUED',
    'WaitingForPredecessor',
    [],
  ],
  [
    'a suspended Job is queued',
    [seen({ jobs: [job({ suspended: true })], leases: [lease] })],
    'QUEUED',
    'Suspended',
    [],
  ],
  [
    'a pod that cannot be scheduled tells the scheduler’s reason',
    [
      seen({
        jobs: [job()],
        leases: [lease],
        pods: [
          pod({
            phase: 'Pending',
            containers: [],
            conditions: [
              { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no GPU', at: at(2) },
            ],
          }),
        ],
      }),
    ],
    'QUEUED',
    'Unschedulable',
    [],
  ],
  ['a running pod makes the run running', [granted, running], 'RUNNING', '', ['grant-lease']],
  [
    'done with success and the pods gone is a success, and its model version is registered',
    [
      granted,
      running,
      seen({
        jobs: [job({ conditions: [complete(9)] })],
        pods: [exited(0)],
        leases: [lease],
        said: [done('SUCCEEDED')],
      }),
    ],
    'SUCCEEDED',
    '',
    ['grant-lease', 'register', 'conclude'],
  ],
  [
    'done with success while the process lives is waited for',
    [granted, running, { ...running, said: [done('SUCCEEDED')] }],
    'RUNNING',
    'Finishing',
    ['grant-lease'],
  ],
  [
    'done with success wins over a process that never exits',
    [granted, running, { ...running, said: [done('SUCCEEDED')], at: at(60) }],
    'SUCCEEDED',
    '',
    ['grant-lease', 'register', 'conclude'],
  ],
  [
    'done with success wins over a later exit code',
    [
      granted,
      running,
      seen({
        at: at(60),
        jobs: [job({ conditions: [failedCondition(9)] })],
        pods: [exited(1)],
        leases: [lease],
        said: [done('SUCCEEDED')],
      }),
    ],
    'SUCCEEDED',
    '',
    ['grant-lease', 'register', 'conclude'],
  ],
  [
    'a Job that failed without a done is waited for',
    [
      granted,
      running,
      seen({ at: at(12), jobs: [job({ conditions: [failedCondition(9)] })], pods: [exited(17)], leases: [lease] }),
    ],
    'RUNNING',
    'Finishing',
    ['grant-lease'],
  ],
  [
    'a Job that failed is tried again after the grace and the backoff',
    [
      granted,
      running,
      seen({ at: at(60), jobs: [job({ conditions: [failedCondition(9)] })], pods: [exited(17)], leases: [lease] }),
      seen({ at: at(95), jobs: [job({ conditions: [failedCondition(9)] })], pods: [exited(17)], leases: [lease] }),
    ],
    'PENDING',
    'Backoff',
    ['grant-lease', 'retry'],
  ],
  [
    'a Job that completed without a done is a success after the grace',
    [
      granted,
      running,
      seen({ at: at(60), jobs: [job({ conditions: [complete(9)] })], pods: [exited(0)], leases: [lease] }),
    ],
    'SUCCEEDED',
    '',
    ['grant-lease', 'conclude'],
  ],
]
