import type { Action, RunEvent } from '../domain/action.ts'
import type { LedgerRun, RunLedger } from '../domain/ledger.ts'
import type { LedgerView } from '../domain/ledger-files.ts'
import { traceId } from '../domain/names.ts'
import type { Run } from '../domain/run.ts'
import type { Records } from '../records/records.ts'
import { newAttempt } from './decide/adopt.ts'

/** Runs that are added in one transaction. */
const addedAtOnce = 200

/**
 * Brings into the records what the ledger knows and they lack: runs, model versions. Enough to start again from an empty database.
 * @returns ids of the runs that were added
 */
export async function absorbLedger(records: Records, ledger: LedgerView, at: Date): Promise<readonly string[]> {
  const inLedger = ledger.runs.flatMap((entry) => entry.runs.map((run) => ({ entry, run })))
  const known = new Set((await records.runs.getMany(inLedger.map(({ run }) => run.id))).map((run) => run.id))
  const missing = [...inLedger].reverse().flatMap(({ entry, run }) => {
    if (known.has(run.id) || run.plan === null) return []
    return [{ run: recordOf(entry, run, at), plan: run.plan, event: createdEvent(run) }]
  })
  const added: string[] = []
  for (let from = 0; from < missing.length; from += addedAtOnce) {
    const some = missing.slice(from, from + addedAtOnce)
    const ids = await records.runs.createAll(some)
    const fresh = some.filter(({ run }) => ids.has(run.id))
    added.push(...fresh.map(({ run }) => run.id))
    const links = fresh.flatMap(({ run, plan }) => (plan.tracker === undefined ? [] : linksOf(run)))
    if (links.length > 0) await records.actions.add(links)
  }
  for (const { project, model, versions } of ledger.models) {
    const family =
      ledger.endpoints.find((one) => one.project === project && one.plan.model.ref === model)?.plan.model.family ?? null
    await records.models.absorb(project, model, family, versions)
  }
  return added
}

function createdEvent({ source }: LedgerRun): RunEvent {
  const message = `asked for by ${source.path}:${source.line}`
  return { type: 'created', reason: 'Committed', message, attempt: 1, details: {} }
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
