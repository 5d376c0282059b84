import { type LedgerRun, paths, type RunLedger } from '../../domain/ledger.ts'
import { type LedgerView, readLedger } from '../../domain/ledger-files.ts'
import { keyText, type RunKey } from '../../domain/names.ts'
import type { SpecSource, TrainingPlan } from '../../domain/plan.ts'
import { compareText, type Place, type Problem } from '../../domain/problem.ts'
import type { Change, Deployed, SourceFile } from '../../domain/publication.ts'
import type { CompileResult } from '../compile-types.ts'
import { assessReleases } from './releases.ts'
import { changedValues } from './changes.ts'
import { estimate, total } from './estimate.ts'
import { offersOf } from './offers.ts'
import type {
  EndedRun,
  ImpactStatement,
  KnownRuns,
  LaterRun,
  LeftRun,
  Prune,
  StartedRun,
  StoppedRun,
} from './statement.ts'

export interface Assessed {
  /** What is deployed before the change. */
  readonly before: Deployed
  /** What the older specs compile to, where they were taken for published. */
  readonly base?: CompileResult | undefined
  /** What the specs compile to on top of that. */
  readonly result: CompileResult
  /** The specs that it was compiled from. */
  readonly sources: readonly SourceFile[]
  /** Undefined without a database. */
  readonly known: KnownRuns | undefined
  /** What policies say of the result, once there are any. */
  readonly policy?: readonly Problem[]
}

/** Says what a compiled change does. Pure; call it first without records to learn which of them to ask for. */
export function assess({ before, base, result, sources, known, policy = [] }: Assessed): ImpactStatement {
  const ledger = readLedger(before.files)
  const runs = new Map(ledger.runs.map((entry) => [keyText(entry), entry]))
  const starts = startsOf(result, runs, known)
  const { releases, waits } = assessReleases(result, before, ledger, offersOf(sources))
  return {
    starts,
    stops: stopsOf(result, runs, known),
    ended: endedOf(result, runs, base && askedBy(base)),
    left: leftOf(result, before),
    later: laterOf(result, runs, base),
    releases,
    waits,
    removes: result.impact.removes.map((key) => ({ key, where: endpointPlace(key, ledger) })),
    prunes: prunesOf(result.change, before),
    total: total(starts.map((one) => one.estimate)),
    policy,
  }
}

function startsOf({ impact }: CompileResult, ledger: Runs, known: KnownRuns | undefined): readonly StartedRun[] {
  const superseded = new Map(impact.supersedes.map((one) => [one.newRunId, one.oldRunId]))
  return [...impact.starts].sort(byKey).map((plan) => {
    const old = superseded.get(plan.id) ?? null
    const before = runBefore(ledger.get(keyText(plan)), old)
    return {
      key: keyOf(plan),
      runId: plan.id,
      where: placeOf(plan.source),
      supersedes: old,
      estimate: estimate(plan, known?.pastHours.get(keyText(plan))),
      before: before?.id ?? null,
      changes: before?.plan ? changedValues(before.plan, plan) : [],
    }
  })
}

function stopsOf({ impact }: CompileResult, ledger: Runs, known: KnownRuns | undefined): readonly StoppedRun[] {
  const newer = new Map(impact.starts.map((plan) => [plan.id, plan]))
  const stopped = (key: RunKey, runId: string, why: StoppedRun['why'], by: TrainingPlan | undefined): StoppedRun => {
    const run = runOf(ledger, key, runId)
    const source = by?.source ?? run?.source
    const resources = run?.plan?.resources
    return {
      key,
      runId,
      why,
      where: source ? placeOf(source) : { file: paths.runLedger(key), line: 1, column: 1 },
      ...(known?.unasked?.has(runId)
        ? { progress: undefined, unasked: true }
        : { progress: known && (known.progress.get(runId) ?? null) }),
      gpus: (resources?.gpus ?? 0) * (run?.plan?.nodes ?? 1),
      gpuType: resources?.gpuType ?? null,
    }
  }
  return [
    ...impact.supersedes.map((one) => stopped(one.key, one.oldRunId, 'SUPERSEDED', newer.get(one.newRunId))),
    ...impact.cancels.map((one) => stopped(one.key, one.runId, 'SPEC_REMOVED', undefined)),
  ].sort((left, right) => byKey(left.key, right.key))
}

/** The run that a new one is compared with: the one that it takes the place of, or else the last of its name. */
export function runBefore(entry: RunLedger | undefined, superseded: string | null): LedgerRun | undefined {
  return entry?.runs.find((run) => run.id === superseded) ?? entry?.runs[0]
}

/**
 * Specs that ask for a run that has ended, where that is news: a training that has ended, whose spec stays, is how things should be.
 * @param askedBefore ids of the runs that the older specs ask for
 */
function endedOf(
  { impact, problems }: CompileResult,
  ledger: Runs,
  askedBefore: ReadonlySet<string> | undefined,
): readonly EndedRun[] {
  const told = problems.filter((one) => one.code === 'RUN_ENDED')
  return impact.keeps
    .filter(({ ended }) => ended)
    .filter(({ key, runId }) =>
      askedBefore ? !askedBefore.has(runId) : ledger.get(keyText(key))?.runs[0]?.id !== runId,
    )
    .map(({ key, runId }) => {
      const source = runOf(ledger, key, runId)?.source
      const where = told.find((one) => one.where.file === source?.path)?.where
      return { key, runId, where: where ?? (source ? placeOf(source) : { file: '', line: 1, column: 1 }) }
    })
    .sort((left, right) => byKey(left.key, right.key))
}

function askedBy({ impact }: CompileResult): ReadonlySet<string> {
  return new Set([...impact.keeps.map(({ runId }) => runId), ...impact.starts.map(({ id }) => id)])
}

/** Argo CD takes nothing away in the cluster that an Application named before. @see https://github.com/argoproj/argo-cd/issues/1640 */
function leftOf({ impact, change }: CompileResult, { files }: Deployed): readonly LeftRun[] {
  return impact.keeps
    .filter(({ key: { environment, project }, ended }) => {
      const path = paths.jobsApplication(environment, project)
      const [before, after] = [files.get(path), change.get(path)]
      return !ended && before !== undefined && typeof after === 'string' && clusterOf(before) !== clusterOf(after)
    })
    .map(({ key, runId, plan }) => ({ key, runId, where: placeOf(plan.source) }))
    .sort((left, right) => byKey(left.key, right.key))
}

/** Where an Application of ours sends its Jobs: by its address or its name. */
function clusterOf(application: string): string | undefined {
  return /^ {2}destination:\n {4}(.+)$/m.exec(application)?.[1]
}

/** Runs that go on, and whose next one would begin with other values: than they began with or, with older specs, than those say. */
function laterOf({ impact }: CompileResult, ledger: Runs, base: CompileResult | undefined): readonly LaterRun[] {
  const asked = base && [...base.impact.keeps.map(({ plan }) => plan), ...base.impact.starts]
  const earlier = new Map(asked?.map((plan) => [plan.id, plan]))
  return impact.keeps
    .filter(({ ended }) => !ended)
    .flatMap(({ key, runId, plan }): readonly LaterRun[] => {
      const before = earlier.get(runId) ?? runOf(ledger, key, runId)?.plan
      const changes = before ? changedValues(before, plan) : []
      return changes.length === 0 ? [] : [{ key, runId, where: placeOf(plan.source), changes }]
    })
    .sort((left, right) => byKey(left.key, right.key))
}

/** Every file whose going takes something out of the cluster. */
function prunesOf(change: Change, before: Deployed): readonly Prune[] {
  const gone = [...change].filter(([path, text]) => text === null && before.files.has(path)).map(([path]) => path)
  return gone.sort(compareText).flatMap((path): readonly Prune[] => {
    const [, environment, project, kind, name] =
      /^(?:environments|applications)\/([^/]+)\/([^/]+)\/(?:(jobs|endpoints)\/)?([^/]+)\.yaml$/.exec(path) ?? []
    if (environment === undefined || project === undefined || name === undefined) return []
    if (path.startsWith('environments/') && kind === 'jobs')
      return [{ path, what: `Job ${name} of ${environment}/${project}` }]
    if (path.startsWith('applications/') && kind === 'endpoints')
      return [{ path, what: `endpoint ${environment}/${project}/${name} with everything of it` }]
    if (path.startsWith('applications/'))
      return [{ path, what: `Application over the Jobs of ${environment}/${project}` }]
    return []
  })
}

/** The ledger's runs by `keyText`. */
type Runs = ReadonlyMap<string, RunLedger>

function runOf(ledger: Runs, key: RunKey, runId: string): LedgerRun | undefined {
  return ledger.get(keyText(key))?.runs.find((run) => run.id === runId)
}

function endpointPlace(key: RunKey, ledger: LedgerView): Place {
  const entry = ledger.endpoints.find((one) => keyText(one) === keyText(key))
  return entry ? placeOf(entry.plan.source) : { file: paths.endpointLedger(key), line: 1, column: 1 }
}

function placeOf({ path, line }: SpecSource): Place {
  return { file: path, line, column: 1 }
}

function keyOf({ environment, project, name }: RunKey): RunKey {
  return { environment, project, name }
}

function byKey(left: RunKey, right: RunKey): number {
  return compareText(keyText(left), keyText(right))
}
