import { lstatSync, statSync } from 'node:fs'
import { lstat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { initRepository } from '../../publisher/git/init.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { makeFolder } from '../house/make-folder.ts'
import { checkoutAround, newCheckout } from '../init/checkout.ts'
import { isKept, type Names, newRepository } from '../init/files.ts'
import { UsageError, type World } from '../world.ts'

export interface InitFlags {
  readonly project?: string
  readonly name: string
  readonly source: string
  readonly git?: boolean
}

const nameForm = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/
/** An endpoint has the name as well, and with it a Service. */
const endpointForm = /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/

/**
 * Makes a folder a spec repository that compiles, runs and is checked. Asks nothing, and overwrites nothing: what any repository may have
 * stays as it is, and where specs are there already nothing is written.
 */
export async function runInit(world: World, directory: string, folder: string, flags: InitFlags): Promise<ExitCode> {
  const target = resolve(directory, folder)
  if (!isFolderToBe(target)) throw new UsageError(`error: ${target} is no folder`)
  const files = await newRepository(namesOf(target, flags))
  const present = await presentAmong(target, [...files.keys()])
  const inTheWay = present.filter((path) => !isKept(path))
  if (inTheWay.length > 0)
    throw new UsageError(
      `error: nothing was written, because ${target} holds already:\n${inTheWay.map((one) => `  ${one}`).join('\n')}`,
    )
  const written = [...files].filter(([path]) => !present.includes(path))
  try {
    for (const [path, text] of written) {
      makeFolder(dirname(join(target, path)))
      // A file that came meanwhile stays.
      await writeFile(join(target, path), text, { flag: 'wx' })
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw new Fault('FILE_FAILED', `${target} cannot be written to (${code})`, {
      retry: 'never',
      hint: 'check its permissions',
      cause: error,
    })
  }
  if (flags.git) await initRepository(target, world.environment)
  const shown = relative(resolve(world.directory), target) || '.'
  world.stdout.write(
    told(
      shown,
      written.map(([path]) => path),
      present,
    ),
  )
  return exitCodes.fine
}

/** Whether a path is a folder, or leads through folders to where one can be made. */
function isFolderToBe(path: string): boolean {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false })
    return found ? statSync(path).isDirectory() : isFolderToBe(dirname(path))
  } catch (error) {
    // A link to nothing, or a way through a file. Of what else is in the way, writing says it.
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

async function presentAmong(target: string, paths: readonly string[]): Promise<readonly string[]> {
  const present: string[] = []
  for (const path of paths) if (await lstat(join(target, path)).catch(() => undefined)) present.push(path)
  return present
}

function namesOf(target: string, { project, name, source, git }: InitFlags): Names {
  const own = basename(target)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  const chosen = project ?? (own || 'team')
  if (!nameForm.test(chosen)) throw noName(chosen, 'project', 'a letter or digit at both ends')
  if (!endpointForm.test(name)) throw noName(name, 'name', 'a letter in front and no hyphen at the end')
  if (!/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/.test(source))
    throw new UsageError(`error: ${JSON.stringify(source)} is no repository of a forge; write owner/name`)
  const around = checkoutAround(target)
  // With a repository of its own, what is around that does not matter.
  const checkout = git === true && around.within !== '' ? newCheckout : around
  return { project: chosen, name, source, ...checkout }
}

function noName(text: string, what: string, ends: string): UsageError {
  return new UsageError(
    `error: ${JSON.stringify(text)} is no ${what}: use lower-case letters, digits and hyphens, at most 40, with ${ends}`,
  )
}

function told(folder: string, written: readonly string[], kept: readonly string[]): string {
  const shown = written.filter((path) => !path.startsWith('schemas/'))
  const schemas = written.length - shown.length
  const go =
    folder === '.' ? '' : `cd ${/^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", `'\\''`)}'`} && `
  const list = (paths: readonly string[]): string => paths.map((path) => `  ${path}`).join('\n')
  const page = kept.some((path) => path.includes('.github/') || path.includes('.pre-commit'))
    ? 'What belongs into hooks and CI: https://specyard.dev/ci\n'
    : ''
  const left = `\nLeft as they are, because they were there:\n${list(kept)}\n${page}`
  return `${list([...shown, `schemas/ (${schemas} files)`])}
${kept.length === 0 ? '' : left}
Next:
  ${go}specyard check
  ${go}specyard up
${kept.includes('README.md') ? 'specyard --help has the rest.' : 'README.md says what comes then.'}
`
}
