import type { CompileInput } from '../../compiler/compile-types.ts'
import { loadSpecs } from '../../compiler/compile.ts'
import { explainSpec } from '../../compiler/explain/explain.ts'
import type { Candidate, Explained, ExplainedValue } from '../../compiler/explain/explained.ts'
import { reportSecrets } from '../../compiler/secrets/report.ts'
import { nearest } from '../../compiler/validate/nearest.ts'
import { keyText } from '../../domain/names.ts'
import type { Problem } from '../../domain/problem.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { compileInput } from '../specs/compile-input.ts'
import { withoutSecrets } from '../specs/secrets.ts'
import { readDeployed } from '../specs/deployed.ts'
import { openStates } from '../specs/states.ts'
import { explainedFiles, explainedValue, explainedValues, isOwnName } from '../terminal/explained.ts'
import { formatProblems } from '../terminal/problems.ts'
import { UsageError, type World } from '../world.ts'

export interface SpecFlags {
  readonly output: 'human' | 'json'
  readonly env?: string
  readonly rev?: string
  readonly rendered?: boolean
  /** Into the plan, or into the spec when it begins with `spec.` or `metadata.`. */
  readonly path?: string
}

/** Says where each value of a spec's plan comes from, or each line of what is rendered of it. */
export async function runExplainSpec(
  world: World,
  directory: string,
  spec: string,
  { output, env, rev, rendered = false, path }: SpecFlags,
): Promise<ExitCode> {
  const states = openStates(world, directory)
  const specs = await (rev === undefined ? states.workingTree() : states.at(rev))
  const deployed = await readDeployed(world, specs.settings)
  const input = { ...(await compileInput(specs.settings, specs)), deployed }
  const secrets = literalSecrets(input)
  if (secrets.length > 0) return tellProblems(world, secrets, output)
  const withLines = rendered || path !== undefined || output === 'json'
  const answer = explainSpec(input, { spec, rendered: withLines, ...(env === undefined ? {} : { environment: env }) })
  if (answer.is === 'problems') return tellProblems(world, answer.problems, output)
  if (answer.is !== 'explained') throw new UsageError(whichOnes(spec, env, answer.is, answer.candidates))
  const explained = path === undefined ? answer.explained : below(answer.explained, path)
  world.stdout.write(await withoutSecrets(inWords(explained, output, rendered, path)))
  return exitCodes.fine
}

/** The secrets that stand in what is read. While there is one, nothing is explained: in what is made of it, it stands in many forms. */
function literalSecrets(input: CompileInput): readonly Problem[] {
  const problems: Problem[] = []
  const { secrets } = loadSpecs(input, problems)
  return reportSecrets(problems, secrets, input).filter(({ code }) => code === 'SECRET_LITERAL')
}

function tellProblems(world: World, problems: readonly Problem[], output: SpecFlags['output']): ExitCode {
  const text = output === 'json' ? JSON.stringify({ problems }, null, 2) : formatProblems(problems)
  world.stdout.write(`${text}\n`)
  return exitCodes.problems
}

function inWords(
  explained: Explained,
  output: SpecFlags['output'],
  rendered: boolean,
  path: string | undefined,
): string {
  if (output === 'json') return `${JSON.stringify(explained, null, 2)}\n`
  if (rendered) return explainedFiles(explained, path !== undefined)
  return path !== undefined && explained.values.length === 1 ? explainedValue(explained) : explainedValues(explained)
}

/** What there is at a path of the plan, or what was made of a path of the spec. */
function below(explained: Explained, path: string): Explained {
  const wanted = path.replace(/^\//, '').replaceAll('/', '.')
  const isBelow = (one: string | null, at: string): boolean => one === at || (one?.startsWith(`${at}.`) ?? false)
  const atPlan = (one: ExplainedValue): boolean => isBelow(one.path, wanted) || isBelow(`plan.${one.path}`, wanted)
  // A value knows what it stands for in the spec, wherever it is written.
  const overlay = `spec.environments.${explained.key.environment}.`
  const inSpec = wanted.startsWith(overlay) ? `spec.${wanted.slice(overlay.length)}` : wanted
  const atSpec = ({ origin: { from, written } }: ExplainedValue): boolean =>
    isBelow(written, inSpec) && (inSpec === wanted || from === 'overlay')
  const isFit = explained.values.some(atPlan) ? atPlan : atSpec
  const fitting = explained.values.filter(isFit)
  const unnamed = fitting.filter((one) => !isOwnName(one.path))
  const values = unnamed.length > 0 ? unnamed : fitting
  if (values.length === 0) {
    const known = [...new Set(explained.values.map((one) => one.path.split('.')[0] ?? ''))].join(', ')
    const near = nearest(wanted, [...new Set(explained.values.flatMap(({ path: one }) => above(one)))])
    const hint = near === undefined ? '' : `\n  did you mean ${near}?`
    throw new UsageError(`error: the plan has nothing at "${path}"; it has ${known}${hint}`)
  }
  const kept = new Set(values.map((one) => one.path))
  const files = explained.files.map((file) => ({
    ...file,
    lines: file.lines.filter((line) => line.values.some((one) => kept.has(one.path))),
  }))
  return { ...explained, values, files: files.filter((file) => file.lines.length > 0) }
}

/** A path and all that it is below. */
function above(path: string): readonly string[] {
  const steps = path.split('.')
  return steps.map((_, index) => steps.slice(0, index + 1).join('.'))
}

function whichOnes(
  spec: string,
  environment: string | undefined,
  is: 'ambiguous' | 'unknown',
  candidates: readonly Candidate[],
): string {
  const where = environment === undefined ? '' : ` in environment "${environment}"`
  const shown = candidates.slice(0, 20).map(({ kind, key, file }) => `  ${keyText(key)}  (${kind}, ${file})`)
  const more = candidates.length > 20 ? [`  and ${candidates.length - 20} more`] : []
  const head =
    is === 'unknown'
      ? `error: no training or endpoint is called "${spec}"${where}`
      : `error: "${spec}"${where} can be several; choose one with --env, or write environment/project/name`
  const meant = is === 'unknown' ? likely(spec, environment, candidates) : undefined
  const hint = meant === undefined ? [] : [`  did you mean ${meant}?`]
  return [head, ...hint, ...(candidates.length === 0 ? [] : ['there are:', ...shown, ...more])].join('\n')
}

/** What was probably meant by a name, or an environment, that there is not. */
function likely(spec: string, environment: string | undefined, candidates: readonly Candidate[]): string | undefined {
  const namesOf = ({ key, file }: Candidate): readonly string[] => [
    ...[key.name, `${key.project}/${key.name}`, keyText(key), file],
  ]
  const own = candidates.filter((one) => namesOf(one).includes(spec))
  const near = own.length > 0 ? spec : nearest(spec, [...new Set(candidates.flatMap(namesOf))])
  if (near === undefined) return undefined
  const of = candidates.filter((one) => namesOf(one).includes(near)).map(({ key }) => key.environment)
  if (environment === undefined || of.includes(environment)) return near
  const [only, ...others] = [...new Set(of)]
  const meant = nearest(environment, of) ?? (others.length === 0 ? only : undefined)
  if (meant !== undefined) return `${near} --env ${meant}`
  return near === spec ? undefined : near
}
