import { type ExitCode, exitCodes } from '../exit.ts'
import { UsageError, type World } from '../world.ts'
import type { SpecFlags } from './explain-spec.ts'

export interface ExplainFlags extends Partial<SpecFlags> {
  readonly output: 'human' | 'json'
}

/** Explains what a person names: a code, as errors print it, or a spec. */
export async function runExplain(
  world: World,
  directory: string,
  what: string,
  options: ExplainFlags,
): Promise<ExitCode> {
  if (!isCode(what)) {
    const { runExplainSpec } = await import('./explain-spec.ts')
    return runExplainSpec(world, directory, what, options)
  }
  for (const one of ['path', 'env', 'rev', 'rendered'] as const)
    if (options[one] !== undefined) throw new UsageError(`error: "${what}" is a code, which has no ${one}`)
  const { explainCode } = await import('../report/explain-code.ts')
  world.stdout.write(await explainCode(what, options.output))
  return exitCodes.fine
}

/** Codes have an underscore, which no name of a spec and, beside its folder and ending, hardly a path has. */
export function isCode(what: string): boolean {
  return /^[A-Za-z]+(_[A-Za-z]+)+$/.test(what)
}
