import type { Json } from '../../domain/canonical.ts'
import { hasErrors, type Place as SourcePlace, type Problem } from '../../domain/problem.ts'
import type { CompileInput } from '../compile-types.ts'
import { loadSpecs } from '../compile.ts'
import { type Catalogue, catalogue } from '../resolve/catalogue.ts'
import { resolvePlace } from '../resolve/place.ts'
import { resolveServing } from '../resolve/serving.ts'
import { resolveTraining } from '../resolve/training.ts'
import { checkShaped } from '../shape/check.ts'
import { rulesFor } from '../shape/new-runs.ts'
import { readShapes } from '../shape/shapes.ts'
import type { SpecOf } from '../validate/validate.ts'
import { explainEndpointFiles, explainTrainingFiles, type Subject } from './files.ts'
import type { Candidate, Explained, ExplainedOrigin, ExplainedValue, Explanation } from './explained.ts'
import { dotted, leavesOf } from './leaves.ts'
import { type Heard, listen } from './listen.ts'
import { type Around, explainOrigin } from './origin.ts'

export interface SpecQuery {
  /** A name, `project/name`, `environment/project/name`, with or without its kind before it, or the path of a file. */
  readonly spec: string
  readonly environment?: string
  /** Whether the lines of what is rendered are asked about too, which takes a hundred renderings. */
  readonly rendered: boolean
}

/**
 * Tells of one spec in one environment where each value of its plan, and each line that is rendered of it, comes from. The plan is resolved by
 * the very code that compiles it, with somebody listening.
 */
export function explainSpec(input: CompileInput, query: SpecQuery): Explanation {
  const problems: Problem[] = []
  const { specs, broken } = loadSpecs(input, problems)
  const known = catalogue(specs, broken)
  problems.push(...known.problems)
  const all = candidatesOf(known.catalogue)
  const fitting = all.filter((one) => fits(one, query))
  const [chosen, another] = fitting
  if (another) return { is: 'ambiguous', candidates: fitting }
  if (chosen) return explainResolved(input, known.catalogue, chosen, query.rendered)
  return hasErrors(problems) ? { is: 'problems', problems } : { is: 'unknown', candidates: all }
}

function candidatesOf(known: Catalogue): readonly Candidate[] {
  const trainings = known.trainingJobs.map(({ kind, value: { metadata, spec }, document }) => ({
    kind,
    key: { environment: spec.environment, project: metadata.project, name: metadata.name },
    file: document.file,
  }))
  const endpoints = known.endpoints.flatMap(({ kind, value: { metadata, spec }, document }) =>
    Object.keys(spec.environments).map((environment) => ({
      kind,
      key: { environment, project: metadata.project, name: metadata.name },
      file: document.file,
    })),
  )
  return [...trainings, ...endpoints]
}

function fits({ kind, key, file }: Candidate, { spec, environment }: SpecQuery): boolean {
  if (environment !== undefined && key.environment !== environment) return false
  const names = [key.name, `${key.project}/${key.name}`, `${key.environment}/${key.project}/${key.name}`]
  return spec === file || names.some((name) => spec === name || spec.toLowerCase() === `${kind}/${name}`.toLowerCase())
}

/** The same for a spec that was found already. @param rendered whether the lines of what is rendered are asked about too */
export function explainResolved(
  input: CompileInput,
  known: Catalogue,
  { kind, key }: Candidate,
  rendered: boolean,
): Explanation {
  const heard = listen()
  const problems: Problem[] = []
  const isIt = (spec: SpecOf<'TrainingJob'> | SpecOf<'ServingEndpoint'>): boolean =>
    spec.value.metadata.project === key.project && spec.value.metadata.name === key.name
  const spec =
    kind === 'TrainingJob'
      ? known.trainingJobs.find((one) => isIt(one) && one.value.spec.environment === key.environment)
      : known.endpoints.find(isIt)
  const subject = spec && resolved(input, known, spec, key.environment, heard, problems)
  if (!spec || !subject || hasErrors(problems)) return { is: 'problems', problems }
  const around: Around = { document: spec.document, ...key, catalogue: known, heard }
  const originAt = (named: string): ExplainedOrigin => explainOrigin(heard.originOf(named), around)
  const values = valuesOf(subject.plan as unknown as Json, originAt)
  const told = { values, originAt }
  const explained: Explained = {
    kind,
    key,
    where: { file: spec.document.file, line: spec.document.line, column: 1 },
    values,
    ...(subject.kind === 'TrainingJob'
      ? explainTrainingFiles(subject, input, told, known, rendered)
      : explainEndpointFiles(subject, input, told, known, rendered)),
  }
  return { is: 'explained', explained }
}

function resolved(
  input: CompileInput,
  known: Catalogue,
  spec: SpecOf<'TrainingJob'> | SpecOf<'ServingEndpoint'>,
  environment: string,
  heard: Heard,
  problems: Problem[],
): Subject | undefined {
  const { commit, repository, dirty } = input.source
  const source = { commit, repository, dirty }
  if (spec.kind === 'TrainingJob') {
    const resolving = { catalogue: known, project: spec.value.metadata.project, at: spec.document, problems }
    const shapes = readShapes(known, input.settings, input.sources, problems)
    const plan = resolveTraining(spec, source, { ...resolving, shapes, origins: heard })
    const place = resolvePlace(environment, () => spec.document.locate('/spec/environment'), resolving)
    const shape = shapes.of(environment, spec.value.metadata.project)
    // What cannot be rendered cannot be explained line by line.
    if (plan && shape) {
      const written = (): SourcePlace => spec.document.locate('/metadata/name')
      problems.push(...checkShaped(plan, shape, rulesFor(environment, known, input), written))
    }
    if (!plan || !place) return undefined
    const { shortDigest: _digits, ...unnamed } = plan
    return { kind: 'TrainingJob', plan: unnamed, destination: place.destination, shape }
  }
  // Another environment's values and problems are not asked about.
  const deaf = listen()
  const ofAll: Problem[] = []
  const only = { [environment]: spec.value.spec.environments[environment] ?? {} }
  const alone = { ...spec, value: { ...spec.value, spec: { ...spec.value.spec, environments: only } } }
  const [plan] = resolveServing(alone, source, input.chart.version, {
    catalogue: known,
    problems: ofAll,
    listen: (one) => (one === environment ? heard : deaf),
  })
  problems.push(...ofAll)
  return plan && { kind: 'ServingEndpoint', plan }
}

function valuesOf(plan: Json, originAt: (named: string) => ExplainedOrigin): readonly ExplainedValue[] {
  return leavesOf(plan).map(({ named, value }) => ({
    path: dotted(named),
    value,
    origin: originAt(named),
  }))
}
