import { once } from 'node:events'
import { listen } from '../../api/listen.ts'
import { createApi, createCallbackApi } from '../../api/server.ts'
import { apiPorts } from '../house/api-ports.ts'
import { isFault } from '../../domain/fault.ts'
import { packageVersion } from '../house/assets.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { onInterrupt, stopSecondsMax } from '../terminal/interrupt.ts'
import { createReconciling } from '../service/reconciling.ts'
import { type ListenAddress, openService } from '../service/open.ts'
import { readSettings } from '../house/settings.ts'
import type { World } from '../world.ts'

export interface ServeFlags {
  readonly port?: number
  readonly callbacks?: ListenAddress
  readonly reconcile: boolean
  readonly environment?: readonly string[]
}

/** The API as a service of its own, with a reconciler beside it unless told otherwise, until it is told to stop. */
export async function runServe(world: World, directory: string, flags: ServeFlags): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const stop = new AbortController()
  const late = (message: string): void => void world.stderr.write(`warn  ${message}\n`)
  const closers: (() => unknown)[] = [onInterrupt(() => stop.abort(), { seconds: stopSecondsMax, late })]
  const log = ({ level, message }: { level: string; message: string }): void => {
    if (level !== 'debug') world.stderr.write(`${level}  ${message}\n`)
  }
  try {
    const opened = await openService(settings, world)
    closers.push(() => opened.close())
    const { now, environment } = world
    const options = { environment, only: flags.environment, lease: undefined, now, log }
    const reconciling = flags.reconcile ? createReconciling(opened, options) : undefined
    const users = await listen(flags.port ?? settings.port)
    closers.push(() => users.close())
    const ports = apiPorts({
      opened,
      clusterOf: (name) => reconciling?.clusters()?.of(name),
      reconciler: { changed: (key) => reconciling?.reconciler()?.changed(key) },
      ...{ version: packageVersion(), hosts: users.hosts, now, log },
    })
    await users.serve(await createApi(ports))
    world.stdout.write(`API         ${users.url}    reference: ${users.url}/docs\n`)
    if (flags.callbacks) {
      const door = await listen(flags.callbacks.port, flags.callbacks.host)
      closers.push(() => door.close())
      await door.serve(await createCallbackApi(ports))
      world.stdout.write(`callbacks   ${door.url}\n`)
    }
    // Where another process reconciles, it hears of the commits of this one.
    if (!reconciling) opened.onPublication(() => void opened.live.tellOfPush())
    await reconciling?.run(stop.signal).catch((error: unknown) => {
      // Who asks and who reports is answered all the same; taking the fence back would only begin a quarrel.
      if (!isFault(error, 'FENCE_LOST')) throw error
      const rest = 'this process goes on answering and reconciles no more'
      log({ level: 'error', message: `${error.code}: ${error.message}; ${rest}. ${error.hint ?? ''}` })
    })
    if (!stop.signal.aborted) await once(stop.signal, 'abort')
    return exitCodes.fine
  } finally {
    for (const close of closers.reverse()) await close()
  }
}
