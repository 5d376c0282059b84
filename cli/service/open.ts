import { Fault } from '../../domain/fault.ts'
import { type Opened, open } from '../house/open.ts'
import type { Settings } from '../house/settings.ts'
import type { World } from '../world.ts'

/** An address to listen at, such as `0.0.0.0:8788`. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/**
 * Opens what a service works with: with a database server, since other processes need it too.
 * @throws Fault SETTINGS_INVALID without DATABASE_URL; what `open` throws
 */
export async function openService(settings: Settings, world: World): Promise<Opened> {
  if (settings.databaseUrl) return open(settings, world.environment, world.now)
  throw new Fault('SETTINGS_INVALID', 'a service needs DATABASE_URL: the embedded database is one process’s alone', {
    retry: 'never',
    hint: 'set it to a PostgreSQL (postgres://user:password@host/database), or run specyard up, which needs none',
  })
}
