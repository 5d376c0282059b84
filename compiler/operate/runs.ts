import { type LedgerRun, paths, type RunLedger } from '../../domain/ledger.ts'
import { jobName } from '../../domain/names.ts'
import type { Operation } from '../../domain/operation.ts'
import { bounded, cancelledRun, replaceRun } from '../ledger/runs.ts'
import { renderJob } from '../render/job.ts'
import { type Draft, Dropped } from './draft.ts'

type RunOperation = Extract<Operation, { readonly runId: string }>
type Of<Kind extends RunOperation['kind']> = Extract<RunOperation, { kind: Kind }>

/** The ledger entry of a name after an operation on one of its runs. @throws Dropped where the run is not as the operation expects */
export function editRun(entry: RunLedger, operation: RunOperation, draft: Draft): RunLedger {
  const run = entry.runs.find((one) => one.id === operation.runId)
  if (!run) throw new Dropped(`the ledger has no run ${operation.runId}`)
  switch (operation.kind) {
    case 'retry':
      return replaceRun(entry, retried(run, operation, draft))
    case 'retire':
      return bounded(replaceRun(entry, retired(run, operation, draft)))
    case 'conclude':
      if (run.outcome === operation.outcome) throw new Dropped(`run ${run.id} has its outcome already`)
      return bounded(replaceRun(entry, concluded(run, operation)))
    case 'cancel':
      if (run.status !== 'active') throw new Dropped(`run ${run.id} is ${run.status} already`)
      for (const attempt of run.attempts)
        draft.write(paths.job(entry.environment, entry.project, attempt.jobName), null)
      return replaceRun(entry, cancelledRun(run, operation.reason, null))
  }
}

function retried(run: LedgerRun, operation: Of<'retry'>, draft: Draft): LedgerRun {
  const newest = run.attempts.at(-1)
  if (run.status !== 'active') throw new Dropped(`run ${run.id} is ${run.status}: there is nothing to retry`)
  if (newest?.attempt !== operation.expectAttempt)
    throw new Dropped(`the newest attempt of run ${run.id} is ${newest?.attempt}, not ${operation.expectAttempt}`)
  if (operation.attempt <= newest.attempt)
    throw new Dropped(`attempt ${operation.attempt} of run ${run.id} has been there already`)
  if (!run.plan) throw new Dropped(`the ledger no longer keeps the plan of run ${run.id}`)
  const name = jobName(run.plan.name, run.shortDigest, operation.attempt)
  const next = { attempt: operation.attempt, checkpointUri: operation.checkpointUri }
  draft.write(paths.job(run.plan.environment, run.plan.project, name), renderJob(run.plan, next))
  return {
    ...run,
    attempts: [
      ...run.attempts.map((one) => (one === newest ? { ...one, failureClass: operation.failureClass } : one)),
      { ...next, jobName: name, failureClass: null, retired: false },
    ],
  }
}

function concluded(run: LedgerRun, { outcome, last }: Of<'conclude'>): LedgerRun {
  const attempts = run.attempts.map((one) =>
    one.attempt === last?.attempt ? { ...one, failureClass: last.failureClass } : one,
  )
  return { ...run, status: 'ended', outcome, attempts }
}

function retired(run: LedgerRun, operation: Of<'retire'>, draft: Draft): LedgerRun {
  const classes = new Map(operation.attempts.map((one) => [one.attempt, one.failureClass]))
  const newest = run.attempts.at(-1)
  if (run.attempts.every((one) => one.retired)) throw new Dropped(`every attempt of run ${run.id} is retired already`)
  if (operation.outcome === null && run.status === 'active' && newest && classes.has(newest.attempt)) {
    throw new Dropped(`attempt ${newest.attempt} is the newest of run ${run.id}, which has no outcome yet`)
  }
  for (const attempt of run.attempts.filter(
    (one) => !one.retired && (classes.has(one.attempt) || operation.outcome !== null),
  )) {
    draft.write(paths.job(operation.key.environment, operation.key.project, attempt.jobName), null)
  }
  return {
    ...run,
    ...(operation.outcome === null ? {} : { status: 'ended' as const, outcome: operation.outcome }),
    attempts: run.attempts.map((one) => ({
      ...one,
      failureClass: classes.get(one.attempt) ?? one.failureClass,
      retired: one.retired || classes.has(one.attempt) || operation.outcome !== null,
    })),
  }
}
