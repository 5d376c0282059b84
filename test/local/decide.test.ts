import { describe, expect, it } from 'vitest'
import { decideJob, type JobDecision } from '../../local/jobs/decide.ts'
import type { JobObject, PodEnd, PodObject } from '../../local/store/objects.ts'
import { jobSchema } from '../../local/store/pod-spec.ts'
import { type JobWishes, jobManifest } from '../support/local-manifests.ts'

const start = new Date('2026-01-01T00:00:00Z')
const later = (seconds: number): Date => new Date(start.getTime() + seconds * 1000)

function job(wishes: JobWishes = {}, more: Partial<JobObject> = {}): JobObject {
  const { metadata, spec } = jobSchema.parse(JSON.parse(jobManifest({ leased: true, ...wishes })))
  return {
    format: 1,
    application: 'dev.language.jobs',
    environment: 'dev',
    uid: 'uid',
    name: metadata.name,
    namespace: 'ml',
    labels: metadata.labels,
    annotations: {},
    spec,
    specHash: '',
    createdAt: start.toISOString(),
    startedAt: start.toISOString(),
    deletionRequestedAt: null,
    conditions: [],
    ...more,
  }
}

function pod(end: Partial<PodEnd> | null): PodObject {
  const { spec } = job()
  return {
    format: 1,
    uid: 'pod',
    name: 'train-abcde',
    namespace: 'ml',
    environment: 'dev',
    labels: {},
    owner: { kind: 'Job', uid: 'uid', runId: '', attempt: 1 },
    spec: spec.template.spec,
    imageFolder: null,
    forced: {},
    deadlineAt: null,
    createdAt: start.toISOString(),
    deletionRequestedAt: null,
    stopRequestedAt: null,
    disruptionRequestedAt: null,
    imageDigest: null,
    end: end && {
      phase: 'Failed',
      reason: '',
      message: '',
      disrupted: false,
      containers: [],
      unknown: null,
      finishedAt: start.toISOString(),
      ...end,
    },
  }
}

const exit = (name: string, exitCode: number): Partial<PodEnd> => ({
  containers: [
    { name, exitCode, signal: null, startError: null, startedAt: '', finishedAt: start.toISOString(), message: '' },
  ],
})
const living = pod(null)
const succeeded = pod({ phase: 'Succeeded' })
const failing = { type: 'FailureTarget', status: 'True', reason: 'PodFailurePolicy', message: 'm', at: '' } as const
const countEverything = { backoffLimit: 2, rules: [] }

describe('the Job controller', () => {
  const cases: readonly [string, JobObject, readonly PodObject[], Date, readonly string[], Partial<JobDecision>][] = [
    ['a Job without a pod gets one', job(), [], start, [], { createPod: true }],
    ['a Job whose pod lives waits', job(), [living], start, [], {}],
    ['a suspended Job gets no pod', job({}, { spec: { ...job().spec, suspend: true } }), [], start, [], {}],
    ['a Job that is being deleted gets no pod', job({}, { deletionRequestedAt: '' }), [], start, [], {}],
    [
      'a pod that succeeded completes its Job',
      job(),
      [succeeded],
      start,
      ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'],
      {},
    ],
    [
      'a failure fails a Job without backoff',
      job(),
      [pod(exit('trainer', 1))],
      later(60),
      ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded'],
      {},
    ],
    [
      'the exit code of another container does not match a rule',
      job(),
      [pod(exit('trainer', 75))],
      later(60),
      ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded'],
      {},
    ],
    [
      'the lease that says no fails the Job',
      job(),
      [pod(exit('lease', 75))],
      later(60),
      ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy'],
      {},
    ],
    ['a disrupted pod is replaced', job(), [pod({ disrupted: true })], later(60), [], { createPod: true }],
    ['a disrupted pod is replaced after a moment, not at once', job(), [pod({ disrupted: true })], start, [], {}],
    [
      'a disruption goes before an exit code',
      job(),
      [pod({ ...exit('lease', 75), disrupted: true })],
      later(60),
      [],
      { createPod: true },
    ],
    [
      'eleven disruptions count as no failure',
      job(),
      Array.from({ length: 11 }, () => pod({ disrupted: true })),
      later(60),
      [],
      { createPod: true },
    ],
    [
      'a disruption that no rule ignores counts',
      job({ rules: [] }),
      [pod({ disrupted: true })],
      later(60),
      ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded'],
      {},
    ],
    [
      'a failure within the backoff limit waits for its backoff',
      job(countEverything),
      [pod(exit('trainer', 1))],
      later(9),
      [],
      {},
    ],
    ['and is then tried again', job(countEverything), [pod(exit('trainer', 1))], later(10), [], { createPod: true }],
    [
      'the second backoff is longer',
      job(countEverything),
      [pod(exit('trainer', 1)), pod(exit('trainer', 1))],
      later(19),
      [],
      {},
    ],
    [
      'a Job that was active for too long stops its pod first',
      job({ deadlineSeconds: 5 }),
      [living],
      later(5),
      ['FailureTarget DeadlineExceeded'],
      { stopPods: true },
    ],
    [
      'a Job that waits for too long fails too',
      job({ deadlineSeconds: 5 }),
      [pod({ disrupted: true })],
      later(5),
      ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded'],
      {},
    ],
    [
      'a pod that its keeper ended at the deadline fails the Job',
      job(),
      [pod({ reason: 'DeadlineExceeded' })],
      later(1),
      ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded'],
      {},
    ],
    [
      'a Job that is failing waits for its pod to end',
      job({}, { conditions: [failing] }),
      [living],
      start,
      [],
      { stopPods: true },
    ],
    ['and has then failed', job({}, { conditions: [failing] }), [pod({})], start, ['Failed PodFailurePolicy'], {}],
    [
      'a Job that has failed changes no more',
      job({}, { conditions: [failing, { ...failing, type: 'Failed' }] }),
      [succeeded],
      start,
      [],
      {},
    ],
  ]
  it.each(cases)('%s', (_sentence, given, pods, now, conditions, decision) => {
    const decided = decideJob(given, pods, now)
    expect(decided.conditions.map(({ type, reason }) => `${type} ${reason}`)).toEqual(conditions)
    expect({ createPod: decided.createPod, stopPods: decided.stopPods }).toEqual({
      createPod: false,
      stopPods: false,
      ...decision,
    })
  })
})
