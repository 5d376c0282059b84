import type { CancelReason, LedgerRun, RunLedger } from '../../domain/ledger.ts'
import { ledgerRunsKept, paths } from '../../domain/ledger.ts'
import { jobName, shortDigest } from '../../domain/names.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Files } from '../../domain/publication.ts'
import { renderJob } from '../render/job.ts'

/** What becomes of one name: its ledger entry, the manifests that the tree has of it, and what that means for its runs. */
export interface RunOutcomeOfName {
  readonly entry: RunLedger
  readonly manifests: Files
  readonly started: TrainingPlan | null
  readonly superseded: LedgerRun | null
  readonly cancelled: LedgerRun | null
  readonly kept: LedgerRun | null
}

/**
 * Decides what a name's spec, or its absence, means for its runs. A run that is known is never rendered again: the manifests of its attempts
 * are copied as they stand until they are retired. Only a digest that the ledger does not know starts something.
 */
export function decideRuns(entry: RunLedger, plan: TrainingPlan | undefined, deployed: Files): RunOutcomeOfName {
  const copied = copiedManifests(entry, deployed)
  const active = entry.runs.find((run) => run.status === 'active')
  if (!plan) {
    if (!active) return { ...unchanged(entry, copied), kept: null }
    const cancelled = cancelledRun(active, 'SPEC_REMOVED', null)
    return { ...unchanged(replaceRun(entry, cancelled), withoutRun(copied, entry, active)), cancelled, kept: null }
  }
  const known = entry.runs.find((run) => run.id === plan.id)
  if (known) {
    // A commit that restores an older spec starts nothing: that run has ended. What runs instead is no longer asked for.
    if (!active || active.id === known.id) return { ...unchanged(entry, copied), kept: known }
    const cancelled = cancelledRun(active, 'SUPERSEDED', known.id)
    return {
      ...unchanged(replaceRun(entry, cancelled), withoutRun(copied, entry, active)),
      superseded: cancelled,
      kept: known,
    }
  }
  return startRun(entry, plan, active, copied)
}

function startRun(
  entry: RunLedger,
  resolved: TrainingPlan,
  active: LedgerRun | undefined,
  copied: Map<string, string>,
): RunOutcomeOfName {
  const plan = named(resolved, entry)
  const attempt = { attempt: 1, checkpointUri: null }
  const name = jobName(plan.name, plan.shortDigest, attempt.attempt)
  const started: LedgerRun = {
    id: plan.id,
    digest: plan.digest,
    shortDigest: plan.shortDigest,
    source: plan.source,
    status: 'active',
    outcome: null,
    cancelReason: null,
    supersededBy: null,
    attempts: [{ attempt: 1, checkpointUri: null, jobName: name, failureClass: null, retired: false }],
    plan,
  }
  const superseded = active ? cancelledRun(active, 'SUPERSEDED', plan.id) : null
  const before = superseded ? replaceRun(entry, superseded) : entry
  const manifests = active ? withoutRun(copied, entry, active) : copied
  manifests.set(paths.job(entry.environment, entry.project, name), renderJob(plan, attempt))
  return {
    entry: bounded({ ...before, runs: [started, ...before.runs] }),
    manifests,
    started: plan,
    superseded,
    cancelled: null,
    kept: null,
  }
}

/** The plan with as many digits of its digest as tell the runs of its name apart. A plan is large, and copied only where it takes more of them. */
function named(plan: TrainingPlan, { runs }: RunLedger): TrainingPlan {
  if (runs.length === 0) return plan
  const others = runs.map((run) => run.digest)
  return { ...plan, shortDigest: shortDigest(plan.digest, others) }
}

function unchanged(entry: RunLedger, manifests: ReadonlyMap<string, string>): RunOutcomeOfName {
  return { entry, manifests, started: null, superseded: null, cancelled: null, kept: null }
}

/** A run whose manifests leave the tree: it is over once its pods are gone. */
export function cancelledRun(run: LedgerRun, reason: CancelReason, supersededBy: string | null): LedgerRun {
  return {
    ...run,
    status: 'cancelling',
    cancelReason: reason,
    supersededBy,
    attempts: run.attempts.map((one) => ({ ...one, retired: true })),
  }
}

export function replaceRun(entry: RunLedger, run: LedgerRun): RunLedger {
  return { ...entry, runs: entry.runs.map((one) => (one.id === run.id ? run : one)) }
}

/** Drops the oldest ended runs beyond the limit, and the plans of ended runs that are not the newest. */
export function bounded(entry: RunLedger): RunLedger {
  if (entry.runs.length <= 1) return entry
  const over = entry.runs.filter((run) => run.status === 'ended' && run.attempts.every((one) => one.retired))
  const tooOld = new Set(over.slice(ledgerRunsKept))
  const runs = entry.runs
    .filter((run) => !tooOld.has(run))
    .map((run, index) => (index > 0 && run.status === 'ended' && run.plan !== null ? { ...run, plan: null } : run))
  return { ...entry, runs }
}

/** The manifests of attempts that are not retired, byte for byte as they stand. One that somebody removed is not rendered again. */
function copiedManifests(entry: RunLedger, deployed: Files): Map<string, string> {
  const manifests = new Map<string, string>()
  for (const run of entry.runs) {
    for (const attempt of run.attempts.filter((one) => !one.retired)) {
      const path = paths.job(entry.environment, entry.project, attempt.jobName)
      const text = deployed.get(path)
      if (text !== undefined) manifests.set(path, text)
    }
  }
  return manifests
}

function withoutRun(manifests: Files, entry: RunLedger, run: LedgerRun): Map<string, string> {
  const gone = new Set(run.attempts.map((one) => paths.job(entry.environment, entry.project, one.jobName)))
  return new Map([...manifests].filter(([path]) => !gone.has(path)))
}
