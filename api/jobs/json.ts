import type { z } from 'zod'
import { type Attempt, type Evidence, hangingOf, type Run } from '../../domain/run.ts'
import type { MetricPoint, StateChange, StoredRunEvent } from '../../records/records.ts'
import {
  type attemptAnswer,
  type metricAnswer,
  type runAnswer,
  type runEventAnswer,
  type runSummaryAnswer,
  type stateChangeAnswer,
  timeJson,
} from '../answers.ts'

export function runJson(run: Run): z.output<typeof runAnswer> {
  return { ...runSummaryJson(run), attempts: run.attempts.map(attemptJson) }
}

export function runSummaryJson(run: Run): z.output<typeof runSummaryAnswer> {
  const { environment, project, name, digest, reason, message, verdict, attempt, progress } = run
  return {
    ...{ id: run.id, trace_id: run.traceId, environment, project, name, digest },
    ...{ state: run.state, reason, message, verdict, attempt },
    retry_count: run.retryCount,
    disruption_count: run.disruptionCount,
    spec_path: run.specPath,
    spec_line: run.specLine,
    source_repository: run.sourceRepository,
    source_commit: run.sourceCommit,
    source_dirty: run.sourceDirty,
    progress: progress && {
      ...{ step: progress.step, epoch: progress.epoch, total_epochs: progress.totalEpochs },
      percentage: progress.percentage,
    },
    final_metrics: run.finalMetrics && { ...run.finalMetrics },
    mlflow_run_id: run.trackerRunId,
    created_at: run.createdAt.toISOString(),
    queued_at: timeJson(run.queuedAt),
    started_at: timeJson(run.startedAt),
    completed_at: timeJson(run.completedAt),
    next_attempt_at: timeJson(run.nextAttemptAt),
    hanging: hangingOf(run).map(({ since, ...one }) => ({ ...one, since: since.toISOString() })),
  }
}

function attemptJson(one: Attempt): z.output<typeof attemptAnswer> {
  return {
    ...{ attempt: one.attempt, job_name: one.jobName, job_uid: one.jobUid, state: one.state },
    failure_class: one.failureClass,
    lease_granted_at: timeJson(one.leaseGrantedAt),
    started_at: timeJson(one.startedAt),
    ended_at: timeJson(one.endedAt),
    retired_at: timeJson(one.retiredAt),
    disruptions: one.disruptions,
    checkpoint_uri: one.checkpointUri,
    applied_revision: one.appliedRevision,
    pods: one.pods.map(({ imageDigest, ...pod }) => ({ ...pod, image_digest: imageDigest })),
    evidence: one.evidence && evidenceJson(one.evidence),
  }
}

function evidenceJson(evidence: Evidence): NonNullable<z.output<typeof attemptAnswer>['evidence']> {
  const { exitCode, signal, reason, message, node, imageDigest, podName, podUid, lastStep } = evidence
  return {
    ...{ exit_code: exitCode, signal, reason, message, node, image_digest: imageDigest, pod_name: podName },
    ...{ pod_uid: podUid, last_step: lastStep },
    pod_conditions: [...evidence.podConditions],
    job_conditions: [...evidence.jobConditions],
    events: [...evidence.events],
    log_tail: [...evidence.logTail],
    unobtainable: [...evidence.unobtainable],
  }
}

export function stateChangeJson(change: StateChange): z.output<typeof stateChangeAnswer> {
  const { from, to, reason, message, attempt, at } = change
  return { from, to, reason, message, attempt, at: at.toISOString() }
}

export function runEventJson(event: StoredRunEvent): z.output<typeof runEventAnswer> {
  const { id, type, reason, message, attempt, details, at } = event
  return { id, type, reason, message, attempt, details: { ...details }, at: at.toISOString() }
}

export function metricJson(point: MetricPoint): z.output<typeof metricAnswer> {
  return {
    ...{ id: point.id, attempt: point.attempt, source: point.source, epoch: point.epoch, step: point.step },
    ...{ loss: point.trainLoss, accuracy: point.trainAccuracy },
    ...{ val_loss: point.validationLoss, val_accuracy: point.validationAccuracy },
    ...{ gpu_utilization: point.gpuUtilization, memory_usage_gb: point.memoryUsageGb },
    metrics: { ...point.extra },
    at: point.at.toISOString(),
  }
}
