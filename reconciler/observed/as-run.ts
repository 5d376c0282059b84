import type { RunObservation, SeenPod, SeenRefusal } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Run } from '../../domain/run.ts'
import { newAttempt } from '../decide/adopt.ts'
import { asItCounts } from '../decide/sight.ts'
import { podsNeeded } from './asked.ts'
import type { ForeignJob } from './cluster.ts'

/*
 * A Job of somebody else as if it were an attempt of a run, so that the reconciler's own rules decide where it stands. What such a Job does not
 * have, it never waits for: it needs no lease, its trainer says nothing, and nobody counts its disruptions.
 */

type Looked = Pick<TrainingPlan, 'nodes' | 'lease' | 'retry' | 'exitGraceSeconds'>

/** As long as Specyard itself waits for a node that nobody hears of. */
const nodeLostSeconds = 300

export function planOf({ asked }: ForeignJob): Looked {
  return {
    nodes: podsNeeded(asked),
    lease: { mode: 'optional', image: '' },
    retry: { maxRetries: 0, on: [], backoffSeconds: 0, maxDisruptions: Infinity },
    exitGraceSeconds: 0,
  }
}

export function runOfJob({ seen }: ForeignJob, pods: readonly SeenPod[]): Run {
  const newest = [...pods].sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime()).at(-1)
  // Nobody remembers since when: a container waits at most since its node took the pod up.
  const waits = (newest?.startedAt ?? newest?.createdAt ?? seen.createdAt).toISOString()
  const nothing = { state: 'PENDING', reason: '', message: '', verdict: null, progress: null } as const
  const unknown = { sourceRepository: null, sourceCommit: null, finalMetrics: null, trackerRunId: null } as const
  return {
    ...nothing,
    ...unknown,
    id: seen.runId,
    traceId: '',
    environment: '',
    project: seen.namespace,
    name: seen.name,
    digest: '',
    attempt: 1,
    attempts: [{ ...newAttempt(1, seen.name, null), jobUid: seen.uid }],
    retryCount: 0,
    disruptionCount: 0,
    specPath: '',
    specLine: 0,
    sourceDirty: false,
    createdAt: seen.createdAt,
    queuedAt: seen.createdAt,
    startedAt: null,
    completedAt: null,
    nextAttemptAt: null,
    waitingSince: {
      image: waits,
      config: waits,
      'quota of attempt 1': (seen.startedAt ?? seen.createdAt).toISOString(),
    },
    version: 0,
  }
}

/** @param refusals of any Jobs */
export function observationOf(
  { seen, asked }: ForeignJob,
  pods: readonly SeenPod[],
  refusals: readonly SeenRefusal[],
  at: Date,
): RunObservation {
  const counting = { terminationGraceSeconds: asked.terminationGraceSeconds, nodeLostSeconds }
  return {
    at,
    ledger: null,
    cluster: 'connected',
    jobs: [seen],
    pods: pods.map((pod) => asItCounts(pod, counting, at)),
    // A container that lacks something waits for its lease first of all; this one has none to wait for.
    leases: [{ runId: seen.runId, attempt: 1, jobUid: seen.uid, tokenExpiresAt: at }],
    said: [],
    otherPodsOfName: [],
    evidence: new Map(),
    refusals,
    application: null,
    drifted: [],
    recordCaughtUp: true,
  }
}
