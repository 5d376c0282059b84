import { randomUUID } from 'node:crypto'
import type { LeaseAction, RunEvent } from '../../domain/action.ts'
import type { Done, Heartbeat, TrainerEvent } from '../../domain/callback.ts'
import { sha256 } from '../../domain/canonical.ts'
import type { Endpoint } from '../../domain/endpoint.ts'
import type { LedgerModelVersion } from '../../domain/ledger.ts'
import { traceId } from '../../domain/names.ts'
import type { EndpointPlan, PlannedResources, TrainingPlan } from '../../domain/plan.ts'
import type { Publication } from '../../domain/publication.ts'
import type { Attempt, Run } from '../../domain/run.ts'
import type { PoolLike } from '../../records/pool.ts'
import type { CallbackMessage, Records } from '../../records/records.ts'

/** What the sentences about records work with: opened once for a file, emptied before each test. */
export interface TestRecords {
  readonly pool: PoolLike
  readonly records: Records
}

export const sampleDate = new Date('2026-03-01T12:00:00.123Z')

export function later(seconds: number): Date {
  return new Date(sampleDate.getTime() + seconds * 1000)
}

export function sampleAttempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    attempt: 1,
    jobName: `handbook-lm-1a2b3c4d-${changes.attempt ?? 1}`,
    jobUid: null,
    appliedRevision: null,
    pods: [],
    state: 'PENDING',
    failureClass: null,
    leaseGrantedAt: null,
    startedAt: null,
    endedAt: null,
    disruptions: 0,
    checkpointUri: null,
    evidence: null,
    retiredAt: null,
    ...changes,
  }
}

export function sampleRun(changes: Partial<Run> = {}): Run {
  const id = changes.id ?? randomUUID()
  return {
    id,
    traceId: traceId(id),
    environment: 'dev',
    project: 'language',
    name: 'handbook-lm',
    digest: sha256(id),
    state: 'PENDING',
    reason: '',
    message: '',
    verdict: null,
    attempt: 1,
    attempts: [sampleAttempt()],
    retryCount: 0,
    disruptionCount: 0,
    specPath: 'specs/language/handbook.yaml',
    specLine: 1,
    sourceRepository: 'https://git.example.com/specs.git',
    sourceCommit: sha256(`commit of ${id}`).slice(0, 40),
    sourceDirty: false,
    progress: null,
    finalMetrics: null,
    trackerRunId: null,
    createdAt: sampleDate,
    queuedAt: null,
    startedAt: null,
    completedAt: null,
    nextAttemptAt: null,
    waitingSince: {},
    version: 0,
    ...changes,
  }
}

const resources: PlannedResources = {
  cpuRequestMillicores: 2000,
  cpuLimitMillicores: 4000,
  memoryRequestBytes: 8 * 2 ** 30,
  memoryLimitBytes: 16 * 2 ** 30,
  gpus: 1,
  gpuResource: 'nvidia.com/gpu',
  gpuType: 'T4',
  gpuPricePerHour: null,
  nodeSelector: {},
  tolerations: [],
}

export function samplePlan(run: Run): TrainingPlan {
  const { id, traceId: trace, digest, environment, project, name } = run
  return {
    ...{ format: 1, kind: 'TrainingJob', id, traceId: trace, digest, shortDigest: digest.slice(0, 8) },
    ...{ environment, project, name, cluster: 'local', namespace: project },
    source: { repository: null, commit: run.sourceCommit, dirty: false, path: run.specPath, line: run.specLine },
    image: 'ghcr.io/example/trainer',
    imageFolder: 'examples/handbook',
    command: ['python', 'train.py'],
    arguments: [],
    variables: [{ name: 'EPOCHS', value: '30' }],
    volumes: [],
    resources,
    nodes: 2,
    queue: null,
    lease: { mode: 'required', image: 'busybox' },
    retry: { maxRetries: 5, on: ['APP_EXIT'], backoffSeconds: 30, maxDisruptions: 10 },
    timeoutSeconds: 86_400,
    ttlSecondsAfterFinished: 3600,
    exitGraceSeconds: 30,
    nodeLostSeconds: 300,
    terminationGraceSeconds: 30,
    stall: { factor: 10, end: false },
    output: { model: 'handbook-lm', stage: 'experimental' },
    training: {
      task: { type: 'classification', numClasses: 3, classNames: ['치즈', '나비', '츄르'] },
      jobType: 'PRETRAIN',
      model: { name: 'resnet50', source: 'timm', pretrained: true },
      dataset: { ref: 'handbook', uri: 'examples/handbook/data', format: 'text', digest: `sha256:${sha256('data')}` },
      training: { epochs: 30, batchSize: 64, optimizer: 'sgd', scheduler: { type: 'cosine', warmupEpochs: 2 } },
    },
  }
}

export const sampleEvent: RunEvent = {
  type: 'state',
  reason: 'Committed',
  message: 'the manifest of attempt 1 is committed',
  attempt: 1,
  details: { commit: 'abc' },
}

export function leaseAction(run: Run, changes: Partial<LeaseAction<'grant-lease'>> = {}): LeaseAction<'grant-lease'> {
  return {
    ...{ kind: 'grant-lease', environment: run.environment, namespace: 'language', runId: run.id, attempt: 1 },
    jobUid: 'job-uid-1',
    ...changes,
  }
}

/** Adds a run as the ledger would; returns it as it is recorded. */
export async function addRun({ records }: TestRecords, changes: Partial<Run> = {}): Promise<Run> {
  const run = sampleRun(changes)
  await records.runs.create(run, samplePlan(run), sampleEvent)
  return readRun(records, run.id)
}

export async function readRun(records: Records, id: string): Promise<Run> {
  const run = await records.runs.get(id)
  if (run === undefined) throw new Error(`run ${id} is not recorded`)
  return run
}

/** Applies a change to a run as it is recorded now; returns it as it is recorded then. */
export async function changeRun({ records }: TestRecords, id: string, changes: Partial<Run>): Promise<Run> {
  const applied = await records.runs.apply({
    next: { ...(await readRun(records, id)), ...changes },
    events: [],
    actions: [],
  })
  if (!applied) throw new Error(`the change of run ${id} was not applied`)
  return readRun(records, id)
}

const samplePod = { attempt: 1, podUid: 'pod-1', sequence: 1 }
type Sent = Partial<typeof samplePod> & { readonly at?: Date }

export function heartbeat(runId: string, sent: Sent & Partial<Heartbeat>): CallbackMessage {
  const { attempt, podUid, sequence, at, ...said } = { ...samplePod, at: sampleDate, ...sent }
  const body: Heartbeat = {
    ...{ step: 10, epoch: null, totalEpochs: null, loss: 2.5, accuracy: null, validationLoss: null },
    ...{ validationAccuracy: null, gpuUtilization: null, memoryUsageGb: null, metrics: {} },
    ...said,
  }
  return { kind: 'heartbeat', sender: { runId, attempt, podUid, sequence }, body, bodyHash: hashOf(body), at }
}

export function trainerEvent(runId: string, sent: Sent & Partial<TrainerEvent>): CallbackMessage {
  const { attempt, podUid, sequence, at, ...said } = { ...samplePod, at: sampleDate, ...sent }
  const body: TrainerEvent = { type: 'log', epoch: null, step: null, message: null, uri: null, metrics: {}, ...said }
  return { kind: 'event', sender: { runId, attempt, podUid, sequence }, body, bodyHash: hashOf(body), at }
}

export function done(runId: string, sent: Sent & Partial<Done>): CallbackMessage {
  const { attempt, podUid, sequence, at, ...said } = { ...samplePod, at: sampleDate, ...sent }
  const body: Done = { outcome: 'SUCCEEDED', message: null, trackerRunId: null, metrics: {}, artifacts: [], ...said }
  return { kind: 'done', sender: { runId, attempt, podUid, sequence }, body, bodyHash: hashOf(body), at }
}

function hashOf(body: object): string {
  return sha256(JSON.stringify(body))
}

export function sampleVersion(changes: Partial<LedgerModelVersion> = {}): LedgerModelVersion {
  const version = changes.version ?? 1
  return {
    version,
    digest: `sha256:${sha256(`model ${version}`)}`,
    uri: `file:///models/handbook-lm/${version}`,
    sizeBytes: 5_000_000_000,
    stage: 'experimental',
    run: { id: '5b7562c8-c4fa-408e-bf04-e54f27381970', attempt: 2, environment: 'dev' },
    framework: 'custom',
    hyperparameters: { epochs: 30 },
    metrics: { test_perplexity: 4.5 },
    ...changes,
  }
}

export function sampleEndpoint(changes: Partial<Endpoint> = {}): Endpoint {
  return {
    id: randomUUID(),
    environment: 'dev',
    project: 'language',
    name: 'handbook',
    route: '/handbook',
    status: 'deploying',
    reason: 'Released',
    message: '',
    url: null,
    modelVersion: 1,
    modelDigest: sampleVersion().digest,
    model: 'handbook-lm',
    framework: 'fastapi',
    minReplicas: 1,
    maxReplicas: 4,
    specPath: 'specs/language/serving.yaml',
    specLine: 3,
    deploymentSpec: { model_ref: 'handbook-lm', model_family: 'char-loglinear', use_gpu: false },
    lastHealthCheck: null,
    revision: 1,
    version: 0,
    createdAt: sampleDate,
    updatedAt: sampleDate,
    ...changes,
  }
}

export function sampleEndpointPlan(endpoint: Endpoint): EndpointPlan {
  const { environment, project, name, specPath: path, specLine: line } = endpoint
  return {
    ...{ format: 1, kind: 'ServingEndpoint', digest: sha256(name), environment, project, name },
    source: { repository: null, commit: null, dirty: false, path, line },
    ...{ cluster: 'local', namespace: project, framework: 'fastapi', chartVersion: '0.1.0' },
    image: 'ghcr.io/example/handbook-api',
    imageFolder: null,
    ...{ command: ['uvicorn', 'app:app'], arguments: [], variables: [], volumes: [], port: 8080, route: '/handbook' },
    probe: { path: '/health', initialDelaySeconds: 1, periodSeconds: 5 },
    resources: { ...resources, gpus: 0 },
    replicas: { min: 1, max: 4 },
    autoscale: { targetLatencyMs: 200, gpuUtilization: null, cpuUtilization: 70 },
    rollout: { strategy: 'rolling', trafficSplit: null, maxSurge: 1, maxUnavailable: 0 },
    auth: { type: 'none', issuer: null },
    ingressHost: null,
    terminationGraceSeconds: 30,
    model: { ref: 'handbook-lm', family: 'char-loglinear', jobType: 'PRETRAIN', version: null },
    follow: 'newest',
    promptTemplate: { name: 'plain', text: '{{input}}' },
    deploymentSpec: {},
    rollbackPlan: 'the release before',
    destination: { name: 'in-cluster' },
  }
}

export function samplePublication(changes: Partial<Publication> = {}): Publication {
  const commit = changes.commit ?? sha256(randomUUID()).slice(0, 40)
  return {
    commit,
    parent: null,
    action: 'publication',
    subject: 'Publish specs',
    subjects: ['dev/language/handbook-lm'],
    sourceRepository: 'https://git.example.com/specs.git',
    sourceCommit: sha256(`source of ${commit}`).slice(0, 40),
    sourceDirty: false,
    requestId: randomUUID(),
    files: 12,
    at: sampleDate,
    ...changes,
  }
}
