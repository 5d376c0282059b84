import { type Chain, drawChain } from '../terminal/chain.ts'
import { Fault } from '../../domain/fault.ts'
import { expectOk, withApi } from '../house/client.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { World } from '../world.ts'
import { readSettings } from '../house/settings.ts'

/**
 * Prints the chain that an identifier belongs to, from the line of a spec to the endpoint.
 * @throws Fault RUN_NOT_FOUND where nothing is known by it
 */
export async function runTrace(
  world: World,
  directory: string,
  text: string,
  options: { output: 'human' | 'json' },
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const chain = (await withApi(settings, world, async (ask) =>
    expectOk(await ask('GET', `/v1/trace?q=${encodeURIComponent(text)}`)),
  )) as Chain
  if (chain.hits.length === 0) {
    throw new Fault('RUN_NOT_FOUND', `nothing is known as ${JSON.stringify(text)}`, {
      retry: 'never',
      hint: 'a run, its name, a Job, pod, commit, spec file with or without a line, model version (model@1), digest or endpoint is; specyard status lists what there is',
    })
  }
  world.stdout.write(options.output === 'json' ? `${JSON.stringify(chain, null, 2)}\n` : drawChain(chain))
  return exitCodes.fine
}
