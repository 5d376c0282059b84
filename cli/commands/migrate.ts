import { join } from 'node:path'
import { openEmbeddedDatabase } from '../../local/database.ts'
import { openDatabase } from '../../records/database.ts'
import { migrate } from '../../records/migrate.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { World } from '../world.ts'
import { readSettings } from '../house/settings.ts'
import { holdStateFolder } from '../house/state-folder.ts'
import { table } from '../terminal/table.ts'

/** Brings the schema of the database up, one step down, or shows which migrations it has. */
export async function runMigrate(
  world: World,
  directory: string,
  direction: 'up' | 'down' | 'status',
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const lock = settings.databaseUrl ? undefined : await holdStateFolder(settings, 'specyard migrate')
  try {
    const embedded = settings.databaseUrl
      ? undefined
      : await openEmbeddedDatabase(join(settings.stateFolder, 'database'))
    const pool = embedded?.pool ?? (await openDatabase(settings.databaseUrl ?? ''))
    try {
      const { changed, history } = await migrate(pool, direction)
      for (const one of changed) world.stdout.write(`${one.direction === 'up' ? 'applied' : 'undone'}  ${one.name}\n`)
      if (direction === 'status') {
        world.stdout.write(
          table(
            ['MIGRATION', 'APPLIED'],
            history.map((one) => [one.name, one.appliedAt?.toISOString() ?? 'no']),
          ),
        )
      } else if (changed.length === 0) world.stdout.write('nothing to do\n')
      return exitCodes.fine
    } finally {
      await (embedded ? embedded.close() : pool.end())
    }
  } finally {
    await lock?.release()
  }
}
