import { type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import type { Attempt, AttemptPod, Evidence, Progress, Run } from '../../domain/run.ts'
import type { Database } from '../kysely.ts'
import type { AttemptTable, Tables, TrainingJobTable } from '../schema.ts'

/** Runs with their project and attempts, in one statement, so that a row and its attempts are of one moment. */
export function selectRuns(db: Database): SelectQueryBuilder<Tables & { job: TrainingJobTable }, 'job', RunRow> {
  return db
    .selectFrom('training_jobs as job')
    .selectAll('job')
    .select([
      sql<string>`(select name from projects where projects.id = job.project_id)`.as('project'),
      sql<AttemptJson[] | null>`(select jsonb_agg(to_jsonb(one) order by one.attempt) from training_job_attempts one
        where one.job_id = job.id)`.as('attempts'),
    ]) as unknown as SelectQueryBuilder<Tables & { job: TrainingJobTable }, 'job', RunRow>
}

export type RunRow = Selectable<TrainingJobTable> & {
  readonly project: string
  readonly attempts: readonly AttemptJson[] | null
}

/** An attempt as `to_jsonb` writes it: dates are texts. */
type AttemptJson = {
  readonly [Column in keyof Selectable<AttemptTable>]: Date extends Selectable<AttemptTable>[Column]
    ? string | null
    : Selectable<AttemptTable>[Column]
}

export function runOf(row: RunRow): Run {
  return {
    id: row.id,
    traceId: row.trace_id,
    environment: row.environment,
    project: row.project,
    name: row.name,
    digest: row.digest,
    state: row.status,
    reason: row.reason,
    message: row.message,
    verdict: row.verdict,
    attempt: row.attempt,
    attempts: (row.attempts ?? []).map(attemptOf),
    retryCount: row.retry_count,
    disruptionCount: row.disruption_count,
    specPath: row.spec_path,
    specLine: row.spec_line,
    sourceRepository: row.source_repository,
    sourceCommit: row.source_commit,
    sourceDirty: row.source_dirty,
    progress: progressOf(row),
    finalMetrics: row.final_metrics,
    trackerRunId: row.tracker_run_id,
    createdAt: row.created_at,
    queuedAt: row.queued_at,
    startedAt: row.started_at,
    completedAt: row.completed_at,
    nextAttemptAt: row.next_attempt_at,
    waitingSince: row.waiting_since,
    version: row.version,
  }
}

function progressOf(row: RunRow): Progress | null {
  const progress = {
    step: row.current_step,
    epoch: row.current_epoch,
    totalEpochs: row.total_epochs,
    percentage: row.progress_percentage,
  }
  return Object.values(progress).every((value) => value === null) ? null : progress
}

function attemptOf(row: AttemptJson): Attempt {
  return {
    attempt: row.attempt,
    jobName: row.job_name,
    jobUid: row.job_uid,
    appliedRevision: row.applied_revision,
    pods: row.pods as unknown as readonly AttemptPod[],
    state: row.state,
    failureClass: row.failure_class,
    leaseGrantedAt: dateOf(row.lease_granted_at),
    startedAt: dateOf(row.started_at),
    endedAt: dateOf(row.ended_at),
    disruptions: row.disruptions,
    checkpointUri: row.checkpoint_uri,
    evidence: row.evidence as Evidence | null,
    retiredAt: dateOf(row.retired_at),
  }
}

function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}

/** An attempt as `jsonb_to_recordset` reads it. */
export function attemptRow(runId: string, attempt: Attempt): Record<keyof AttemptTable, unknown> {
  return {
    job_id: runId,
    attempt: attempt.attempt,
    job_name: attempt.jobName,
    job_uid: attempt.jobUid,
    applied_revision: attempt.appliedRevision,
    pods: attempt.pods,
    state: attempt.state,
    failure_class: attempt.failureClass,
    lease_granted_at: attempt.leaseGrantedAt,
    started_at: attempt.startedAt,
    ended_at: attempt.endedAt,
    disruptions: attempt.disruptions,
    checkpoint_uri: attempt.checkpointUri,
    evidence: attempt.evidence,
    retired_at: attempt.retiredAt,
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Whether a text can be the id of a run; another is nobody's, and would be an error of the database. */
export function isUuid(text: string): boolean {
  return uuid.test(text)
}
