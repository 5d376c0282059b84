import { branchesPath, paths } from '../domain/ledger.ts'
import { type LedgerEntry, type LedgerView, readLedger } from '../domain/ledger-files.ts'
import { keyText } from '../domain/names.ts'
import type { EndpointPlan, TrainingPlan } from '../domain/plan.ts'
import type { Deployed } from '../domain/publication.ts'
import { compareText, hasErrors, type Problem } from '../domain/problem.ts'
import { problemsOfRest } from './broken.ts'
import type { Aids, CompileInput, CompileResult } from './compile-types.ts'
import { type Deciding, emptyImpact } from './decide/deciding.ts'
import { decideEndpoints } from './decide/endpoints.ts'
import { decideTrainings } from './decide/trainings.ts'
import { driftWarnings, editsOf } from './edits.ts'
import { decideBranches } from './ledger/branches.ts'
import { environmentEntries, waitingForPullRequests } from './ledger/environments.ts'
import { Learning } from './parts.ts'
import { inOrder } from './problem.ts'
import { renderTemplate } from './render/template.ts'
import { filesToCome, newlyRendered } from './rendered.ts'
import { type Catalogue, catalogue } from './resolve/catalogue.ts'
import type { Place, Resolving } from './resolve/place.ts'
import { takenRoutes } from './resolve/routes.ts'
import { resolveServing } from './resolve/serving.ts'
import { resolveTraining } from './resolve/training.ts'
import { reportSecrets } from './secrets/report.ts'
import { checkNewManifests } from './shape/new-manifests.ts'
import { checkEndpoints, checkNewRuns } from './shape/new-runs.ts'
import { readShapes, shapesFolder } from './shape/shapes.ts'
import { type SpecsOfFile, specsOfFile } from './validate/specs-of-file.ts'
import type { BrokenSpec, RepairedSpec, Spec } from './validate/validate.ts'

/**
 * Compiles specs against what is deployed: load → validate → resolve → decide by the ledger → render. Pure; never throws for a bad spec.
 * @param aids change how long it takes, and nothing that comes of it
 */
export function compile(given: CompileInput, aids: Aids = {}): CompileResult {
  const problems: Problem[] = []
  const { specs, broken, repaired, secrets } = loadSpecs(given, problems, aids)
  const known = catalogue(specs, broken)
  problems.push(...known.problems)
  const ledger = readLedger(given.deployed.files)
  const placed = decideBranches(known.catalogue.environments, ledger, given.deployed, given.deploy.branch)
  problems.push(...placed.problems)
  const { branches } = placed
  const input = { ...given, deploy: { ...given.deploy, branches } }
  const shapes = readShapes(known.catalogue, input.settings, input.sources, problems, input.beside)
  const context = { catalogue: known.catalogue, problems, places: new Map<string, Place>() }
  const trainings = resolveTrainings({ ...context, shapes }, input.source, aids)
  const endpoints = known.catalogue.endpoints.flatMap((spec) =>
    resolveServing(spec, input.source, input.chart.version, context),
  )
  problems.push(...takenRoutes(endpoints, known.catalogue))
  problems.push(...problemsOfRest(repaired, known.catalogue, input.source, input.chart.version))
  problems.push(...checkNewRuns(trainings, { shapes, known: known.catalogue, ledger }, input))
  problems.push(...checkEndpoints(endpoints, known.catalogue))
  const defined = [...known.catalogue.environments.values()].map(({ value }) => value)
  const environments = environmentEntries(defined, ledger)
  const tree = new Map<string, string>()
  const entries: LedgerEntry[] = []
  const impact = emptyImpact()
  const learning = aids.learn && new Learning(specs)
  decideTrainings(trainings, known.catalogue, ledger, input, { tree, entries, impact, problems, learning })
  decideEndpoints(endpoints, known.catalogue, ledger, input, { tree, entries, impact, problems, learning })
  problems.push(...problemsOfNew(input, known.catalogue, ledger, { tree, impact, endpoints, problems }))
  entries.push(...environments)
  // Argo CD cannot sync a folder that is not there: the last endpoint of an environment could never be taken away.
  for (const { cluster, environment } of environments)
    if (cluster === 'kubernetes')
      tree.set(paths.applicationsPlaceholder(environment), renderTemplate('applications-readme', {}))
  // Once it is there it stays: by it is known that there may have been other branches.
  if (Object.keys(branches).length > 0 || input.deployed.files.has(branchesPath)) entries.push({ format: 1, branches })
  entries.push(...ledger.models)
  const told = inOrder(reportSecrets(problems, secrets, input))
  if (hasErrors(told))
    return {
      problems: told,
      tree: null,
      ledgerEdits: new Map(),
      change: new Map(),
      impact: emptyImpact(),
      environments,
      pullRequests: [],
      branches,
    }
  if (learning) aids.learn?.(learning.parts)
  return compiled({ tree, entries, impact }, [...told, ...driftWarnings(input.deployed)], input.deployed, {
    environments,
    pullRequests: waitingForPullRequests(environments, ledger.environments),
    branches,
  })
}

/** The result of a compilation: a function of its own, so that what is made later keeps nothing alive of what compiling took. */
function compiled(
  { tree, entries, impact }: Pick<Deciding, 'tree' | 'entries' | 'impact'>,
  problems: readonly Problem[],
  deployed: Deployed,
  rest: Pick<CompileResult, 'environments' | 'pullRequests' | 'branches'>,
): CompileResult {
  const edits = once(() => editsOf(tree, entries, deployed))
  return {
    problems,
    tree,
    // Made for those who publish or compare: whoever checks specs or writes the tree asks for neither.
    get ledgerEdits() {
      return edits().ledgerEdits
    },
    get change() {
      return edits().change
    },
    impact,
    ...rest,
  }
}

/** What the API server and policies say, last of all: of the text that would be published. */
function problemsOfNew(
  input: CompileInput,
  known: Catalogue,
  ledger: LedgerView,
  made: Pick<Deciding, 'tree' | 'impact' | 'problems'> & { readonly endpoints: readonly EndpointPlan[] },
): readonly Problem[] {
  const { tree, impact, endpoints } = made
  // A value that does not fit has been told where it is written.
  const isChecked = (input.checksManifests ?? input.kubernetesVersion !== undefined) && !hasErrors(made.problems)
  const isJudged = known.policies.length > 0
  if (!isChecked && !isJudged) return []
  const toCome = filesToCome(endpoints, ledger.endpoints, tree, input.deploy)
  const rendered = newlyRendered(
    new Map([...tree, ...toCome]),
    input.deployed.files,
    { starts: impact.starts, endpoints },
    known,
  )
  const refused = isChecked ? checkNewManifests(rendered, known, input) : []
  if (!isJudged) return refused
  if (!input.judge) throw new Error('there are policies, and nobody handed over what judges by them')
  return [...refused, ...input.judge(input, known, rendered)]
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
  const all = {
    specs: [] as Spec[],
    broken: [] as BrokenSpec[],
    repaired: [] as RepairedSpec[],
    secrets: [...(input.secrets ?? [])],
  }
  for (const file of files.sort((left, right) => compareText(left.path, right.path))) {
    pulse?.()
    const read = specsOfFile(file, withSecrets.has(file.path) ? undefined : memory)
    all.specs.push(...read.specs)
    all.broken.push(...read.broken)
    all.repaired.push(...read.repaired)
    all.secrets.push(...read.secrets)
    problems.push(...read.problems)
  }
  return all
}

function resolveTrainings(
  { catalogue: known, problems, places, shapes }: Required<Omit<Resolving, 'project' | 'at' | 'origins'>>,
  source: CompileInput['source'],
  { pulse }: Aids,
): Map<string, TrainingPlan> {
  const plans = new Map<string, TrainingPlan>()
  for (const spec of known.trainingJobs) {
    pulse?.()
    const { project } = spec.value.metadata
    const resolving = { catalogue: known, problems, places, shapes, project, at: spec.document }
    const plan = resolveTraining(spec, source, resolving)
    if (plan) plans.set(keyText(plan), plan)
  }
  return plans
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => (made ??= make())
}
