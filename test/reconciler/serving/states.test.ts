import { describe, expect, it } from 'vitest'
import type { DeploymentStatus, ReleaseState } from '../../../domain/deployment.ts'
import type { Endpoint } from '../../../domain/endpoint.ts'
import type { EndpointLedger } from '../../../domain/ledger.ts'
import type { ClusterView, SeenApplication, SeenCandidate, SeenEndpoint } from '../../../domain/observation.ts'
import type { EndpointPlan } from '../../../domain/plan.ts'
import { endpointTransition } from '../../../reconciler/endpoints.ts'
import { later, sampleEndpoint, sampleEndpointPlan, sampleVersion } from '../../support/records.ts'

const endpoint = sampleEndpoint({ revision: 2, modelVersion: 2, modelDigest: sampleVersion({ version: 2 }).digest })
const plan: EndpointPlan = sampleEndpointPlan(endpoint)
const pinned = (version: number) => {
  const { digest, uri } = sampleVersion({ version })
  return { model: 'handbook-lm', version, digest, uri }
}
const ledger: EndpointLedger = {
  ...{ format: 1, environment: 'dev', project: 'language', name: 'handbook' },
  ...{ plan, pin: pinned(2), revision: 2, past: [] },
}
const rollingAt = (weight: number): EndpointLedger => ({
  ...ledger,
  rollout: { candidate: { revision: 3, plan, pin: pinned(3) }, weight, paused: false },
})
const rolling = rollingAt(25)
const promoted: EndpointLedger = {
  ...{ ...ledger, pin: pinned(3), revision: 3 },
  rollout: { candidate: { revision: 3, plan, pin: pinned(3) }, weight: 100, paused: false, promoted: true },
}

function seen(changes: Partial<SeenEndpoint> = {}): SeenEndpoint {
  return {
    ...{ environment: 'dev', project: 'language', name: 'handbook', namespace: 'ml', framework: 'fastapi' },
    ...{ resourceId: 'ml/handbook', modelDigest: pinned(2).digest, revision: 2, current: true, replicas: 2 },
    ...{ readyReplicas: 2, url: 'http://handbook.ml.svc', reason: '', message: '', failing: false },
    ...changes,
  }
}

function candidate(changes: Partial<SeenCandidate> = {}): SeenCandidate {
  return { ...seen({ modelDigest: pinned(3).digest, revision: 3, resourceId: 'ml/handbook-candidate' }), ...changes }
}

function application(changes: Partial<SeenApplication>): SeenApplication {
  const name = 'dev.language.endpoint.handbook'
  return { name, appliedRevision: null, phase: 'Succeeded', message: '', operation: null, ...changes }
}
const helm = 'ComparisonError: helm template failed: execution error at deployment.yaml:12: image is empty'
const broken = application({ phase: 'Failed', message: helm, syncFailed: true })

function view(endpoints: readonly SeenEndpoint[], applications: readonly SeenApplication[] = []): ClusterView {
  return { at: later(1), jobs: [], pods: [], leases: [], applications, endpoints }
}

interface Expected {
  readonly status: Endpoint['status']
  readonly reason?: string
  readonly message?: string
  readonly releases: readonly DeploymentStatus[]
}
const before = (status: Endpoint['status'], revision = 2): Endpoint => ({ ...endpoint, status, revision })
const crash = { current: false, failing: true, reason: 'CrashLoopBackOff', message: 'back-off restarting' }
const digestOnly = { revision: null }

type Row = readonly [sentence: string, Endpoint | undefined, EndpointLedger, ClusterView | null | undefined, Expected]
const table: readonly Row[] = [
  [
    'an endpoint without a model waits, and no release of it is open',
    undefined,
    { ...ledger, pin: null, revision: 0 },
    view([]),
    { status: 'waiting', reason: 'WAITING_FOR_MODEL', releases: [] },
  ],
  [
    'a release that is published and not made yet is deploying, its deployment validating',
    undefined,
    ledger,
    view([]),
    { status: 'deploying', reason: 'Published', releases: ['validating'] },
  ],
  [
    'a release is not healthy by the pods of the one before it, however well these do',
    before('healthy', 1),
    ledger,
    view([seen({ revision: 1 })]),
    { status: 'deploying', reason: 'Published', releases: ['validating'] },
  ],
  [
    'where objects do not say their release, another model digest tells',
    before('healthy', 1),
    ledger,
    view([seen({ ...digestOnly, modelDigest: pinned(1).digest })]),
    { status: 'deploying', releases: ['deploying'] },
  ],
  [
    'a release whose pods all answer is healthy',
    before('deploying'),
    ledger,
    view([seen()]),
    { status: 'healthy', releases: ['active'] },
  ],
  [
    'a release whose framework has not looked at it is deploying',
    before('deploying'),
    ledger,
    view([seen({ current: false, reason: 'NotObserved' })]),
    { status: 'deploying', reason: 'NotObserved', releases: ['deploying'] },
  ],
  [
    'a broken release is failed where nothing answers, with the framework’s words',
    before('deploying'),
    ledger,
    view([seen({ ...crash, readyReplicas: 0 })]),
    { status: 'failed', reason: 'CrashLoopBackOff', message: 'back-off restarting', releases: ['failed'] },
  ],
  [
    'a broken release is degraded where the one before still answers, and its deployment failed',
    before('healthy', 1),
    ledger,
    view([seen({ ...crash, modelDigest: pinned(2).digest })]),
    { status: 'degraded', reason: 'CrashLoopBackOff', message: 'back-off restarting', releases: ['failed'] },
  ],
  [
    'a release that had come up and crashes in part is degraded, its deployment still active',
    before('healthy'),
    ledger,
    view([seen(crash)]),
    { status: 'degraded', reason: 'CrashLoopBackOff', releases: ['active'] },
  ],
  [
    'a healthy endpoint with too few pods that answer is degraded',
    before('healthy'),
    ledger,
    view([seen({ readyReplicas: 0, reason: 'MinimumReplicasUnavailable' })]),
    { status: 'degraded', reason: 'MinimumReplicasUnavailable', releases: ['active'] },
  ],
  [
    'a value that Helm cannot render makes the endpoint failed with Helm’s words, though the release before runs',
    before('healthy', 1),
    ledger,
    view([seen({ revision: 1 })], [broken]),
    { status: 'failed', reason: 'SyncFailed', message: helm, releases: ['failed'] },
  ],
  [
    'the same where objects do not say their release, by what is recorded of the one before',
    before('healthy', 1),
    ledger,
    view([seen(digestOnly)], [broken]),
    { status: 'failed', reason: 'SyncFailed', releases: ['failed'] },
  ],
  [
    'trouble of an Application is none of a release that runs as it was made',
    before('healthy'),
    ledger,
    view([seen()], [broken]),
    { status: 'healthy', releases: ['active'] },
  ],
  [
    'the health that Argo CD gives decides nothing: an Application that stands well with no pods is deploying',
    before('deploying'),
    ledger,
    view([seen({ current: false, readyReplicas: 0, reason: 'Starting' })], [application({})]),
    { status: 'deploying', releases: ['deploying'] },
  ],
  [
    'an endpoint that may go down to zero, and has, is healthy',
    before('healthy'),
    { ...ledger, plan: { ...plan, replicas: { min: 0, max: 4 } } },
    view([seen({ replicas: 0, readyReplicas: 0 })]),
    { status: 'healthy', releases: ['active'] },
  ],
  [
    'one that may not, and has, is degraded',
    before('healthy'),
    ledger,
    view([seen({ replicas: 0, readyReplicas: 0 })]),
    { status: 'degraded', releases: ['active'] },
  ],
  [
    'where no cluster is connected a release is deploying and says so',
    undefined,
    ledger,
    undefined,
    { status: 'deploying', reason: 'ClusterNotConnected', releases: ['validating'] },
  ],
  [
    'a cluster that does not answer leaves an endpoint as it was',
    before('degraded'),
    ledger,
    null,
    { status: 'degraded', reason: 'ClusterUnreachable', releases: ['validating'] },
  ],
  [
    'during a rollout both releases are open, and the candidate is deploying until it has all traffic',
    before('healthy'),
    rolling,
    view([seen({ candidate: candidate() })]),
    { status: 'healthy', releases: ['active', 'deploying'] },
  ],
  [
    'a candidate with all of the traffic that answers is active',
    before('healthy'),
    rollingAt(100),
    view([seen({ candidate: candidate() })]),
    { status: 'healthy', releases: ['active', 'active'] },
  ],
  [
    'a promoted candidate is one release, which is deploying until its own pods serve',
    before('healthy'),
    promoted,
    view([seen({ candidate: candidate() })]),
    { status: 'deploying', releases: ['validating'] },
  ],
  [
    'and healthy when they do',
    before('deploying', 3),
    promoted,
    view([seen({ modelDigest: pinned(3).digest, revision: 3, candidate: candidate() })]),
    { status: 'healthy', releases: ['active'] },
  ],
  [
    'a candidate that nobody has made yet is validating',
    before('healthy'),
    rolling,
    view([seen()]),
    { status: 'healthy', releases: ['active', 'validating'] },
  ],
  [
    'a broken candidate makes the endpoint degraded with its words, and the stable release is untouched',
    before('healthy'),
    rolling,
    view([seen({ candidate: candidate({ ...crash, readyReplicas: 0 }) })]),
    {
      ...{ status: 'degraded', reason: 'CrashLoopBackOff', releases: ['active', 'failed'] },
      message: 'release 3, the candidate: back-off restarting',
    },
  ],
  [
    'a candidate that Helm cannot render fails alone',
    before('healthy'),
    rolling,
    view([seen()], [broken]),
    { status: 'degraded', reason: 'SyncFailed', releases: ['active', 'failed'] },
  ],
]

describe('the state of an endpoint', () => {
  it.each(table)('%s', (_sentence, was, entry, world, { releases, ...expected }) => {
    const decided = endpointTransition(was, undefined, entry, world, later(2))
    expect(decided?.next).toMatchObject(expected)
    expect(decided?.releases.map((one) => one.status)).toEqual(releases)
  })

  it('seen twice changes once', () => {
    const world = view([seen({ candidate: candidate() })])
    const first = endpointTransition(before('deploying'), undefined, rolling, world, later(2))
    const stored = { resource: first?.resource ?? null, releases: first?.releases ?? [] }
    expect(endpointTransition(first?.next, stored, rolling, world, later(3))).toBeUndefined()
    const scaled = view([seen({ replicas: 3, readyReplicas: 3, candidate: candidate() })])
    expect(endpointTransition(first?.next, stored, rolling, scaled, later(3))?.resource).toMatchObject({ replicas: 3 })
  })

  it('goes on from what is recorded where the cluster does not answer', () => {
    const known: ReleaseState = {
      ...{ revision: 2, modelVersion: 2, modelDigest: pinned(2).digest, status: 'active', health: 'healthy' },
      ...{ reason: '', message: '', url: 'http://handbook.ml.svc', weight: null },
    }
    const decided = endpointTransition(before('healthy'), { resource: null, releases: [known] }, ledger, null, later(2))
    expect(decided).toMatchObject({ resource: undefined, releases: [known] })
  })

  it('has a serving deployment once its workload is there, and none where there is no workload', () => {
    const there = endpointTransition(undefined, undefined, ledger, view([seen()]), later(2))
    expect(there?.resource).toMatchObject({
      ...{ framework: 'fastapi', resourceId: 'ml/handbook', namespace: 'ml', replicas: 2, minReplicas: 1 },
      autoscalingMetrics: { targetLatencyMs: 200, cpuUtilization: 70 },
    })
    expect(endpointTransition(undefined, undefined, ledger, view([], [broken]), later(2))?.resource).toBeNull()
  })

  it('tells that what is over was taken back while a hold says so', () => {
    const held = { ...ledger, hold: { why: 'ROLLED_BACK' as const } }
    expect(endpointTransition(undefined, undefined, held, view([seen()]), later(2))?.takenBack).toBe(true)
    expect(endpointTransition(undefined, undefined, ledger, view([seen()]), later(2))?.takenBack).toBe(false)
  })
})
