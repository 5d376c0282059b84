import { Fault } from '../../domain/fault.ts'
import { type Opened, open, openSpecs } from '../open.ts'
import type { Settings } from '../settings.ts'
import type { World } from '../world.ts'

/** An address to listen at, such as `0.0.0.0:8788`. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/**
 * Opens what a service works with: a database server, since other processes need it too, and the branch of the spec repository, where the
 * settings name one.
 * @throws Fault SETTINGS_INVALID without DATABASE_URL; what `open` throws
 */
export async function openService(settings: Settings, world: World): Promise<Opened> {
  if (!settings.databaseUrl)
    throw new Fault('SETTINGS_INVALID', 'a service needs DATABASE_URL: the embedded database is one process’s alone', {
      retry: 'never',
      hint: 'set it to a PostgreSQL (postgres://user:password@host/database), or run specyard up, which needs none',
    })
  const opened = await open(settings, world.environment, world.now)
  try {
    return { ...opened, specs: await openSpecs(settings, opened.gitEnvironment, world.now) }
  } catch (error) {
    await opened.close()
    throw error
  }
}
