import { type Chain, drawChain } from '../terminal/chain.ts'
import { Fault } from '../../domain/fault.ts'
import { keyText } from '../../domain/names.ts'
import { expectOk, withApi } from '../house/client.ts'
import { type ProposalRow, proposalLine, told } from '../house/told.ts'
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
  const [chain, proposals] = await withApi(settings, world, async (ask) => [
    expectOk(await ask('GET', `/v1/trace?q=${encodeURIComponent(text)}`)) as Chain,
    await told<ProposalRow>(ask, world, 'proposals'),
  ])
  const waiting = proposals.filter((one) => isAbout(one, text, chain))
  if (chain.hits.length === 0 && waiting.length === 0) {
    throw new Fault('RUN_NOT_FOUND', `nothing is known as ${JSON.stringify(text)}`, {
      retry: 'never',
      hint: 'a run, its name, a Job, pod, commit, spec file with or without a line, model version (model@1), digest or endpoint is; specyard status lists what there is',
    })
  }
  if (options.output === 'json') world.stdout.write(`${JSON.stringify({ ...chain, proposals: waiting }, null, 2)}\n`)
  else {
    if (chain.hits.length > 0) world.stdout.write(drawChain(chain))
    for (const one of waiting) world.stdout.write(proposalLine(one))
  }
  return exitCodes.fine
}

/** Whether what waits is about what was asked for, or about what that belongs to. */
function isAbout({ commit, subjects }: ProposalRow, text: string, { runs, endpoints }: Chain): boolean {
  const known = new Set([...runs, ...endpoints].map(keyText))
  const isNamed = subjects.some((key) => key === text || key.endsWith(`/${text}`) || known.has(key))
  return isNamed || (text.length >= 7 && commit.startsWith(text))
}
