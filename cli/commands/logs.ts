import { expectOk, withApi } from '../house/client.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { World } from '../world.ts'
import { readSettings } from '../house/settings.ts'
import { Fault, isFault } from '../../domain/fault.ts'
import { findEndpoints, printEndpointLogs } from './endpoint-logs.ts'
import { findRun } from './find-run.ts'

/**
 * Prints the last lines of an attempt's log, from its pod while that is there, else what was kept of it. A name that no run has is that of an
 * endpoint, whose pods are asked.
 */
export async function runLogs(
  world: World,
  directory: string,
  name: string,
  options: { attempt?: number; tail: number; endpoint?: boolean },
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const log = await withApi(settings, world, async (ask) => {
    const run = await findRun(ask, name).catch((error: unknown) => {
      if (isFault(error, 'RUN_NOT_FOUND')) return undefined
      throw error
    })
    if (options.endpoint || !run) {
      const endpoints = await findEndpoints(ask, name)
      if (endpoints.length === 0)
        throw new Fault(
          options.endpoint ? 'ENDPOINT_NOT_FOUND' : 'RUN_NOT_FOUND',
          `no ${options.endpoint ? 'endpoint' : 'run and no endpoint'} is known by "${name}"`,
          { retry: 'never', hint: 'specyard status lists them' },
        )
      for (const one of endpoints) await printEndpointLogs(world, ask, one, Math.min(options.tail, 1000))
      return undefined
    }
    const attempt = options.attempt === undefined ? '' : `&attempt=${options.attempt}`
    return expectOk(await ask('GET', `/v1/jobs/${run.id}/logs?tail=${options.tail}${attempt}`)) as {
      attempt: number
      source: string
      lines: string[]
    }
  })
  if (!log) return exitCodes.fine
  if (log.source !== 'cluster')
    world.stderr.write(
      `attempt ${log.attempt}: ${log.source === 'none' ? 'there is no log' : 'these lines were kept of it; its pod is gone, or cannot be asked from here'}\n`,
    )
  for (const line of log.lines) world.stdout.write(`${line}\n`)
  return exitCodes.fine
}
