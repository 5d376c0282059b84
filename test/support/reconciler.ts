import type { LedgerRun } from '../../domain/ledger.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import type {
  RunObservation,
  SeenContainer,
  SeenJob,
  SeenLease,
  SeenPod,
  TrainerSaid,
} from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Run } from '../../domain/run.ts'
import { absorbLedger } from '../../reconciler/absorb.ts'
import type { NewRun, Records } from '../../records/records.ts'
import { compileTexts, publishTexts, training } from './compiler.ts'

export const start = new Date('2026-01-02T03:00:00Z')
export const at = (seconds: number): Date => new Date(start.getTime() + seconds * 1000)

export const plan = compileTexts([training()]).impact.starts[0] as TrainingPlan
const entry = readLedger(publishTexts([training()]).files).runs[0]
export const ledgerRun = entry?.runs[0] as LedgerRun

/** The record as the reconciler makes it of the ledger. */
export async function newRun(): Promise<Run> {
  let made: Run | undefined
  const records = {
    runs: {
      getMany: async () => [],
      createAll: async (added: readonly NewRun[]) => {
        made = added[0]?.run
        return new Set(added.map(({ run }) => run.id))
      },
    },
    models: { absorb: async () => 0 },
  } as unknown as Records
  await absorbLedger(records, { runs: entry ? [entry] : [], endpoints: [], models: [], environments: [] }, start)
  return made as Run
}

export function seen(more: Partial<RunObservation> = {}): RunObservation {
  return {
    at: at(10),
    ledger: ledgerRun,
    cluster: 'connected',
    jobs: [],
    pods: [],
    leases: [],
    said: [],
    otherPodsOfName: [],
    evidence: new Map(),
    application: null,
    drifted: [],
    recordCaughtUp: true,
    ...more,
  }
}

export function job(more: Partial<SeenJob> = {}): SeenJob {
  return {
    name: `${plan.name}-${plan.shortDigest}-1`,
    namespace: plan.namespace,
    uid: 'job-1',
    runId: plan.id,
    attempt: 1,
    createdAt: at(1),
    startedAt: at(1),
    suspended: false,
    conditions: [],
    active: 1,
    ready: 0,
    succeeded: 0,
    failed: 0,
    deletionRequestedAt: null,
    workload: null,
    ...more,
  }
}

export const complete = (seconds: number) =>
  ({ type: 'Complete', status: 'True', reason: 'CompletionsReached', message: '', at: at(seconds) }) as const
export const failedCondition = (seconds: number, reason = 'BackoffLimitExceeded') =>
  ({ type: 'Failed', status: 'True', reason, message: '', at: at(seconds) }) as const

export function container(more: Partial<SeenContainer> = {}): SeenContainer {
  return {
    name: 'trainer',
    init: false,
    state: 'running',
    reason: '',
    message: '',
    exitCode: null,
    signal: null,
    startedAt: at(3),
    finishedAt: null,
    imageDigest: null,
    ...more,
  }
}

export function pod(more: Partial<SeenPod> = {}): SeenPod {
  return {
    name: 'pod-1',
    namespace: plan.namespace,
    uid: 'pod-uid-1',
    jobUid: 'job-1',
    runId: plan.id,
    attempt: 1,
    completionIndex: null,
    phase: 'Running',
    reason: '',
    message: '',
    node: 'node-1',
    createdAt: at(2),
    startedAt: at(2),
    conditions: [],
    containers: [container()],
    deletionRequestedAt: null,
    ...more,
  }
}

export const exited = (exitCode: number, more: Partial<SeenContainer> = {}): SeenPod =>
  pod({
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containers: [
      container({
        state: 'terminated',
        exitCode,
        reason: exitCode === 0 ? 'Completed' : 'Error',
        finishedAt: at(9),
        ...more,
      }),
    ],
  })

export const lease: SeenLease = { runId: plan.id, attempt: 1, jobUid: 'job-1', tokenExpiresAt: at(6 * 3600) }

export function done(outcome: 'SUCCEEDED' | 'FAILED', seconds = 9): TrainerSaid {
  const artifacts = [{ name: 'model', uri: 'storage/models/x', sizeBytes: 3, digest: `sha256:${'a'.repeat(64)}` }]
  return {
    attempt: 1,
    done: {
      outcome,
      message: null,
      trackerRunId: null,
      metrics: { test_perplexity: 4 },
      artifacts: outcome === 'SUCCEEDED' ? artifacts : [],
      at: at(seconds),
    },
    lastHeartbeat: null,
    checkpointUri: 'storage/checkpoint',
  }
}
