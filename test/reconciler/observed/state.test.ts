import { describe, expect, it } from 'vitest'
import type { SeenRefusal } from '../../../domain/observation.ts'
import type { ForeignJob, ForeignPod } from '../../../reconciler/observed/cluster.ts'
import { stateOf } from '../../../reconciler/observed/state.ts'
import type { ApiObject } from '../../../reconciler/sources/kubernetes/projection/api-object.ts'
import { foreignJob, foreignPod } from '../../../reconciler/sources/kubernetes/survey/objects.ts'
import {
  at,
  condition,
  ended,
  jobObject,
  type JobWishes,
  podObject,
  type PodWishes,
  time,
} from '../../support/observed.ts'

interface Seen {
  readonly job?: JobWishes
  readonly pods?: readonly PodWishes[]
  readonly refusals?: readonly SeenRefusal[]
  readonly workload?: readonly ReturnType<typeof condition>[]
}

function look({ job = {}, pods = [], refusals = [], workload }: Seen) {
  const seen = foreignJob(jobObject(job)) as ForeignJob
  const conditions = (workload ?? []).map((one) => ({ ...one, status: one.status as 'True', at: at(61) }))
  const queued = workload ? { ...seen, seen: { ...seen.seen, workload: { name: 'job-bert', conditions } } } : seen
  const made = pods.flatMap((one) => foreignPod(podObject(one) as ApiObject) ?? []) as readonly ForeignPod[]
  return stateOf(
    queued,
    made.map((one) => one.seen),
    refusals,
    at(1000),
  )
}

const failed = (reason = 'BackoffLimitExceeded', message = 'Job has reached the specified backoff limit') => ({
  status: { failed: 1, conditions: [condition('Failed', reason, message)] },
})
const waiting = (reason: string, message = '') => ({ waiting: { reason, message } })
const pending = { phase: 'Pending' } as const
const refused: SeenRefusal = { jobUid: 'uid-of-bert', message: 'exceeded quota: gpus', at: at(900) }

const table: readonly (readonly [string, Seen, Readonly<Record<string, unknown>>])[] = [
  [
    'a Job whose pod runs is RUNNING since its container began',
    { pods: [{}] },
    { state: 'RUNNING', reason: '', since: at(3), startedAt: at(3) },
  ],
  [
    'a Job that completed has SUCCEEDED, without waiting for a word that nobody will say',
    {
      job: { status: { succeeded: 1, conditions: [condition('Complete', 'CompletionsReached')] } },
      pods: [{ phase: 'Succeeded', state: ended(0) }],
    },
    { state: 'SUCCEEDED', reason: '', message: '', failureClass: null, endedAt: at(61) },
  ],
  [
    'a Job that completed and whose pods are gone has SUCCEEDED',
    { job: { status: { succeeded: 1, conditions: [condition('Complete')] } } },
    { state: 'SUCCEEDED' },
  ],
  [
    'a container that exits with a code is APP_EXIT',
    { job: failed(), pods: [{ phase: 'Failed', state: ended(3) }] },
    { state: 'FAILED', reason: 'APP_EXIT', failureClass: 'APP_EXIT', message: 'the trainer exited with code 3' },
  ],
  [
    'a container that is out of memory is OOM',
    { job: failed(), pods: [{ phase: 'Failed', state: ended(137, 'OOMKilled') }] },
    { state: 'FAILED', failureClass: 'OOM' },
  ],
  [
    'a pod that the scheduler preempts is PREEMPTED, though its container exits with 137',
    {
      job: failed(),
      pods: [
        {
          phase: 'Failed',
          state: ended(137),
          status: { conditions: [condition('DisruptionTarget', 'PreemptionByScheduler', 'preempted')] },
        },
      ],
    },
    { state: 'FAILED', failureClass: 'PREEMPTED', message: 'preempted' },
  ],
  [
    'a pod whose node is gone is NODE_LOST',
    {
      job: failed(),
      pods: [
        {
          phase: 'Failed',
          state: ended(137),
          status: { conditions: [condition('DisruptionTarget', 'DeletionByPodGC', 'node gone')] },
        },
      ],
    },
    { state: 'FAILED', failureClass: 'NODE_LOST' },
  ],
  [
    'a Job that ran too long is DEADLINE',
    { job: failed('DeadlineExceeded', 'Job was active longer than specified deadline') },
    { state: 'FAILED', failureClass: 'DEADLINE' },
  ],
  [
    'a Job that ran out of time because it might make no pod is QUOTA',
    { job: failed('DeadlineExceeded'), refusals: [refused] },
    { state: 'FAILED', failureClass: 'QUOTA' },
  ],
  [
    'a Job that may make no pod waits in the words of what refused it',
    { refusals: [refused] },
    { state: 'QUEUED', reason: 'FailedCreate', message: 'exceeded quota: gpus', endless: false },
  ],
  [
    'a Job behind a queue waits in Kueue’s words',
    {
      job: { spec: { suspend: true }, status: { conditions: [condition('Suspended', 'JobSuspended')] } },
      workload: [condition('QuotaReserved', 'Pending', 'insufficient unused quota', 'False')],
    },
    { state: 'QUEUED', reason: 'Pending', message: 'insufficient unused quota', since: at(61) },
  ],
  [
    'a Job that somebody suspended says so',
    { job: { spec: { suspend: true } } },
    { state: 'QUEUED', reason: 'Suspended' },
  ],
  [
    'a pod without a node waits in the words of the scheduler',
    {
      pods: [
        {
          ...pending,
          status: { conditions: [condition('PodScheduled', 'Unschedulable', '0/3 nodes are available', 'False')] },
        },
      ],
    },
    { state: 'QUEUED', reason: 'Unschedulable', message: '0/3 nodes are available' },
  ],
  [
    'an image that has been missing for a minute is waited for',
    { pods: [{ ...pending, made: 940, state: waiting('ErrImagePull', 'not found') }] },
    { state: 'QUEUED', reason: 'ErrImagePull', message: 'not found', endless: false },
  ],
  [
    'an image that has been missing for long never comes: the Job is QUEUED still, and would be ended as IMAGE',
    { pods: [{ ...pending, state: waiting('ImagePullBackOff', 'not found') }] },
    { state: 'QUEUED', reason: 'ImagePullBackOff', failureClass: 'IMAGE', endless: true },
  ],
  [
    'a Secret that has been missing for long never comes: CONFIG',
    { pods: [{ ...pending, state: waiting('CreateContainerConfigError', 'secret "s3" not found') }] },
    { state: 'QUEUED', failureClass: 'CONFIG', endless: true, message: 'secret "s3" not found' },
  ],
  [
    'a Job between two tries says which it was and how it ended',
    { job: { spec: { backoffLimit: 2 }, status: { failed: 1 } }, pods: [{ phase: 'Failed', state: ended(1) }] },
    {
      state: 'QUEUED',
      reason: 'BackOff',
      message: 'try 1 of 3 ended with exit code 1; the Job makes another pod after a pause',
    },
  ],
  [
    'a Job of several pods runs when all of them do',
    {
      job: { spec: { parallelism: 2, completions: 2 } },
      pods: [{ name: 'a' }, { ...pending, name: 'b', state: waiting('ContainerCreating') }],
    },
    { state: 'QUEUED', reason: 'ContainerCreating' },
  ],
  [
    'a work queue of which some pods have completed runs',
    {
      job: { spec: { parallelism: 2, completions: 9 } },
      pods: [{ name: 'a' }, { name: 'b', phase: 'Succeeded', state: ended(0) }],
    },
    { state: 'RUNNING' },
  ],
  [
    'a pod that should have ended long ago is on a node that nobody hears of: NODE_LOST',
    {
      pods: [
        {
          metadata: {
            uid: 'p',
            name: 'p',
            creationTimestamp: time(1),
            deletionTimestamp: time(100),
            labels: { 'batch.kubernetes.io/controller-uid': 'uid-of-bert' },
            ownerReferences: [{ kind: 'Job', uid: 'uid-of-bert', controller: true }],
          },
        },
      ],
    },
    { failureClass: 'NODE_LOST', endless: true },
  ],
  [
    'disruptions that the Job made good are no failure',
    {
      pods: [
        {
          name: 'a',
          phase: 'Failed',
          state: ended(137),
          status: { conditions: [condition('DisruptionTarget', 'EvictionByEvictionAPI')] },
        },
        { name: 'b', made: 100 },
      ],
    },
    { state: 'RUNNING', failureClass: null },
  ],
]

describe('a Job that is none of ours', () => {
  it.each(table)('%s', (_sentence, seen, expected) => {
    expect(look(seen)).toMatchObject(expected)
  })
})
