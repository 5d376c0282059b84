import { expectOk, withApi } from '../house/client.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { World } from '../world.ts'
import { readSettings } from '../house/settings.ts'
import { findRun } from './find-run.ts'

/** Asks for a run to be cancelled or tried again, and prints the answer. */
export async function runRequest(
  world: World,
  directory: string,
  verb: 'cancel' | 'retry',
  name: string,
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const answer = await withApi(settings, world, async (ask) => {
    const run = await findRun(ask, name)
    return expectOk(await ask('POST', `/v1/jobs/${run.id}/${verb}`, {}))
  })
  world.stdout.write(`${JSON.stringify(answer)}\n`)
  return exitCodes.fine
}
