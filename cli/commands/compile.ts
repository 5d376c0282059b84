import { existsSync } from 'node:fs'
import type { KubernetesVersion } from '../../compiler/manifest/schemas.ts'
import { hasErrors, type Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { describeSource, filesRead } from '../../publisher/source.ts'
import { gitEnvironment } from '../house/environment.ts'
import { readSettings } from '../house/settings.ts'
import { lookingAids, placeOfUser, recollectionOfUser } from '../specs/aids.ts'
import { compileSpecs } from '../specs/compile-specs.ts'
import { type Identity, identityOf } from '../specs/looking/identity.ts'
import { look } from '../specs/looking/look.ts'
import { openStates } from '../specs/states.ts'
import { destinationOf, leftOver, notEmpty, stillThere } from '../specs/writing/destination.ts'
import { writeTree } from '../specs/writing/write-tree.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { countText } from '../impact/numbers.ts'
import { readDeployed, recallDeployed } from '../specs/deployed.ts'
import { terminalOf } from '../terminal/paint.ts'
import { printable } from '../terminal/printable.ts'
import { shownProblems } from '../terminal/problems.ts'
import type { World } from '../world.ts'

export interface CompileFlags {
  readonly to?: string
  readonly rev?: string
  readonly cache: boolean
  readonly kubeVersion?: KubernetesVersion
}

/** Prints the tree that would be published, or writes it to a folder. Publishes nothing. */
export async function runCompile(world: World, directory: string, options: CompileFlags): Promise<ExitCode> {
  if (options.to !== undefined) notEmpty(options.to)
  if (options.to !== undefined && options.rev === undefined) return compileTo(world, directory, options.to, options)
  const states = openStates(world, directory)
  const specs = await (options.rev === undefined ? states.workingTree() : states.at(options.rev))
  const folder = options.to === undefined ? undefined : destinationOf(options.to, specs.settings.root)
  const deployed = await readDeployed(world, specs.settings)
  const aids = lookingAids(world, options, specs.files.length)
  const settings = { ...specs.settings, kubernetesVersion: options.kubeVersion }
  const { result, problems } = await compileSpecs(settings, specs, deployed, aids)
  aids.save()
  tellProblems(world, problems, filesRead(specs))
  if (hasErrors(problems) || !result.tree) return exitCodes.problems
  const tree = new Map([...result.tree].sort())
  if (options.to === undefined || folder === undefined) {
    for (const [path, text] of tree) world.stdout.write(`# ${path}\n${text}${text.endsWith('\n') ? '' : '\n'}---\n`)
    return exitCodes.fine
  }
  const left = beside(folder)
  const written = await writeTree(folder, tree)
  return tellWritten(world, written, { to: options.to, files: tree.size, left: left([...tree.keys()]) })
}

/** Writes what the working tree compiles to: of files that have not changed since the last time, neither specs nor what they compile to are read. */
async function compileTo(world: World, directory: string, to: string, options: CompileFlags): Promise<ExitCode> {
  const settings = {
    ...(await readSettings(directory, world.environment)),
    kubernetesVersion: options.kubeVersion,
  }
  const { root } = settings
  const folder = destinationOf(to, root)
  const looked = await look({
    settings,
    to: folder,
    deployed: () => recallDeployed(world, settings, options.cache ? placeOfUser(world.environment) : undefined),
    source: () => describeSource(root, gitEnvironment(world.environment)),
    recollection: recollectionOfUser(world, options, ['compile', root, folder]),
    aids: (count) => lookingAids(world, options, count),
  })
  tellProblems(world, looked.problems, looked.files)
  if (!looked.tree) return exitCodes.problems
  const stands = new Map<string, Identity>()
  const tree = new Map([...looked.tree].sort())
  const left = beside(folder, looked.replaced)
  const written = await writeTree(folder, tree, (path, about) => stands.set(path, identityOf(about)))
  const paths = [...tree.keys(), ...looked.standing]
  const found = left(paths)
  looked.remember(stands, found)
  return tellWritten(world, written, { to, files: paths.length, left: found })
}

/**
 * Tells which files of a folder are none of a tree that was written into it; asked before it is written, because a new folder holds no others.
 * @param replaced where it is known what was there the last time, or was made then, and is no longer: to look into every folder takes as long as
 * everything else then, and what somebody has put there since is told when everything is looked at again
 */
function beside(folder: string, replaced?: readonly string[]): (paths: readonly string[]) => readonly string[] {
  if (replaced) return () => stillThere(folder, replaced)
  return existsSync(folder) ? (paths) => leftOver(folder, new Set(paths)) : () => []
}

function tellProblems(world: World, problems: readonly Problem[], files: readonly SourceFile[]): void {
  const told = shownProblems(problems, files, terminalOf(world.stderr, world.environment))
  if (told !== undefined) world.stderr.write(`${told}\n`)
}

/** @param told how many files there are, and which others were found beside them */
function tellWritten(
  world: World,
  written: number,
  told: { readonly to: string; readonly files: number; readonly left: readonly string[] },
): ExitCode {
  const { to, files } = told
  const rest = written === files ? '' : `; ${files - written} are there already`
  world.stdout.write(`${written} ${written === 1 ? 'file' : 'files'} written to ${to}${rest}\n`)
  const [first, ...more] = told.left
  // Somebody may have put them there, so they are not taken away.
  if (first !== undefined)
    world.stderr.write(
      `${countText(1 + more.length, 'other file is', 'other files are')} there that no spec makes any more, or that somebody else put there: ` +
        `${printable(first)}${more.length === 0 ? '' : ', …'}; to be rid of such, compile into a new folder\n`,
    )
  return exitCodes.fine
}
