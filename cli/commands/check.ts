import { hasErrors } from '../../domain/problem.ts'
import { readWorkingTree } from '../../publisher/source.ts'
import { compileSpecs, nothingDeployed } from '../specs/compile-specs.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { formatProblems } from '../terminal/problems.ts'
import type { World } from '../world.ts'
import { readSettings } from '../house/settings.ts'

/** Finds every problem of the specs; reads nothing but them. */
export async function runCheck(
  world: World,
  directory: string,
  options: { output: 'human' | 'json' },
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const tree = await readWorkingTree(settings.root)
  const source = { format: 1, repository: null, commit: null, dirty: true } as const
  const { problems } = await compileSpecs(settings, { ...tree, source }, nothingDeployed)
  if (options.output === 'json')
    world.stdout.write(`${JSON.stringify({ files: tree.files.length, problems }, null, 2)}\n`)
  else {
    if (problems.length > 0) world.stdout.write(`${formatProblems(problems)}\n`)
    const errors = problems.filter((one) => one.severity === 'error').length
    world.stdout.write(
      `${tree.files.length} files, ${errors === 0 ? 'no problems' : `${errors} ${errors === 1 ? 'problem' : 'problems'}`}\n`,
    )
  }
  return hasErrors(problems) ? exitCodes.problems : exitCodes.fine
}
