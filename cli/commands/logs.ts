import { expectOk, withApi } from '../house/client.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { World } from '../world.ts'
import { readSettings } from '../house/settings.ts'
import { findRun } from './find-run.ts'

/** Prints the last lines of an attempt's log, from its pod while that is there, else what was kept of it. */
export async function runLogs(
  world: World,
  directory: string,
  name: string,
  options: { attempt?: number; tail: number },
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const log = await withApi(settings, world, async (ask) => {
    const run = await findRun(ask, name)
    const attempt = options.attempt === undefined ? '' : `&attempt=${options.attempt}`
    return expectOk(await ask('GET', `/v1/jobs/${run.id}/logs?tail=${options.tail}${attempt}`)) as {
      attempt: number
      source: string
      lines: string[]
    }
  })
  if (log.source !== 'cluster')
    world.stderr.write(
      `attempt ${log.attempt}: ${log.source === 'none' ? 'there is no log' : 'these lines were kept of it; its pod is gone, or cannot be asked from here'}\n`,
    )
  for (const line of log.lines) world.stdout.write(`${line}\n`)
  return exitCodes.fine
}
