import { describe, expect, it } from 'vitest'
import type { LedgerRun } from '../../domain/ledger.ts'
import type { ClusterView, SeenEvent, SeenPod } from '../../domain/observation.ts'
import { Fault } from '../../domain/fault.ts'
import type { Evidence, Run } from '../../domain/run.ts'
import type { Look } from '../../reconciler/look.ts'
import { observe } from '../../reconciler/observe.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'
import { at, container, exited, failedCondition, job, ledgerRun, newRun, plan, pod } from '../support/reconciler.ts'

const told = (object: string): SeenEvent => ({
  type: 'Warning',
  reason: 'BackOff',
  message: `of ${object}`,
  object,
  component: 'kubelet',
  count: 2,
  firstAt: at(1),
  lastAt: at(2),
})

/** A cluster with one log and two events for each object; what is not needed for evidence is not there. */
function source(more: Partial<ClusterSource> = {}): ClusterSource {
  const { logTail, events }: Pick<ClusterSource, 'logTail' | 'events'> = {
    logTail: async (one) => [`log of ${one.name}`],
    events: async ({ uid }) => [told(uid), told(`${uid} again`)],
  }
  return { logTail, events, ...more } as ClusterSource
}

async function evidence(
  view: Pick<ClusterView, 'jobs' | 'pods'>,
  cluster = source(),
  fields: Partial<Run['attempts'][number]> = {},
  status: LedgerRun['status'] = 'active',
): Promise<Evidence | undefined> {
  const run = await newRun()
  const attempts = run.attempts.map((one) => ({ ...one, jobUid: 'job-1', ...fields }))
  const whole: ClusterView = { at: at(20), leases: [], applications: [], endpoints: [], ...view }
  const look: Look = {
    at: at(20),
    ledger: {
      ...{ endpoints: [], models: [], environments: [] },
      runs: [
        {
          format: 1,
          environment: run.environment,
          project: run.project,
          name: run.name,
          runs: [{ ...ledgerRun, status }],
        },
      ],
    },
    view: () => whole,
    cluster: () => cluster,
  }
  return (await observe({ ...run, attempts }, [], look, true, plan)).evidence.get(1)
}

const failed = job({ conditions: [failedCondition(9)] })
const failedPod = exited(3)

describe('evidence of an attempt', () => {
  it('has the events of its Job and of its pod', async () => {
    const { events, logTail, unobtainable } = (await evidence({ jobs: [failed], pods: [failedPod] })) as Evidence
    expect(events.map((one) => one['object'])).toEqual(['job-1', 'job-1 again', 'pod-uid-1', 'pod-uid-1 again'])
    expect(events[0]).toEqual({ ...told('job-1'), firstAt: at(1).toISOString(), lastAt: at(2).toISOString() })
    expect([logTail, unobtainable]).toEqual([['log of pod-1'], []])
  })

  it('says what could not be had, and has the rest', async () => {
    const refused = source({ events: () => Promise.reject(new Error('the API server refused')) })
    const taken = await evidence({ jobs: [failed], pods: [failedPod] }, refused)
    expect(taken).toMatchObject({ exitCode: 3, events: [], unobtainable: ['events: the API server refused'] })
  })

  it('is taken later when its log cannot be had for now, and without it when the patience is over', async () => {
    const away = new Fault('CLUSTER_UNREACHABLE', 'its node gave no log', { retry: 'soon' })
    const silent = source({ logTail: () => Promise.reject(away) })
    expect(await evidence({ jobs: [failed], pods: [failedPod] }, silent)).toBeUndefined()
    const longAgo = job({ conditions: [failedCondition(-101)] })
    expect(await evidence({ jobs: [longAgo], pods: [failedPod] }, silent)).toMatchObject({
      exitCode: 3,
      logTail: [],
      unobtainable: ['log: its node gave no log'],
    })
  })

  it('is taken of a pod that waits for ever when its attempt has ended: it is taken away only then', async () => {
    const waiting = pod({ phase: 'Pending', containers: [container({ state: 'waiting', reason: 'ImagePullBackOff' })] })
    expect(await evidence({ jobs: [job()], pods: [waiting] })).toBeUndefined()
    expect(await evidence({ jobs: [job()], pods: [waiting] }, source(), { endedAt: at(19) })).toMatchObject({
      ...{ podName: 'pod-1', reason: 'ImagePullBackOff', node: 'node-1' },
    })
  })

  it('is taken of a cancelled run while its pod is still there', async () => {
    const taken = await evidence({ jobs: [job()], pods: [pod()] }, source(), {}, 'cancelling')
    expect(taken).toMatchObject({ exitCode: null, podName: 'pod-1', logTail: ['log of pod-1'] })
    expect(await evidence({ jobs: [], pods: [] }, source(), {}, 'cancelling')).toBeUndefined()
  })

  it('has a bounded number of events, the newest', async () => {
    const many = source({
      events: async ({ uid }) => Array.from({ length: 50 }, (_, number) => told(`${uid} ${number}`)),
    })
    const events = (await evidence({ jobs: [failed], pods: [failedPod] }, many))?.events
    expect(events).toHaveLength(60)
    expect(events?.at(-1)).toMatchObject({ object: 'pod-uid-1 49' })
  })

  it('is of the pod that failed by itself, when the Job then ended the others of its nodes', async () => {
    const ended = (name: string, second: number, more: Partial<SeenPod>): SeenPod =>
      pod({
        ...{ name, uid: name, phase: 'Failed', ...more },
        containers: [
          container({ state: 'terminated', exitCode: more.deletionRequestedAt ? 143 : 7, finishedAt: at(second) }),
        ],
      })
    const pods = [
      ended('rank-0', 9, { deletionRequestedAt: at(7), createdAt: at(4) }),
      ended('rank-1', 6, { createdAt: at(3) }),
    ]
    expect(await evidence({ jobs: [failed], pods })).toMatchObject({
      podName: 'rank-1',
      exitCode: 7,
      logTail: ['log of rank-1'],
    })
  })

  it('is not of a ghost that was stopped, but of the pod that lost its Job', async () => {
    const ghost = pod({ name: 'ghost', uid: 'ghost', jobUid: 'job-2', phase: 'Failed', createdAt: at(8) })
    const orphan = { ...exited(0), jobUid: null }
    const jobs = [{ ...failed, uid: 'job-2' }]
    expect(await evidence({ jobs, pods: [ghost] })).toBeUndefined()
    const taken = await evidence({ jobs, pods: [ghost, orphan] }, source(), { endedAt: at(9) })
    expect(taken).toMatchObject({ podName: 'pod-1', exitCode: 0, jobConditions: [] })
  })
})
