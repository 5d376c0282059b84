import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { KubernetesVersion } from '../../compiler/manifest/schemas.ts'
import { hasErrors } from '../../domain/problem.ts'
import { compileSpecs } from '../specs/compile-specs.ts'
import { openStates } from '../specs/states.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { readDeployed } from '../specs/deployed.ts'
import { formatProblems } from '../terminal/problems.ts'
import type { World } from '../world.ts'

export interface CompileFlags {
  readonly to?: string
  readonly rev?: string
  readonly kubeVersion?: KubernetesVersion
}

/** Prints the tree that would be published, or writes it to a folder. Publishes nothing. */
export async function runCompile(world: World, directory: string, options: CompileFlags): Promise<ExitCode> {
  const states = openStates(world, directory)
  const specs = await (options.rev === undefined ? states.workingTree() : states.at(options.rev))
  const deployed = await readDeployed(world, specs.settings)
  const { result, problems } = await compileSpecs(
    { ...specs.settings, kubernetesVersion: options.kubeVersion },
    specs,
    deployed,
  )
  const shown = problems.filter((one) => one.severity !== 'note')
  if (shown.length > 0) world.stderr.write(`${formatProblems(shown)}\n`)
  if (hasErrors(problems) || !result.tree) return exitCodes.problems
  for (const [path, text] of [...result.tree].sort()) {
    if (options.to === undefined) world.stdout.write(`# ${path}\n${text}${text.endsWith('\n') ? '' : '\n'}---\n`)
    else {
      const target = join(resolve(options.to), path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, text)
    }
  }
  if (options.to !== undefined) world.stdout.write(`${result.tree.size} files written to ${options.to}\n`)
  return exitCodes.fine
}
