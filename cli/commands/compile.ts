import { resolve } from 'node:path'
import type { KubernetesVersion } from '../../compiler/manifest/schemas.ts'
import { hasErrors } from '../../domain/problem.ts'
import { lookingAids } from '../specs/aids.ts'
import { compileSpecs } from '../specs/compile-specs.ts'
import { openStates } from '../specs/states.ts'
import { writeTree } from '../specs/write-tree.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { readDeployed } from '../specs/deployed.ts'
import { paintFor } from '../terminal/paint.ts'
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
  const states = openStates(world, directory)
  const specs = await (options.rev === undefined ? states.workingTree() : states.at(options.rev))
  const deployed = await readDeployed(world, specs.settings)
  const aids = lookingAids(world, options)
  const settings = { ...specs.settings, kubernetesVersion: options.kubeVersion }
  const { result, problems } = await compileSpecs(settings, specs, deployed, aids)
  aids.save()
  const told = shownProblems(problems, specs.files, paintFor(world.stderr, world.environment))
  if (told !== undefined) world.stderr.write(`${told}\n`)
  if (hasErrors(problems) || !result.tree) return exitCodes.problems
  const tree = new Map([...result.tree].sort())
  if (options.to === undefined) {
    for (const [path, text] of tree) world.stdout.write(`# ${path}\n${text}${text.endsWith('\n') ? '' : '\n'}---\n`)
    return exitCodes.fine
  }
  const written = writeTree(resolve(options.to), tree)
  const rest = written === tree.size ? '' : `; ${tree.size - written} are there already`
  world.stdout.write(`${written} ${written === 1 ? 'file' : 'files'} written to ${options.to}${rest}\n`)
  return exitCodes.fine
}
