import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import { preparedDatabase } from '../cli/house/prepared-database.ts'

const root = join(import.meta.dirname, '..')

/** Puts a database without a row beside the program, for first starts. It takes ten seconds to make, so it is kept for as long as it would come out alike. */
export async function putPreparedDatabase(folder: string): Promise<void> {
  const kept = join(root, 'node_modules', '.cache', 'specyard', `database-${await madeOf()}.tar.br`)
  if (!existsSync(kept)) await keep(kept)
  await copyFile(kept, join(folder, basename(preparedDatabase())))
}

/** A digest of all that has a part in it. */
async function madeOf(): Promise<string> {
  const migrations = (await readdir(join(root, 'migrations'))).sort().map((name) => join('migrations', name))
  const makers = ['tools/prepared-database.ts', 'local/database.ts', 'records/migrate.ts', 'records/kysely.ts']
  const sum = createHash('sha256')
  for (const path of ['package-lock.json', ...makers, ...migrations])
    sum.update(`\n${path}\n`).update(await readFile(join(root, path)))
  return sum.digest('hex').slice(0, 16)
}

async function keep(file: string): Promise<void> {
  const making = `${file}.${process.pid}`
  await mkdir(dirname(file), { recursive: true })
  await writeFile(making, await compressed(await emptyDatabase()))
  // Others may build at the same time: each makes the same, and sees a whole one or none.
  await rename(making, file)
}

/** The folder of a migrated database whose server has ended, as a tar archive. */
async function emptyDatabase(): Promise<Uint8Array> {
  // Most builds find one made, and these take a second to load.
  const { PGlite } = await import('@electric-sql/pglite')
  const { openEmbeddedDatabase } = await import('../local/database.ts')
  const { migrate } = await import('../records/migrate.ts')
  const home = await mkdtemp(join(tmpdir(), 'specyard-database-'))
  try {
    const dataDir = join(home, 'database')
    const database = await openEmbeddedDatabase(dataDir)
    await migrate(database.pool, 'up')
    await database.close()
    // The log of how it was made is half of what it comes to, and nobody needs it any more: begun anew, and the old part not kept as room for later.
    const startParams = [...PGlite.defaultStartParams, '-c', 'wal_recycle=off', '-c', 'min_wal_size=32MB']
    const trimmed = await PGlite.create({ dataDir, startParams })
    await trimmed.exec('select pg_switch_wal(); checkpoint')
    await trimmed.close()
    const files = await PGlite.create({ dataDir, noInitDb: true })
    const archive = await files.dumpDataDir('none')
    await files.close()
    return new Uint8Array(await archive.arrayBuffer())
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** With a window that is larger than a database: a server has three, which are almost alike. */
const compressed = (bytes: Uint8Array) =>
  promisify(brotliCompress)(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS },
  })
