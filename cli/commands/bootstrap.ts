import { renderRootApplication } from '../../compiler/render/application.ts'
import { hasErrors } from '../../domain/problem.ts'
import { compileSpecs, nothingDeployed } from '../specs/compile-specs.ts'
import { gitEnvironment } from '../house/environment.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { openSpecs } from '../house/repositories.ts'
import { formatProblems } from '../terminal/problems.ts'
import { readSettings } from '../house/settings.ts'
import { UsageError, type World } from '../world.ts'

export interface BootstrapFlags {
  readonly environment?: readonly string[]
  /** Looks at what is depended on instead of printing. */
  readonly check?: boolean
  /** Whose rights are asked for. */
  readonly as?: string
}

/** Prints the root Application of each environment on Kubernetes, or checks what they depend on. */
export async function runBootstrap(world: World, directory: string, options: BootstrapFlags): Promise<ExitCode> {
  if (options.as !== undefined && !options.check) throw new UsageError('error: --as goes with --check')
  const settings = await readSettings(directory, world.environment)
  const specs = await openSpecs(settings, gitEnvironment(world.environment), world.now)
  const { result, problems } = await compileSpecs(settings, await specs.read(), nothingDeployed)
  if (hasErrors(problems)) {
    world.stderr.write(`${formatProblems(problems)}\n`)
    return exitCodes.problems
  }
  const onKubernetes = result.environments.flatMap((one) => (one.cluster === 'kubernetes' ? [one.environment] : []))
  const wanted = options.environment ?? onKubernetes
  const unknown = wanted.find((name) => !onKubernetes.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`error: no environment "${unknown}" on Kubernetes; there are: ${onKubernetes.join(', ')}`)
  if (options.check) {
    const { checkBootstrap } = await import('./bootstrap-check.ts')
    return checkBootstrap(world, settings, result, { environments: wanted, user: options.as })
  }
  const deploy = { url: settings.deployUrl, branch: settings.deployBranch, branches: result.branches }
  world.stdout.write(wanted.map((name) => renderRootApplication(name, deploy)).join('---\n'))
  if (wanted.length === 0) world.stderr.write('no environment is on Kubernetes: there is nothing to apply\n')
  return exitCodes.fine
}
