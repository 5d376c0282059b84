import { type DriftedFile, type LedgerRun, paths, type RunLedger } from '../../domain/ledger.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import { keyText, type RunKey } from '../../domain/names.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { compareText, hasErrors, type Problem } from '../../domain/problem.ts'
import type { Deployed, Files } from '../../domain/publication.ts'
import { lastAsked } from '../../domain/rollout.ts'
import { compile } from '../compile.ts'
import type { Aids, CompileInput, CompileResult } from '../compile-types.ts'
import { renderJob } from '../render/job.ts'
import { applied } from './applied.ts'
import { changedValues } from './changes.ts'
import type { ChangedValue } from './statement.ts'
import { unifiedDiff, type UnifiedDiff } from './unified.ts'

/*
 * Drift is a difference that no change of a spec explains: somebody edited a published file, or what a person wrote (its digest) is what was
 * published, and yet today's compiler, defaults, Environments, datasets or templates make something else of it.
 */

export interface DriftItem {
  /**
   * `edited`: by hand, in the deploy repository; added and deleted there too. `rendered`: the same values are written otherwise today. `values`: the same spec has other
   * values today. `chart`: this version ships another chart than the one it is pinned to.
   */
  readonly kind: 'edited' | 'rendered' | 'values' | 'chart'
  /** In the deploy repository. */
  readonly path: string
  /** `environment/project/name`, or the path where it belongs to no single run or endpoint. */
  readonly subject: string
  /** Who edited it, and in which commit. */
  readonly edit: (Pick<DriftedFile, 'commit' | 'author'> & { readonly what: 'added' | 'edited' | 'deleted' }) | null
  /** Published value → today's. */
  readonly changes: readonly ChangedValue[]
  /** Published text → today's; null where the text says nothing more. */
  readonly difference: UnifiedDiff | null
  /** When it ends by itself, or what a person can do. */
  readonly remedy: string
}

export interface Drift {
  /** Problems of the specs: with an error among them only what was edited, and how manifests are rendered, is known. */
  readonly problems: readonly Problem[]
  readonly items: readonly DriftItem[]
  /** Runs and endpoints whose specs are not what was published: no drift, and not looked into. */
  readonly unpublished: number
}

const untilNextRun = 'counts for the next run; what runs stays as it is'
const untilPublished = 'the next publication puts it in'

/** Holds what is published against what today's compiler makes of specs. @param aids with a memory, files are read once for two compilations */
export function findDrift(asked: CompileInput, aids: Aids = {}): Drift {
  // What is there already is not held against policies, and what would be rendered today is only looked at.
  const input: CompileInput = { ...asked, judge: () => [] }
  const { deployed } = input
  const result = compile(input, aids)
  const ledger = readLedger(deployed.files)
  const items = [...editedFiles(deployed, result), ...renderedManifests(ledger.runs, deployed)]
  if (hasErrors(result.problems)) return { problems: result.problems, items: sorted(items), unpublished: 0 }
  const fresh = compile({ ...input, deployed: withoutRuns(deployed) }, aids)
  const edited = new Set(deployed.drifted.map(({ path }) => path))
  // What the ledger says of these nobody compares with anything.
  const isTrusted = (key: RunKey): boolean => !edited.has(paths.runLedger(key))
  const runs = changedRuns(fresh.impact.starts.filter(isTrusted), ledger.runs.filter(isTrusted))
  const endpoints = changedEndpoints(result, input)
  items.push(...runs.items, ...endpoints.items, ...otherFiles(result, deployed, endpoints.paths))
  return { problems: result.problems, items: sorted(items), unpublished: runs.unpublished + endpoints.unpublished }
}

function editedFiles(deployed: Deployed, { tree }: CompileResult): DriftItem[] {
  const ours = ourManifests(deployed)
  return deployed.drifted.map(({ path, commit, author, added }) => {
    const wanted = ours.get(path) ?? tree?.get(path)
    const present = deployed.files.get(path)
    const what = present === undefined ? ('deleted' as const) : added ? ('added' as const) : ('edited' as const)
    // What a person has added nobody else wants; and what stood in a file of the ledger, that file alone knew.
    const isTold = wanted !== undefined || what === 'added'
    return {
      ...{ kind: 'edited' as const, path, subject: subjectOf(path), edit: { commit, author, what }, changes: [] },
      difference: isTold ? unifiedDiff(present ?? '', wanted ?? '') : null,
      remedy: editRemedy(what, wanted !== undefined && !isManifest(path, ours)),
    }
  })
}

/** @param isOfSpecs whether what stands there follows from specs, where a person can change it */
function editRemedy(what: 'added' | 'edited' | 'deleted', isOfSpecs: boolean): string {
  if (what === 'added') return 'take the file out of the deploy repository'
  const restore = 'restore the file in the deploy repository'
  return isOfSpecs ? `make the change in the specs, and ${restore}` : restore
}

/** The manifests of all attempts that are not retired, as they would be rendered today of the plans that are kept. */
function ourManifests({ files }: Deployed): Files {
  const manifests = new Map<string, string>()
  for (const entry of readLedger(files).runs) for (const { path, text } of manifestsOf(entry)) manifests.set(path, text)
  return manifests
}

function manifestsOf(
  entry: RunLedger,
): readonly { readonly path: string; readonly run: LedgerRun; readonly text: string }[] {
  return entry.runs.flatMap((run) => {
    const { plan } = run
    if (!plan) return []
    const open = run.attempts.filter((one) => !one.retired)
    return open.map((attempt) => ({
      path: paths.job(entry.environment, entry.project, attempt.jobName),
      run,
      text: renderJob(plan, attempt),
    }))
  })
}

function isManifest(path: string, manifests: Files): boolean {
  return manifests.has(path)
}

function renderedManifests(entries: readonly RunLedger[], { files, drifted }: Deployed): readonly DriftItem[] {
  const edited = new Set(drifted.map(({ path }) => path))
  return entries.flatMap((entry) =>
    manifestsOf(entry).flatMap(({ path, text }): readonly DriftItem[] => {
      const present = files.get(path)
      if (present === undefined || present === text || edited.has(path)) return []
      const difference = unifiedDiff(present, text)
      return [
        { kind: 'rendered', path, subject: keyText(entry), edit: null, changes: [], difference, remedy: untilNextRun },
      ]
    }),
  )
}

/** Runs that specs still ask for, word for word, and that would begin with other values today. */
function changedRuns(starts: readonly TrainingPlan[], entries: readonly RunLedger[]) {
  const ledger = new Map(entries.map((entry) => [keyText(entry), entry]))
  const items: DriftItem[] = []
  let unpublished = 0
  for (const plan of starts) {
    const run = ledger.get(keyText(plan))?.runs.find((one) => one.id === plan.id)
    if (!run) unpublished += 1
    if (!run?.plan || run.status !== 'active') continue
    const changes = changedValues(run.plan, plan)
    const attempt = run.attempts.at(-1)
    if (changes.length === 0 || !attempt) continue
    const path = paths.job(plan.environment, plan.project, attempt.jobName)
    const difference = unifiedDiff(
      renderJob(run.plan, attempt),
      renderJob({ ...plan, shortDigest: run.shortDigest }, attempt),
    )
    items.push({ kind: 'values', path, subject: keyText(plan), edit: null, changes, difference, remedy: untilNextRun })
  }
  const asked = new Set(starts.map(keyText))
  unpublished += entries.filter(
    (entry) => !asked.has(keyText(entry)) && entry.runs.some((run) => run.status === 'active'),
  ).length
  return { items, unpublished }
}

/** Endpoints whose specs are, word for word, what was published. */
function changedEndpoints(result: CompileResult, { deployed, chart }: CompileInput) {
  const before = readLedger(deployed.files).endpoints
  const after = new Map(
    readLedger(applied(deployed, result.ledgerEdits).files).endpoints.map((one) => [keyText(one), one]),
  )
  const edited = new Set(deployed.drifted.map(({ path }) => path))
  const items: DriftItem[] = []
  const told = new Set<string>()
  let unpublished = 0
  for (const old of before) {
    const now = after.get(keyText(old))
    const files = [paths.endpointValues(old), paths.endpointApplication(old)]
    for (const path of files) told.add(path)
    const [asked, today] = [lastAsked(old), now && lastAsked(now)]
    if (!today || today.plan.digest !== asked.plan.digest) {
      unpublished += 1
      continue
    }
    const common = { subject: keyText(old), edit: null }
    const changes = changedValues({ ...asked.plan, pin: asked.pin }, { ...today.plan, pin: today.pin })
    if (changes.length > 0) {
      const [path = ''] = files
      items.push({
        ...common,
        kind: 'values',
        path,
        changes,
        difference: changed(path, result, deployed),
        remedy: untilPublished,
      })
    }
    for (const path of files) {
      const difference = edited.has(path) || changes.length > 0 ? null : changed(path, result, deployed)
      if (difference) items.push({ ...common, kind: 'rendered', path, changes: [], difference, remedy: untilPublished })
    }
    if (old.pin && old.plan.chartVersion !== chart.version) {
      const change = { path: 'chartVersion', before: old.plan.chartVersion, after: chart.version }
      const remedy = 'taken up when anything else of the endpoint changes'
      items.push({
        ...common,
        kind: 'chart',
        path: paths.endpointApplication(old),
        changes: [change],
        difference: null,
        remedy,
      })
    }
  }
  const known = new Set(before.map(keyText))
  unpublished += [...after.keys()].filter((key) => !known.has(key)).length
  return { items, unpublished, paths: told }
}

/** Files of whole folders: the Applications over Jobs, and the pages beside them. */
function otherFiles(result: CompileResult, deployed: Deployed, told: ReadonlySet<string>): readonly DriftItem[] {
  return [...result.change]
    .filter(([path, text]) => text !== null && deployed.files.has(path) && !told.has(path))
    .filter(([path]) => !path.startsWith('.specyard/') && !path.startsWith('charts/'))
    .filter(([path]) => /\/jobs\.yaml$|\/README\.md$/.test(path))
    .flatMap(([path]): readonly DriftItem[] => {
      const difference = changed(path, result, deployed)
      return difference
        ? [{ kind: 'rendered', path, subject: path, edit: null, changes: [], difference, remedy: untilPublished }]
        : []
    })
}

function changed(path: string, { change }: CompileResult, { files }: Deployed): UnifiedDiff | null {
  const text = change.get(path)
  return text === undefined ? null : unifiedDiff(files.get(path) ?? '', text ?? '')
}

function withoutRuns(deployed: Deployed): Deployed {
  const files = new Map([...deployed.files].filter(([path]) => !path.startsWith('.specyard/ledger/runs/')))
  return { ...deployed, files, drifted: [] }
}

function subjectOf(path: string): string {
  const [, environment, project, name] =
    /^(?:environments|applications)\/([^/]+)\/([^/]+)\/endpoints\/([^/.]+)/.exec(path) ?? []
  return environment !== undefined && project !== undefined && name !== undefined
    ? keyText({ environment, project, name })
    : path
}

function sorted(items: readonly DriftItem[]): readonly DriftItem[] {
  const ranks: readonly DriftItem['kind'][] = ['edited', 'values', 'rendered', 'chart']
  return [...items].sort(
    (left, right) => ranks.indexOf(left.kind) - ranks.indexOf(right.kind) || compareText(left.path, right.path),
  )
}
