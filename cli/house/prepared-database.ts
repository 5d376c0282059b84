import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { newestMigration } from '../../records/migrate.ts'
import { packageRoot } from './assets.ts'

/**
 * The file of the database that comes with the program: without a row, with every migration. It is named for the very PGlite and the newest migration,
 * so that what an older build of a checkout left is not taken for it.
 */
export function preparedDatabase(): string {
  const root = packageRoot()
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  return join(root, 'dist', `database-${dependencies['@electric-sql/pglite']}-${newestMigration}.tar.br`)
}
