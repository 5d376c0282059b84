import { driftPath, paths, type RunLedger, sourcePath } from '../domain/ledger.ts'
import { type LedgerEntry, type LedgerView, ledgerText, readLedger } from '../domain/ledger-files.ts'
import { keyText } from '../domain/names.ts'
import type { EndpointPlan, SpecSource } from '../domain/plan.ts'
import { compareText, hasErrors, type Problem } from '../domain/problem.ts'
import type { Change, Deployed, Files } from '../domain/publication.ts'
import { lastAsked } from '../domain/rollout.ts'
import { problemsOfRest } from './broken.ts'
import type { Aids, CompileInput, CompileResult, Impact } from './compile-types.ts'
import { chartFiles, decidePin, endpointFiles, waitMessage } from './ledger/endpoints.ts'
import { environmentEntries } from './ledger/environments.ts'
import { chartVersionsOf, nextEntry } from './ledger/releases.ts'
import { heldProblem, releaseOf } from './ledger/told.ts'
import { decideRuns } from './ledger/runs.ts'
import { Learning } from './parts.ts'
import { inOrder, problem } from './problem.ts'
import { renderJobsApplication } from './render/application.ts'
import { tooLargeManifest } from './render/size.ts'
import { renderTemplate } from './render/template.ts'
import { filesToCome, newlyRendered } from './rendered.ts'
import { type Catalogue, catalogue } from './resolve/catalogue.ts'
import { resolvePlace } from './resolve/place.ts'
import { byKey, takenRoutes } from './resolve/routes.ts'
import { resolveServing } from './resolve/serving.ts'
import { resolveTraining, type UnnamedTrainingPlan } from './resolve/training.ts'
import { reportSecrets } from './secrets/report.ts'
import { checkEndpoints, checkNewRuns } from './shape/new-runs.ts'
import { readShapes, type Shapes, shapesFolder } from './shape/shapes.ts'
import { type SpecsOfFile, specsOfFile } from './validate/specs-of-file.ts'

/**
 * Compiles specs against what is deployed: load → validate → resolve → decide by the ledger → render. Pure; never throws for a bad spec.
 * @param aids change how long it takes, and nothing that comes of it
 */
export function compile(input: CompileInput, aids: Aids = {}): CompileResult {
  const problems: Problem[] = []
  const { specs, broken, repaired, secrets } = loadSpecs(input, problems, aids)
  const known = catalogue(specs, broken)
  problems.push(...known.problems)
  const shapes = readShapes(known.catalogue, input.settings, input.sources, problems)
  const trainings = resolveTrainings(known.catalogue, shapes, input, problems, aids)
  const endpoints = known.catalogue.endpoints.flatMap((spec) =>
    resolveServing(spec, input.source, input.chart.version, { catalogue: known.catalogue, problems }),
  )
  problems.push(...takenRoutes(endpoints, known.catalogue))
  problems.push(...problemsOfRest(repaired, known.catalogue, input.source, input.chart.version))
  const ledger = readLedger(input.deployed.files)
  problems.push(...checkNewRuns(trainings, { shapes, known: known.catalogue, ledger }, input))
  problems.push(...checkEndpoints(endpoints, known.catalogue))
  const defined = [...known.catalogue.environments.values()].map(({ value }) => value)
  const environments = environmentEntries(defined, ledger)
  const tree = new Map<string, string>()
  const entries = new Map<string, LedgerEntry>()
  const impact = emptyImpact()
  const learning = aids.learn && new Learning(specs)
  decideTrainings(trainings, known.catalogue, ledger, input, { tree, entries, impact, problems, learning })
  decideEndpoints(endpoints, known.catalogue, ledger, input, { tree, entries, impact, problems, learning })
  problems.push(...judged(input, known.catalogue, ledger, { tree, impact, endpoints }))
  for (const one of environments) entries.set(paths.environmentLedger(one.environment), one)
  // Argo CD cannot sync a folder that is not there: the last endpoint of an environment could never be taken away.
  for (const { cluster, environment } of environments)
    if (cluster === 'kubernetes')
      tree.set(paths.applicationsPlaceholder(environment), renderTemplate('applications-readme', {}))
  for (const models of ledger.models) entries.set(paths.modelLedger(models.project, models.model), models)
  const told = inOrder(reportSecrets(problems, secrets, input.sources))
  if (hasErrors(told))
    return {
      problems: told,
      tree: null,
      ledgerEdits: new Map(),
      change: new Map(),
      impact: emptyImpact(),
      environments,
    }
  if (learning) aids.learn?.(learning.parts)
  const edits = once(() => editsOf(tree, entries, input.deployed))
  return {
    problems: [...told, ...driftWarnings(input.deployed)],
    tree,
    // Made for those who publish or compare: whoever checks specs or writes the tree asks for neither.
    get ledgerEdits() {
      return edits().ledgerEdits
    },
    get change() {
      return edits().change
    },
    impact,
    environments,
  }
}

/** What policies say, last of all: of the text that would be published. */
function judged(
  input: CompileInput,
  known: Catalogue,
  ledger: LedgerView,
  { tree, impact, endpoints }: Pick<Result, 'tree' | 'impact'> & { readonly endpoints: readonly EndpointPlan[] },
): readonly Problem[] {
  if (known.policies.length === 0) return []
  if (!input.judge) throw new Error('there are policies, and nobody handed over what judges by them')
  const toCome = filesToCome(endpoints, ledger.endpoints, tree, input.deploy)
  const rendered = newlyRendered(
    new Map([...tree, ...toCome]),
    input.deployed.files,
    { starts: impact.starts, endpoints },
    known,
  )
  return input.judge(input, known, rendered)
}

interface Result {
  readonly tree: Map<string, string>
  readonly entries: Map<string, LedgerEntry>
  readonly impact: { -readonly [Key in keyof Impact]: Impact[Key][number][] }
  readonly problems: Problem[]
  readonly learning: Learning | undefined
}

/** Reads and validates every document, in the order of paths. */
export function loadSpecs(
  input: CompileInput,
  problems: Problem[],
  { memory, pulse }: Aids = {},
): Omit<SpecsOfFile, 'problems'> {
  const files = input.sources.filter(({ path }) => !path.startsWith(shapesFolder))
  // Of a file with a secret nothing is kept.
  const withSecrets = new Set((input.secrets ?? []).map(({ where }) => where.file))
  const read = files
    .sort((left, right) => compareText(left.path, right.path))
    .map((file) => {
      pulse?.()
      return specsOfFile(file, withSecrets.has(file.path) ? undefined : memory)
    })
  problems.push(...read.flatMap((one) => one.problems))
  return {
    specs: read.flatMap((one) => one.specs),
    broken: read.flatMap((one) => one.broken),
    repaired: read.flatMap((one) => one.repaired),
    secrets: [...(input.secrets ?? []), ...read.flatMap((one) => one.secrets)],
  }
}

function resolveTrainings(
  known: Catalogue,
  shapes: Shapes,
  input: CompileInput,
  problems: Problem[],
  { pulse }: Aids,
): Map<string, UnnamedTrainingPlan> {
  const plans = new Map<string, UnnamedTrainingPlan>()
  for (const spec of known.trainingJobs) {
    pulse?.()
    const resolving = { catalogue: known, project: spec.value.metadata.project, at: spec.document, problems, shapes }
    const { commit, repository, dirty } = input.source
    const plan = resolveTraining(spec, { commit, repository, dirty }, resolving)
    if (plan) plans.set(keyText(plan), plan)
  }
  return plans
}

function decideTrainings(
  plans: ReadonlyMap<string, UnnamedTrainingPlan>,
  known: Catalogue,
  ledger: LedgerView,
  input: CompileInput,
  result: Result,
): void {
  const entries = new Map(ledger.runs.map((entry) => [keyText(entry), entry]))
  for (const plan of plans.values()) {
    const { environment, project, name } = plan
    if (!entries.has(keyText(plan))) entries.set(keyText(plan), { format: 1, environment, project, name, runs: [] })
  }
  for (const [text, entry] of [...entries].sort(([left], [right]) => compareText(left, right))) {
    const plan = plans.get(text)
    const decided = decideRuns(entry, plan, input.deployed.files)
    result.entries.set(paths.runLedger(entry), decided.entry)
    for (const [path, manifest] of decided.manifests) result.tree.set(path, manifest)
    if (plan) result.learning?.training(plan, decided.manifests)
    tellSizes(plan?.source, decided.manifests, input, result)
    tellRuns(entry, plan, decided, result)
  }
  jobsFolders([...entries.values()], plans, known, input, result)
}

/** Tells of files that are rendered now, and not copied from what is deployed, and that no cluster would take. */
function tellSizes(source: SpecSource | undefined, files: Files, input: CompileInput, { problems }: Result): void {
  if (!source) return
  const where = { file: source.path, line: source.line, column: 1 }
  for (const [path, text] of files)
    if (input.deployed.files.get(path) !== text) problems.push(...tooLargeManifest(path, text, where))
}

function tellRuns(
  entry: RunLedger,
  plan: UnnamedTrainingPlan | undefined,
  decided: ReturnType<typeof decideRuns>,
  result: Result,
): void {
  const { impact, problems } = result
  const key = { environment: entry.environment, project: entry.project, name: entry.name }
  const where = { file: plan?.source.path ?? paths.runLedger(entry), line: plan?.source.line ?? 1, column: 1 }
  if (decided.started) impact.starts.push(decided.started)
  if (decided.cancelled) impact.cancels.push({ key, runId: decided.cancelled.id })
  if (decided.superseded) {
    const newRunId = decided.superseded.supersededBy ?? ''
    impact.supersedes.push({ key, oldRunId: decided.superseded.id, newRunId })
    problems.push(
      problem(
        'RUN_SUPERSEDES',
        where,
        `this replaces run ${decided.superseded.id} of ${keyText(key)}, which is cancelled`,
      ),
    )
  }
  if (!decided.kept) return
  const ended = decided.kept.status !== 'active'
  impact.keeps.push({ key, runId: decided.kept.id, ended })
  if (!ended) return
  const how = decided.kept.outcome ?? decided.kept.cancelReason ?? 'ended'
  problems.push(
    problem('RUN_ENDED', where, `the run that this spec asks for has ended (${how}); it will not run again`, {
      hint: `raise spec.rerun to train the same again: specyard retry ${entry.name}`,
    }),
  )
}

/** Application and placeholder of every folder that has, or ever had, jobs: without them the last Job could never be taken away. */
function jobsFolders(
  entries: readonly RunLedger[],
  plans: ReadonlyMap<string, UnnamedTrainingPlan>,
  known: Catalogue,
  input: CompileInput,
  result: Result,
): void {
  const { folders: beside = [] } = input.beside ?? {}
  const folders = new Map([...entries, ...beside].map((one) => [`${one.environment}/${one.project}`, one]))
  const queued = new Set<string>()
  for (const { environment, project, queue } of plans.values())
    if (queue !== null) queued.add(`${environment}/${project}`)
  for (const one of beside) if (one.queues) queued.add(`${one.environment}/${one.project}`)
  for (const [folder, { environment, project }] of folders) {
    const application = paths.jobsApplication(environment, project)
    const deployed = input.deployed.files.get(application)
    const place = placeOf(environment, project, known)
    if (place) {
      const queues = queued.has(folder) || (deployed?.includes('RespectIgnoreDifferences=true') ?? false)
      const { namespace, destination } = place
      const jobs = { environment, project, namespace, destination, queues }
      result.tree.set(application, renderJobsApplication(jobs, input.deploy))
    } else if (deployed !== undefined) {
      // The environment is no longer defined: what was published for it stays until its runs are gone.
      result.tree.set(application, deployed)
    }
    result.tree.set(paths.jobsPlaceholder(environment, project), renderTemplate('jobs-readme', {}))
  }
}

function placeOf(environment: string, project: string, known: Catalogue) {
  const spec = known.environments.get(environment)
  return (
    spec &&
    resolvePlace(environment, () => spec.document.locate(''), {
      catalogue: known,
      project,
      at: spec.document,
      problems: [],
    })
  )
}

function decideEndpoints(
  plans: readonly EndpointPlan[],
  known: Catalogue,
  ledger: LedgerView,
  input: CompileInput,
  result: Result,
): void {
  const { deployed, deploy, chart } = input
  const before = new Map(ledger.endpoints.map((entry) => [keyText(entry), entry]))
  const versions = new Set<string>(input.beside?.charts)
  for (const plan of byKey(plans)) {
    const old = before.get(keyText(plan))
    const models = ledger.models.find((one) => one.project === plan.project && one.model === plan.model.ref)
    const pin = decidePin(plan, old ? lastAsked(old).pin : null, models)
    const key = { environment: plan.environment, project: plan.project, name: plan.name }
    if (pin === 'unknown') {
      const spec = known.endpoints.find(
        (one) => one.value.metadata.name === plan.name && one.value.metadata.project === plan.project,
      )
      const where = spec?.document.locate('/spec/model/version') ?? {
        file: plan.source.path,
        line: plan.source.line,
        column: 1,
      }
      const hint = models?.versions.length
        ? `there are: ${models.versions.map((one) => one.version).join(', ')}`
        : 'it has no version yet'
      result.problems.push(
        problem('MODEL_VERSION_UNKNOWN', where, `model "${plan.model.ref}" has no version ${plan.model.version}`, {
          hint,
        }),
      )
      continue
    }
    const entry = nextEntry(plan, pin, old)
    result.entries.set(paths.endpointLedger(entry), entry)
    const files = endpointFiles(entry, deploy)
    for (const [path, text] of files) result.tree.set(path, text)
    tellSizes(plan.source, files, input, result)
    const charts = chartVersionsOf(entry)
    for (const version of charts) versions.add(version)
    result.learning?.endpoint(plan, files, charts)
    if (!entry.pin) result.impact.waits.push({ key, reason: 'WAITING_FOR_MODEL', message: waitMessage(plan, models) })
    const release = releaseOf(entry, old)
    if (release) result.impact.releases.push(release)
    if (old?.rollout && !entry.rollout && !release) result.impact.ends.push(key)
    const held = heldProblem(entry)
    if (held) result.problems.push(held)
    before.delete(keyText(plan))
  }
  for (const version of versions)
    for (const [path, text] of chartFiles(version, chart, deployed.files)) result.tree.set(path, text)
  for (const { environment, project, name } of before.values())
    result.impact.removes.push({ environment, project, name })
}

/** What a commit changes: of the ledger, and of everything. */
function editsOf(
  tree: Files,
  entries: ReadonlyMap<string, LedgerEntry>,
  deployed: Deployed,
): Pick<CompileResult, 'ledgerEdits' | 'change'> {
  const texts = new Map([...entries].map(([path, entry]) => [path, ledgerText(entry)]))
  const ledgerEdits = difference(texts, deployed, (path) => path.startsWith('.specyard/ledger/'))
  const treeEdits = difference(tree, deployed, (path) => !path.startsWith('.specyard/'))
  const change = new Map([
    ...withoutDrifted([...treeEdits, ...ledgerEdits], deployed),
    ...adopted(tree, texts, deployed),
  ])
  return { ledgerEdits, change }
}

/** What a commit changes so that the owned files that `covers` says are exactly the wanted ones. */
function difference(wanted: Files, deployed: Deployed, covers: (path: string) => boolean): Change {
  const change = new Map<string, string | null>()
  for (const [path, text] of wanted) if (deployed.files.get(path) !== text) change.set(path, text)
  for (const path of deployed.files.keys()) {
    if (covers(path) && !wanted.has(path) && path !== sourcePath && path !== driftPath) change.set(path, null)
  }
  return new Map([...change].sort(([left], [right]) => compareText(left, right)))
}

function withoutDrifted(edits: readonly (readonly [string, string | null])[], deployed: Deployed): Change {
  const drifted = new Set(deployed.drifted.map((file) => file.path))
  return new Map(edits.filter(([path]) => !drifted.has(path)))
}

/**
 * Files that somebody else changed to what is wanted anyway: naming them ends the drift. Manifests of attempts are copied from what is
 * deployed, so for them being equal says nothing.
 */
function adopted(tree: Files, entries: Files, deployed: Deployed): Change {
  const settled = deployed.drifted
    .map(({ path }) => path)
    .filter((path) => !/^environments\/.*\/jobs\/.*\.yaml$/.test(path))
    .map((path) => [path, tree.get(path) ?? entries.get(path) ?? null] as const)
    .filter(([path, wanted]) => wanted === (deployed.files.get(path) ?? null))
  return new Map(settled)
}

function driftWarnings(deployed: Deployed): readonly Problem[] {
  return deployed.drifted.map(({ path, commit, author }) =>
    problem(
      'PUBLISHED_FILE_CHANGED',
      { file: path, line: 1, column: 1 },
      `${author} changed this published file in commit ${commit.slice(0, 10)}; it is left as it is`,
      {
        hint: 'make the change in the specs and restore the file in the deploy repository',
      },
    ),
  )
}

function emptyImpact(): Result['impact'] {
  return { starts: [], supersedes: [], cancels: [], keeps: [], releases: [], ends: [], waits: [], removes: [] }
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => (made ??= make())
}
