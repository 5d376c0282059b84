import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { type FormatOptions, type Formatted, formatFile } from '../../compiler/format/format.ts'
import { publicEditorSchemas } from '../../compiler/format/modeline.ts'
import { unifiedDiff } from '../../compiler/impact/unified.ts'
import { isFault } from '../../domain/fault.ts'
import { reportSecrets } from '../../compiler/secrets/report.ts'
import { compareProblems, hasErrors, type Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { readWorkingTree } from '../../publisher/source.ts'
import { isTemplatePath } from '../../publisher/spec-files.ts'
import { fileProblem } from '../../publisher/spec-files.ts'
import { writeSpecFile } from '../../publisher/specs.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { readSettings } from '../house/settings.ts'
import { allSecrets, maskedText } from '../specs/secrets.ts'
import { readStandardInput, select, standardInput } from '../specs/selection.ts'
import { linesOf } from '../terminal/frame.ts'
import { terminalOf } from '../terminal/paint.ts'
import { printable } from '../terminal/printable.ts'
import { formatProblems } from '../terminal/problems.ts'
import { UsageError, type World } from '../world.ts'

export interface FmtFlags {
  /** Write nothing; say which files are not laid out. */
  readonly check?: boolean
  /** Write nothing; print what would change. */
  readonly diff?: boolean
  /** Folder or address of the schemas that each document should name; true for the public ones. */
  readonly modeline?: string | true
}

/** Lays spec files out; see compiler/format. Told that of a problem, a file is left alone and the others are not. */
export async function runFmt(
  world: World,
  directory: string,
  paths: readonly string[],
  flags: FmtFlags,
): Promise<ExitCode> {
  if (paths.includes('-')) {
    if (paths.length > 1) throw new UsageError('error: standard input is formatted alone, without other paths')
    return formatInput(world, directory, flags)
  }
  const { root } = await readSettings(directory, world.environment)
  const read = (): Promise<Uint8Array> => readStandardInput(world.stdin)
  const selection = await select(root, directory, paths, { read, path: undefined })
  const draft = selection.drafts[0]
  if (draft) throw new UsageError(`error: ${draft.path} is no spec of this repository: they stand in specs/`)
  const tree = await readWorkingTree(root)
  const problems = [...tree.problems.filter((one) => selection.includes(one.where.file))]
  // Templates and patches are written as their authors want them.
  const files = tree.files.filter(({ path }) => selection.includes(path) && !isTemplatePath(path))
  const counts = { changed: 0, alone: 0 }
  for (const file of files) {
    const formatted = formatFile(file, optionsFor(flags, root, directory, file.path))
    problems.push(...formatted.problems)
    if (formatted.text === undefined) counts.alone += 1
    if (!isChanged(file, formatted)) continue
    const shown = relative(resolve(directory), join(root, file.path)) || file.path
    const refused = await deliver(world, root, shown, file, formatted.text, flags)
    counts[refused ? 'alone' : 'changed'] += 1
    if (refused) problems.push(refused)
  }
  const told = await tell(world, problems, files)
  const isDry = flags.check === true || flags.diff === true
  if (!flags.diff) world.stdout.write(`${summary(counts, files.length, isDry)}\n`)
  return hasErrors(told) || (isDry && counts.changed > 0) ? exitCodes.problems : exitCodes.fine
}

async function deliver(
  world: World,
  root: string,
  shown: string,
  file: SourceFile,
  text: string,
  { check, diff }: FmtFlags,
): Promise<Problem | undefined> {
  const before = decoded(file)
  try {
    if (!check && !diff) await writeSpecFile(root, file.path, text, before)
  } catch (error) {
    // A link, or what somebody has changed since it was read: the other files are laid out all the same.
    if (!isFault(error, 'FILE_FAILED')) throw error
    return fileProblem('FILE_UNREADABLE', file.path, error.message, error.hint)
  }
  world.stdout.write(diff ? await difference(shown, file, text) : `${printable(shown)}\n`)
  return undefined
}

async function formatInput(world: World, directory: string, flags: FmtFlags): Promise<ExitCode> {
  const file = { path: standardInput, bytes: await readStandardInput(world.stdin) }
  const formatted = formatFile(file, optionsFor(flags, resolve(directory), directory, file.path))
  const told = await tell(world, formatted.problems, [file])
  const text = formatted.text ?? decoded(file)
  const changed = isChanged(file, formatted)
  if (flags.diff) world.stdout.write(changed ? await difference(standardInput, file, text) : '')
  else if (!flags.check && !hasErrors(formatted.problems)) world.stdout.write(text)
  const isDry = flags.check === true || flags.diff === true
  return hasErrors(told) || (isDry && changed) ? exitCodes.problems : exitCodes.fine
}

function isChanged(file: SourceFile, formatted: Formatted): formatted is Formatted & { text: string } {
  return formatted.text !== undefined && !Buffer.from(formatted.text).equals(Buffer.from(file.bytes))
}

/** A byte order mark stays visible, so that its removal is seen. */
function decoded(file: SourceFile): string {
  return Buffer.from(file.bytes).toString('utf8')
}

function optionsFor({ modeline }: FmtFlags, root: string, directory: string, path: string): FormatOptions {
  if (modeline === undefined) return {}
  if (modeline === true) return { modeline: publicEditorSchemas }
  const address = modeline.replace(/\/+$/, '')
  if (/^[a-z]+:\/\//.test(address)) return { modeline: address }
  const folder = isAbsolute(address) ? address : resolve(directory, address)
  const from = relative(dirname(join(root, path)), folder)
    .split(sep)
    .join('/')
  return { modeline: from.startsWith('.') ? from : `./${from}` }
}

/** What laying a file out changes, as people read it: a secret is no less one for being indented otherwise. */
async function difference(path: string, file: SourceFile, text: string): Promise<string> {
  const after = { path: file.path, bytes: Buffer.from(text) }
  const { hunks } = unifiedDiff(await maskedText(file), await maskedText(after))
  const lines = hunks.flatMap((hunk) => hunk.split('\n')).map((line) => printable(line))
  return `${[`--- ${printable(path)}`, `+++ ${printable(path)}`, ...lines].join('\n')}\n`
}

/** Tells problems, with the lines that are meant. @returns them and the secrets that stand in their files, which is why not all is shown */
async function tell(
  world: World,
  problems: readonly Problem[],
  files: readonly SourceFile[],
): Promise<readonly Problem[]> {
  if (problems.length === 0) return problems
  const paths = new Set(problems.map(({ where }) => where.file))
  const sources = files.filter(({ path }) => paths.has(path))
  const told = [...reportSecrets(problems, await allSecrets(sources), { sources })].sort(compareProblems)
  const shown = { linesOf: linesOf(files), pages: true, ...terminalOf(world.stderr, world.environment) }
  world.stderr.write(`${formatProblems(told, shown)}\n`)
  return told
}

function summary(counts: { changed: number; alone: number }, all: number, isDry: boolean): string {
  const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`
  const alone = counts.alone === 0 ? '' : `, ${files(counts.alone)} left alone`
  if (counts.changed === 0) return `${files(all - counts.alone)} already laid out${alone}`
  return `${files(counts.changed)} ${isDry ? 'to lay out: specyard fmt' : 'laid out'}${alone}`
}
