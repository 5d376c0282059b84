import type { Action } from '../domain/action.ts'
import type { LedgerRun, RunLedger } from '../domain/ledger.ts'
import type { LedgerView } from '../domain/ledger-files.ts'
import { traceId } from '../domain/names.ts'
import type { Run } from '../domain/run.ts'
import type { Records } from '../records/records.ts'
import { newAttempt } from './decide/adopt.ts'

/**
 * Brings into the records what the ledger knows and they lack: runs, model versions. Enough to start again from an empty database.
 * @returns ids of the runs that were added
 */
export async function absorbLedger(records: Records, ledger: LedgerView, at: Date): Promise<readonly string[]> {
  const inLedger = ledger.runs.flatMap((entry) => entry.runs.map((run) => ({ entry, run })))
  const known = new Set((await records.runs.getMany(inLedger.map(({ run }) => run.id))).map((run) => run.id))
  const added: string[] = []
  for (const { entry, run } of [...inLedger].reverse()) {
    if (known.has(run.id) || run.plan === null) continue
    const event = {
      type: 'created',
      reason: 'Committed',
      message: `asked for by ${run.source.path}:${run.source.line}`,
      attempt: 1,
      details: {},
    }
    const record = recordOf(entry, run, at)
    if (!(await records.runs.create(record, run.plan, event))) continue
    added.push(run.id)
    const links = run.plan.tracker === undefined ? [] : linksOf(record)
    if (links.length > 0) await records.actions.add(links)
  }
  for (const { project, model, versions } of ledger.models) {
    const family =
      ledger.endpoints.find((one) => one.project === project && one.plan.model.ref === model)?.plan.model.family ?? null
    await records.models.absorb(project, model, family, versions)
  }
  return added
}

/** What ran and ended before these records knew of it: its tracker still has what it measured. */
function linksOf({ id: runId, environment, attempts }: Run): readonly Action[] {
  const ended = attempts.filter((one) => one.endedAt !== null)
  return ended.map(({ attempt }) => ({ kind: 'link-tracker', environment, runId, attempt }))
}

function recordOf(entry: RunLedger, run: LedgerRun, at: Date): Run {
  const attempts = run.attempts.map((one, index) => ({
    ...newAttempt(one.attempt, one.jobName, one.checkpointUri),
    state: index < run.attempts.length - 1 ? ('FAILED' as const) : (run.outcome ?? ('PENDING' as const)),
    failureClass: one.failureClass,
    endedAt: index < run.attempts.length - 1 || run.outcome !== null ? at : null,
    retiredAt: one.retired ? at : null,
  }))
  return {
    id: run.id,
    traceId: traceId(run.id),
    environment: entry.environment,
    project: entry.project,
    name: entry.name,
    digest: run.digest,
    state: run.outcome ?? 'PENDING',
    reason: run.outcome === null ? 'Committed' : 'FromLedger',
    message:
      run.outcome === null ? '' : 'known from the ledger alone: when it ran and what it reported is not in the records',
    verdict: null,
    attempt: Math.max(1, ...run.attempts.map((one) => one.attempt)),
    attempts,
    retryCount: Math.max(0, run.attempts.length - 1),
    disruptionCount: 0,
    specPath: run.source.path,
    specLine: run.source.line,
    sourceRepository: run.source.repository,
    sourceCommit: run.source.commit,
    sourceDirty: run.source.dirty,
    progress: null,
    finalMetrics: null,
    trackerRunId: null,
    createdAt: at,
    queuedAt: null,
    startedAt: null,
    completedAt: run.outcome === null ? null : at,
    nextAttemptAt: null,
    waitingSince: {},
    version: 0,
  }
}
