import { driftPath, paths, sourcePath } from '../../domain/ledger.ts'
import { readRunLedger } from '../../domain/ledger-files.ts'
import { jobName } from '../../domain/names.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { compareText } from '../../domain/problem.ts'
import type { Files } from '../../domain/publication.ts'
import type { CompileResult } from '../compile-types.ts'
import { renderJob } from '../render/job.ts'
import { unifiedDiff, type UnifiedDiff } from './unified.ts'
import type { ImpactStatement } from './statement.ts'

/** One file of the deploy repository that becomes another, with its difference as text. */
export interface FileDifference extends UnifiedDiff {
  readonly path: string
  /** The manifest of the run before, which that of a new run is held against; null for the file itself, or none. */
  readonly against: string | null
  /** `replaced`: the manifest of a run that is superseded goes, and this one comes in its place. */
  readonly kind: 'added' | 'removed' | 'changed' | 'replaced'
}

/**
 * The files that a change makes others, most important first: what starts, what stops, what serves, and the rest. The ledger is left out: it
 * says the same in another way. So are the files of a chart, which is vendored whole and told by its version.
 */
export function fileDifferences(
  before: Files,
  { change, impact: { starts } }: Pick<CompileResult, 'change' | 'impact'>,
  impact: ImpactStatement,
): readonly FileDifference[] {
  const earlier = earlierManifests(before, starts, impact)
  const superseded = new Set([...earlier.values()].map(({ path }) => path).filter((path) => change.get(path) === null))
  const differences: FileDifference[] = []
  for (const [path, text] of change) {
    if (isAside(path) || superseded.has(path)) continue
    const old = earlier.get(path)
    const present = before.get(path)
    const isReplacing = old !== undefined && superseded.has(old.path)
    const kind = isReplacing ? 'replaced' : text === null ? 'removed' : present === undefined ? 'added' : 'changed'
    differences.push({ path, against: old?.path ?? null, kind, ...unifiedDiff(old?.text ?? present ?? '', text ?? '') })
  }
  return differences.sort((left, right) => importance(left) - importance(right) || compareText(left.path, right.path))
}

function isAside(path: string): boolean {
  return path.startsWith('.specyard/') || path === sourcePath || path === driftPath || /^charts\/.+\/.+\//.test(path)
}

interface EarlierManifest {
  readonly path: string
  readonly text: string
}

/**
 * The manifests of runs that start, by path, each with that of the run before: as it stands, or, where it was taken away after its end, as it
 * would be rendered.
 */
function earlierManifests(before: Files, plans: readonly TrainingPlan[], { starts }: ImpactStatement) {
  const earlier = new Map<string, EarlierManifest>()
  const added = new Map(plans.map((plan) => [plan.id, plan]))
  for (const { key, runId, before: beforeId } of starts) {
    const plan = added.get(runId)
    const run = beforeId === null ? undefined : readRunLedger(before, key)?.runs.find((one) => one.id === beforeId)
    const attempt = run?.attempts.at(-1)
    if (!plan || !run || !attempt) continue
    const path = paths.job(key.environment, key.project, jobName(plan.name, plan.shortDigest, 1))
    const old = paths.job(key.environment, key.project, attempt.jobName)
    const text = before.get(old) ?? (run.plan ? renderJob(run.plan, attempt) : undefined)
    if (text !== undefined) earlier.set(path, { path: old, text })
  }
  return earlier
}

function isManifest(path: string): boolean {
  return /^environments\/.+\/jobs\/.+\.yaml$/.test(path)
}

function importance({ path, kind }: FileDifference): number {
  if (isManifest(path)) return kind === 'removed' ? 1 : 0
  if (path.endsWith('/values.yaml')) return 2
  if (path.startsWith('applications/')) return 3
  return 4
}
