import { lstat, mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { initRepository } from '../../publisher/git/init.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { type Names, newRepository } from '../init/files.ts'
import { UsageError, type World } from '../world.ts'

export interface InitFlags {
  readonly project?: string
  readonly name: string
  readonly source: string
  readonly git?: boolean
}

const nameForm = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/

/** Makes a folder a spec repository that compiles, runs and is checked. Asks nothing, and overwrites nothing. */
export async function runInit(world: World, directory: string, folder: string, flags: InitFlags): Promise<ExitCode> {
  const target = resolve(directory, folder)
  const files = await newRepository(namesOf(target, flags))
  const present: string[] = []
  for (const path of files.keys()) if (await lstat(join(target, path)).catch(() => undefined)) present.push(path)
  if (present.length > 0)
    throw new UsageError(
      `error: nothing was written, because ${target} holds already:\n${present.map((one) => `  ${one}`).join('\n')}`,
    )
  try {
    for (const [path, text] of files) {
      await mkdir(dirname(join(target, path)), { recursive: true })
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
  world.stdout.write(told(relative(resolve(world.directory), target) || '.', [...files.keys()]))
  return exitCodes.fine
}

function namesOf(target: string, { project, name, source }: InitFlags): Names {
  const own = basename(target)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  const chosen = project ?? (own || 'team')
  for (const [what, one] of [
    ['project', chosen],
    ['name', name],
  ] as const)
    if (!nameForm.test(one))
      throw new UsageError(
        `error: ${JSON.stringify(one)} is no ${what}: use lower-case letters, digits and hyphens, at most 40, with a letter or digit at both ends`,
      )
  if (!/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/.test(source))
    throw new UsageError(`error: ${JSON.stringify(source)} is no repository of a forge; write owner/name`)
  return { project: chosen, name, source }
}

function told(folder: string, paths: readonly string[]): string {
  const shown = paths.filter((path) => !path.startsWith('schemas/'))
  const schemas = paths.length - shown.length
  const go =
    folder === '.' ? '' : `cd ${/^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", `'\\''`)}'`} && `
  return `${[...shown, `schemas/ (${schemas} files)`].map((path) => `  ${path}`).join('\n')}

Next:
  ${go}specyard check
  ${go}specyard up
README.md says what comes then.
`
}
