import { isAbsolute, relative, resolve } from 'node:path'
import type { KubernetesVersion } from '../../compiler/manifest/schemas.ts'
import { inOrder } from '../../compiler/problem.ts'
import { reportSecrets } from '../../compiler/secrets/report.ts'
import { isFault } from '../../domain/fault.ts'
import { comparePlaces, hasErrors, type Problem } from '../../domain/problem.ts'
import { isTemplatePath } from '../../publisher/spec-files.ts'
import { filesRead, readWorkingTree } from '../../publisher/source.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { packageVersion } from '../house/assets.ts'
import { inspectSettings, type Settings, settingsFile } from '../house/settings.ts'
import { checkoutPaths } from '../report/checkout.ts'
import type { Report, ReportFormat } from '../report/report.ts'
import { writeReport } from '../report/write.ts'
import { lookingAids, recollectionOfUser } from '../specs/aids.ts'
import { compileSpecs, nothingDeployed } from '../specs/compile-specs.ts'
import { isLittle } from '../specs/looking/little.ts'
import { look, type Looked } from '../specs/looking/look.ts'
import { readStandardInput, type Selection, select, standardInput } from '../specs/selection.ts'
import { linesOf } from '../terminal/frame.ts'
import { terminalOf } from '../terminal/paint.ts'
import { UsageError, type World } from '../world.ts'

export interface CheckFlags {
  readonly output: ReportFormat
  /** The path that standard input is looked at under. */
  readonly stdinPath?: string
  readonly kubeVersion?: KubernetesVersion
  readonly cache: boolean
}

/**
 * Finds every problem of the specs; reads nothing but them. All are read, because they refer to each other; told are those of the files
 * that were asked about, and of others that have a part in them.
 */
export async function runCheck(
  world: World,
  directory: string,
  paths: readonly string[],
  options: CheckFlags,
): Promise<ExitCode> {
  const inputs = paths.filter((path) => path === '-').length
  if (inputs > 1) throw new UsageError('error: standard input can be read once')
  if (inputs === 0 && options.stdinPath !== undefined)
    throw new UsageError(
      'error: --stdin-path is the path of standard input, which is read where - stands among the paths',
    )
  try {
    return await checkSpecs(world, directory, paths, options)
  } catch (error) {
    if (options.output === 'github' && isFault(error)) {
      const { githubFault } = await import('../report/github.ts')
      world.stdout.write(githubFault(error))
    }
    throw error
  }
}

async function checkSpecs(
  world: World,
  directory: string,
  paths: readonly string[],
  options: CheckFlags,
): Promise<ExitCode> {
  const inspected = await inspectSettings(directory, world.environment)
  const settings = { ...inspected.settings, kubernetesVersion: options.kubeVersion }
  const { root } = settings
  const read = (): Promise<Uint8Array> => readStandardInput(world.stdin)
  const selection = await select(root, directory, paths, { read, path: options.stdinPath })
  const compiled = withWrongSettings(await lookAt(world, settings, selection, options), inspected.problems)
  // While its settings are wrong nothing else of a repository matters.
  const isWrong = inspected.problems.length > 0
  const told = compiled.problems.filter(
    (one) => isAskedFor(one, selection) || (isWrong && one.where.file === settingsFile),
  )
  const shownPath = pathsFrom(directory, root)
  let inCheckout: Report['checkoutPath'] | undefined
  const report: Report = {
    files: compiled.paths.filter((path) => selection.includes(path) && !isTemplatePath(path)),
    problems: told.map((one) => namedAgain(one, shownPath)),
    others: compiled.problems.filter((one) => one.severity === 'error').length - errors(told),
    linesOf: linesOf(compiled.files),
    // What version this is, and where the checkout is, some formats alone ask for.
    get version() {
      return packageVersion()
    },
    shownPath,
    checkoutPath: (file) => (inCheckout ??= checkoutPaths(root, world.environment['GITHUB_WORKSPACE']))(file),
  }
  world.stdout.write(await writeReport(options.output, report, terminalOf(world.stdout, world.environment)))
  return hasErrors(told) ? exitCodes.problems : exitCodes.fine
}

/** What there is to say of the working tree, with drafts in the place of what they are drafts of. */
async function lookAt(
  world: World,
  settings: Settings,
  selection: Selection,
  options: CheckFlags,
): Promise<Pick<Looked, 'problems' | 'paths' | 'files'>> {
  const { root } = settings
  if (selection.drafts.length === 0) {
    const looked = await look({
      settings,
      deployed: () => Promise.resolve(nothingDeployed),
      source: () => Promise.resolve(source),
      recollection: isLittle(root) ? undefined : recollectionOfUser(world, options, ['check', root]),
      aids: (count) => lookingAids(world, options, count),
    })
    looked.remember(new Map())
    return looked
  }
  const tree = await readWorkingTree(root)
  const files = [...tree.files.filter((file) => !replaces(selection, file.path)), ...selection.drafts]
  const aids = lookingAids(world, options, files.length)
  const { problems } = await compileSpecs(settings, { ...tree, files, source }, nothingDeployed, aids)
  aids.save()
  return { problems, files: filesRead({ ...tree, files }), paths: files.map(({ path }) => path) }
}

/** With what is wrong with the settings themselves, and of that nothing which shows a secret. */
function withWrongSettings(
  compiled: Pick<Looked, 'problems' | 'paths' | 'files'>,
  wrong: readonly Problem[],
): Pick<Looked, 'problems' | 'paths' | 'files'> {
  if (wrong.length === 0) return compiled
  const file = compiled.files.find(({ path }) => path === settingsFile)
  const found = compiled.problems.filter(({ code, where }) => code === 'SECRET_LITERAL' && where.file === settingsFile)
  const secrets = found.map(({ where, message }) => ({ where, what: message }))
  const told = reportSecrets(wrong, secrets, { sources: file ? [file] : [], settings: file })
  const others = told.filter((one) => !found.some(({ where }) => comparePlaces(where, one.where) === 0))
  return { ...compiled, problems: inOrder([...compiled.problems, ...others]) }
}

const source = { format: 1, repository: null, commit: null, dirty: true } as const

function replaces(selection: Selection, path: string): boolean {
  return selection.drafts.some((draft) => draft.path === path)
}

/** Standard input that is called as a spec is which is there: most often it is a newer text of that, and nobody said so. */
function namedAgain(problem: Problem, shownPath: Report['shownPath']): Problem {
  const other = problem.also?.[0]?.where.file
  if (problem.code !== 'NAME_TAKEN' || problem.where.file !== standardInput || other === undefined) return problem
  const path = shownPath(other)
  return { ...problem, hint: `if it is a newer text of ${path}, add --stdin-path ${path}; else rename one of the two` }
}

function isAskedFor({ where, also = [] }: Problem, selection: Selection): boolean {
  return [where, ...also.map((one) => one.where)].some((place) => selection.includes(place.file))
}

function errors(problems: readonly Problem[]): number {
  return problems.filter((one) => one.severity === 'error').length
}

/** Paths as they are from the folder that a person is in, so that a terminal or editor can open them. */
function pathsFrom(directory: string, root: string): (file: string) => string {
  const from = resolve(directory)
  return (file) => {
    const path = relative(from, isAbsolute(file) ? file : resolve(root, file))
    return path === '' ? file : path
  }
}
