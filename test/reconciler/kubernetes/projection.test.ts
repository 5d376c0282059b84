import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SeenApplication, SeenJob, SeenPod } from '../../../domain/observation.ts'
import type { ApiObject } from '../../../reconciler/sources/kubernetes/projection/api-object.ts'
import { seenApplication } from '../../../reconciler/sources/kubernetes/projection/application.ts'
import { seenEvent } from '../../../reconciler/sources/kubernetes/projection/event.ts'
import { seenJob } from '../../../reconciler/sources/kubernetes/projection/job.ts'
import { seenLease } from '../../../reconciler/sources/kubernetes/projection/lease.ts'
import { seenPod } from '../../../reconciler/sources/kubernetes/projection/pod.ts'
import { seenQueueing } from '../../../reconciler/sources/kubernetes/projection/workload.ts'

/** Objects as an API server 1.36 had them, by what they went through. */
function captured(kind: 'jobs' | 'pods'): Readonly<Record<string, ApiObject>> {
  const path = join(import.meta.dirname, '..', '..', 'support', 'kubernetes', `captured-${kind}.json`)
  return JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, ApiObject>>
}
const jobs = captured('jobs')
const pods = captured('pods')

describe('a Job', () => {
  const table: readonly (readonly [name: string, expected: Partial<SeenJob>])[] = [
    ['complete', { succeeded: 1, failed: 0, active: 0, suspended: false }],
    ['oom', { succeeded: 0, failed: 1, active: 0 }],
    ['running', { active: 1, ready: 1, conditions: [] }],
    ['suspended', { suspended: true, startedAt: null, active: 0 }],
    // A disruption is ignored: it counts as no failure.
    ['evicted', { failed: 0, conditions: [] }],
  ]
  it.each(table)('%s', (name, expected) => {
    expect(seenJob(jobs[name] ?? {})).toMatchObject({ ...expected, attempt: 1, workload: null })
  })

  it('that ended says so by the time of its condition, also when it failed and has no completionTime', () => {
    const failed = seenJob(jobs['oom'] ?? {})?.conditions.find((one) => one.type === 'Failed')
    expect(failed).toMatchObject({ status: 'True', reason: 'BackoffLimitExceeded' })
    expect(failed?.at).toBeInstanceOf(Date)
  })

  const strangers: readonly (readonly [sentence: string, labels: Readonly<Record<string, string>>])[] = [
    ['without our labels', { app: 'trainer' }],
    ['without an attempt', { 'job-id': 'a' }],
    ['whose attempt is no number', { 'job-id': 'a', 'specyard.dev/attempt': 'first' }],
    ['whose attempt is none', { 'job-id': 'a', 'specyard.dev/attempt': '0' }],
  ]
  it.each(strangers)('%s is none of ours', (_sentence, labels) => {
    expect(seenJob({ metadata: { name: 'a', labels } })).toBeUndefined()
  })

  it('of which nothing is told yet is seen all the same', () => {
    const labels = { 'job-id': 'a', 'specyard.dev/attempt': '2' }
    expect(seenJob({ metadata: { labels } })).toMatchObject({ runId: 'a', attempt: 2, active: 0, conditions: [] })
  })
})

describe('a pod', () => {
  const table: readonly (readonly [name: string, expected: object])[] = [
    ['complete', { phase: 'Succeeded', containers: [{ state: 'terminated', exitCode: 0, reason: 'Completed' }] }],
    ['oom', { phase: 'Failed', containers: [{ state: 'terminated', exitCode: 137, reason: 'OOMKilled' }] }],
    ['image', { phase: 'Pending', containers: [{ state: 'waiting', reason: 'ImagePullBackOff', startedAt: null }] }],
    [
      'unschedulable',
      { phase: 'Pending', node: null, containers: [{ name: 'trainer', state: 'waiting', reason: '' }] },
    ],
    ['deleting', { phase: 'Running', deletionRequestedAt: expect.any(Date) as Date }],
    ['evicted', { phase: 'Failed', deletionRequestedAt: null }],
  ]
  it.each(table)('%s', (name, expected) => {
    expect(seenPod(pods[name] ?? {})).toMatchObject({ ...expected, completionIndex: null })
  })

  const pod = (more: ApiObject['metadata'], containers: readonly object[] = []): SeenPod | undefined =>
    seenPod({
      metadata: { labels: { 'job-id': 'a', 'specyard.dev/attempt': '1', ...more?.labels }, ...without(more) },
      spec: { containers: [{ name: 'trainer' }] },
      status: { containerStatuses: containers },
    } as ApiObject)
  const without = ({ labels: _labels, ...rest }: NonNullable<ApiObject['metadata']> = {}) => rest

  it('of a multi-node training has its index, by label or, where the API server is old, by annotation', () => {
    const index = { 'batch.kubernetes.io/job-completion-index': '3' }
    expect(pod({ labels: index })?.completionIndex).toBe(3)
    expect(pod({ annotations: index })?.completionIndex).toBe(3)
    expect(pod({ labels: { 'batch.kubernetes.io/job-completion-index': 'x' } })?.completionIndex).toBeNull()
  })

  it('belongs to the Job that controls it, and to none once that has let go of it', () => {
    expect(pod({ ownerReferences: [{ kind: 'Job', uid: 'u', controller: true }] })?.jobUid).toBe('u')
    expect(pod({ ownerReferences: [{ kind: 'Job', uid: 'u' }] })?.jobUid).toBeNull()
    expect(pod({})?.jobUid).toBeNull()
  })

  it('that has lost its Job still says which it was', () => {
    const labels = { 'batch.kubernetes.io/controller-uid': 'u' }
    expect(pod({ labels })).toMatchObject({ jobUid: null, formerJobUid: 'u' })
    const owned = pod({ labels, ownerReferences: [{ kind: 'Job', uid: 'u', controller: true }] })
    expect(owned?.formerJobUid).toBeUndefined()
  })

  it('was asked to go before its grace began', () => {
    const seen = pod({ deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 })
    expect(seen?.deletionRequestedAt).toEqual(new Date('2026-01-01T00:00:00Z'))
  })

  it('names the signal that ended its trainer, and the digest of its image however the runtime writes it', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    for (const imageID of [`docker.io/library/busybox@${digest}`, digest, `docker-pullable://x/y:1@${digest}`]) {
      const state = { terminated: { exitCode: 137, signal: 9 } }
      expect(pod({}, [{ name: 'trainer', imageID, state }])?.containers).toMatchObject([
        { signal: 'SIGKILL', imageDigest: digest },
      ])
    }
  })
})

describe('an Application', () => {
  const [first, second] = ['a'.repeat(40), 'b'.repeat(40)]
  const application = (status: object): SeenApplication | undefined =>
    seenApplication({ metadata: { name: 'dev.language.jobs' }, status } as ApiObject)
  const history = [{ revision: first }]
  const succeeded = { phase: 'Succeeded', message: 'successfully synced', syncResult: { revision: first } }
  const immutable = 'Job.batch "x" is invalid: spec.template: field is immutable'
  const failedResource = { kind: 'Job', name: 'x', status: 'SyncFailed', message: immutable }

  const table: readonly (readonly [sentence: string, status: object, expected: Partial<SeenApplication>])[] = [
    ['that is new says nothing yet', {}, { appliedRevision: null, phase: 'Unknown', message: '' }],
    [
      'that was synced is at the commit of its last operation',
      { sync: { status: 'Synced', revision: first }, operationState: succeeded, history },
      { appliedRevision: first, phase: 'Succeeded' },
    ],
    [
      'whose next commit changed nothing is at that commit, without an operation',
      { sync: { status: 'Synced', revision: second }, operationState: succeeded, history },
      { appliedRevision: second, phase: 'Succeeded' },
    ],
    [
      'that was compared with a commit and differs is not at that commit',
      { sync: { status: 'OutOfSync', revision: second }, operationState: succeeded, history },
      { appliedRevision: first, phase: 'Succeeded' },
    ],
    [
      'that failed has the message of the operation, and the commit before',
      {
        sync: { status: 'OutOfSync', revision: second },
        operationState: { phase: 'Failed', message: 'one object failed', syncResult: { revision: second } },
        health: { status: 'Healthy' },
        history,
      },
      { appliedRevision: first, phase: 'Failed', message: 'one object failed', syncFailed: true },
    ],
    [
      'that tries again says so, with what failed so far',
      {
        operationState: {
          phase: 'Running',
          message: 'Retrying attempt #2',
          syncResult: {
            revision: second,
            resources: [failedResource, { kind: 'Job', status: 'Synced', message: 'ok' }],
          },
        },
        history,
      },
      {
        appliedRevision: first,
        phase: 'Running',
        message: `Retrying attempt #2; Job x: ${immutable}`,
        syncFailed: true,
      },
    ],
    [
      'does not say the same twice',
      {
        operationState: {
          phase: 'Failed',
          message: `failed: ${immutable}`,
          syncResult: { revision: second, resources: [failedResource] },
        },
      },
      { phase: 'Failed', message: `failed: ${immutable}` },
    ],
    [
      'whose files cannot be read has failed, whatever its last operation says',
      {
        sync: { status: 'Unknown' },
        operationState: succeeded,
        conditions: [{ type: 'ComparisonError', message: 'helm template failed' }],
        health: { status: 'Healthy' },
        history,
      },
      { appliedRevision: first, phase: 'Failed', message: 'ComparisonError: helm template failed', syncFailed: true },
    ],
    [
      'with a warning has not failed',
      {
        sync: { status: 'Synced', revision: first },
        operationState: succeeded,
        conditions: [{ type: 'SharedResourceWarning', message: 'x' }],
      },
      { phase: 'Succeeded' },
    ],
    [
      'that failed and was mended by a commit that undid it stands well',
      {
        sync: { status: 'Synced', revision: second },
        operationState: { phase: 'Failed', message: 'failed', syncResult: { revision: first } },
      },
      { appliedRevision: second, phase: 'Succeeded' },
    ],
    [
      'with several sources is at the commit of the first, the deploy repository',
      { operationState: { phase: 'Succeeded', syncResult: { revisions: [second, first] } } },
      { appliedRevision: second },
    ],
  ]
  it.each(table)('%s', (_sentence, status, expected) => {
    expect(application(status)).toMatchObject(expected)
  })

  it('that syncs, or stands well, has not failed', () => {
    const syncing = { operationState: { phase: 'Running', message: 'waiting', retryCount: 0 } }
    const fine = { sync: { status: 'Synced', revision: first }, operationState: succeeded }
    expect([syncing, fine].map((status) => application(status)?.syncFailed)).toEqual([undefined, undefined])
    expect(application({ operationState: { phase: 'Running', retryCount: 1 } })?.syncFailed).toBe(true)
  })

  it('has a message of bounded length', () => {
    const message = 'x'.repeat(100_000)
    expect(application({ operationState: { phase: 'Failed', message } })?.message).toHaveLength(4096)
  })
})

describe('an event', () => {
  it('of the old kind is counted and has two times', () => {
    const at = { firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:01:00Z', eventTime: null }
    const about = { involvedObject: { kind: 'Pod', name: 'a' }, source: { component: 'kubelet' } }
    expect(
      seenEvent({ type: 'Warning', reason: 'BackOff', message: 'again', count: 7, ...at, ...about } as ApiObject),
    ).toEqual({
      type: 'Warning',
      reason: 'BackOff',
      message: 'again',
      object: 'Pod/a',
      component: 'kubelet',
      count: 7,
      firstAt: new Date(at.firstTimestamp),
      lastAt: new Date(at.lastTimestamp),
    })
  })

  it('of the new kind has its own time, and a series when it came again', () => {
    const event = { eventTime: '2026-01-01T00:00:00.5Z', reportingComponent: 'default-scheduler', firstTimestamp: null }
    const series = { count: 3, lastObservedTime: '2026-01-01T00:02:00Z' }
    expect(seenEvent(event as ApiObject)).toMatchObject({ count: 1, component: 'default-scheduler', type: 'Normal' })
    expect(seenEvent({ ...event, series } as ApiObject)).toMatchObject({
      count: 3,
      firstAt: new Date(event.eventTime),
      lastAt: new Date(series.lastObservedTime),
    })
  })
})

it('a lease that somebody else wrote belongs to no Job and its token counts as expired', () => {
  const lease = seenLease({ namespace: 'n', runId: 'a', attempt: 1 }, { metadata: { name: 'callback-token-a-1' } })
  expect(lease).toEqual({ runId: 'a', attempt: 1, jobUid: '', tokenExpiresAt: new Date(0) })
})

it('a Workload of anything but a Job is none of ours', () => {
  const owned = (kind: string): ApiObject => ({ metadata: { ownerReferences: [{ kind, uid: 'u', controller: true }] } })
  expect(seenQueueing(owned('Pod'))).toBeUndefined()
  expect(seenQueueing(owned('Job'))).toEqual({ jobUid: 'u', workload: { name: '', conditions: [] } })
})
