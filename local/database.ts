import { mkdir, readdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { Fault } from '../domain/fault.ts'
import { type ClientLike, type PoolLike, type QueryResult, readInteger } from '../records/pool.ts'
import { readPreparedDatabase, unpackDatabase } from './prepared-database.ts'

export interface EmbeddedDatabase {
  readonly pool: PoolLike
  /** Waits for the session to be free, writes everything out and ends. May be called twice. */
  close(): Promise<void>
}

/** Free bytes of the disk that holds a folder. */
export type FreeBytes = (folder: string) => Promise<number>

export interface EmbeddedOptions {
  /** The file of a prepared database, which a new one begins as; without it, or where it cannot be read, an empty one is made. */
  readonly prepared?: string
  readonly freeBytes?: FreeBytes
}

/** A segment of the write-ahead log that cannot be made is the end of this server (it spins for ever), so writes stop well before. */
const reserveBytes = 64 * 2 ** 20
const newDatabaseBytes = 64 * 2 ** 20
const freeCheckMilliseconds = 250

/**
 * Opens the embedded database: PostgreSQL compiled to WebAssembly, in this process, with one session.
 * It takes no lock on its folder: two processes in one folder destroy it, so a lock of the caller's guards it.
 * @param folder where it lives, made where it is missing; null for one in memory
 * @throws Fault DATABASE_FAILED when the folder holds something else or a damaged database; FILE_FAILED; DISK_FULL, also of each write
 * (reading goes on) while less than 64 MiB are free
 */
export async function openEmbeddedDatabase(
  folder: string | null,
  { prepared, freeBytes = freeBytesOfDisk }: EmbeddedOptions = {},
): Promise<EmbeddedDatabase> {
  if (folder === null) return embedded(await databaseInMemory(prepared), async () => {})
  try {
    if (!(await isThere(folder))) await makeDatabase(folder, prepared, freeBytes)
    else if ((await freeBytes(folder)) < reserveBytes) throw diskFull(folder)
    return embedded(await PGlite.create({ dataDir: folder, startParams, parsers }), roomCheck(folder, freeBytes))
  } catch (error) {
    throw openFault(folder, error)
  }
}

const int8Type = 20
const numericType = 1700
const parsers = { [int8Type]: readInteger, [numericType]: Number }
const startParams = [
  // PGlite turns fsync off (-F) unless told otherwise; what we acknowledge is on the disk.
  ...PGlite.defaultStartParams.filter((param) => param !== '-F'),
  // The log of a server's size, a gigabyte, is not what a folder of a checkout should grow to.
  ...['-c', 'min_wal_size=32MB', '-c', 'max_wal_size=128MB'],
]

async function freeBytesOfDisk(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

function diskFull(folder: string, cause?: unknown): Fault {
  return new Fault('DISK_FULL', `the disk that holds ${folder} is full, or nearly`, {
    retry: 'later',
    hint: 'make room (at least 64 MiB are kept free); nothing that was acknowledged is lost',
    cause,
  })
}

/** Throws where there is no room to write; looks at the disk four times a second at most. */
function roomCheck(folder: string, freeBytes: FreeBytes): () => Promise<void> {
  let lookedAt = 0
  let enough = true
  return async () => {
    if (!enough || performance.now() - lookedAt > freeCheckMilliseconds) {
      enough = (await freeBytes(folder)) >= reserveBytes
      lookedAt = performance.now()
    }
    if (!enough) throw diskFull(folder)
  }
}

async function isThere(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (names.length > 0 && !names.includes('PG_VERSION'))
    throw new Fault('DATABASE_FAILED', `the folder ${folder} holds something other than a database`, {
      retry: 'never',
      hint: 'name another folder, or empty this one',
    })
  return names.length > 0
}

async function databaseInMemory(prepared: string | undefined): Promise<PGlite> {
  const archive = prepared === undefined ? undefined : await readPreparedDatabase(prepared)
  return await PGlite.create({ parsers, ...(archive ? { loadDataDir: new Blob([archive]) } : {}) })
}

/** Makes the database beside its folder and moves it there when it is whole, so that being killed meanwhile leaves none or all of it. */
async function makeDatabase(folder: string, prepared: string | undefined, freeBytes: FreeBytes): Promise<void> {
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(dirname(folder), { recursive: true })
  if ((await freeBytes(dirname(folder))) < newDatabaseBytes + reserveBytes) throw diskFull(folder)
  try {
    const archive = prepared === undefined ? undefined : await readPreparedDatabase(prepared)
    if (archive) unpackDatabase(archive, unfinished)
    else await (await PGlite.create({ dataDir: unfinished })).close()
  } catch (error) {
    throw await makeFault(folder, error, freeBytes)
  }
  await rename(unfinished, folder)
}

/** The server itself says little when it cannot write its first files; whatever it left is cleared away by the next try. */
async function makeFault(folder: string, error: unknown, freeBytes: FreeBytes): Promise<unknown> {
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && code !== 'EFBIG') return error
  if ((await freeBytes(dirname(folder))) < reserveBytes) return diskFull(folder, error)
  return new Fault('DATABASE_FAILED', `the embedded database could not be made in ${folder}`, {
    retry: 'later',
    hint: 'check that files there may be written and may grow to 16 MiB (ulimit -f), and start again; nothing is left of this try',
    cause: error,
  })
}

function openFault(folder: string, error: unknown): unknown {
  if (error instanceof Fault) return error
  const code = (error as { code?: unknown }).code
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === '53100') return diskFull(folder, error)
  if (typeof code === 'string' && code.startsWith('E'))
    return new Fault('FILE_FAILED', `the folder ${folder} of the embedded database cannot be used (${code})`, {
      retry: 'never',
      hint: 'check that it is a folder of ours and that we may write there',
      cause: error,
    })
  return new Fault('DATABASE_FAILED', `the embedded database in ${folder} does not start: its files are damaged`, {
    retry: 'never',
    hint: `put a backup in its place, or move it away (mv ${folder} ${folder}.damaged) and start again: records are rebuilt from the deploy repository and the cluster; metrics and events of the past are lost`,
    cause: error,
  })
}

/** Statements that write nothing, or end what is being written. */
const writesNothing = /^\s*\(?\s*(select|show|commit|rollback)\b/i

function embedded(database: PGlite, roomToWrite: () => Promise<void>): EmbeddedDatabase {
  const session = exclusive()
  let ended: Fault | undefined
  let closing: Promise<void> | undefined
  const query = async <Row>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>> => {
    if (ended !== undefined) throw ended
    if (!writesNothing.test(sql)) await roomToWrite()
    try {
      const { rows, command = '', rowCount, affectedRows } = await database.query<Row>(sql, [...parameters])
      return { rows, command, rowCount: rowCount ?? affectedRows ?? null }
    } catch (error) {
      if (isServerError(error)) throw withoutParameters(error)
      ended = new Fault('DATABASE_FAILED', 'the embedded database has broken down', {
        retry: 'never',
        hint: 'start again; what was acknowledged is on the disk',
        cause: error,
      })
      throw ended
    } finally {
      // Answers come without a turn of the event loop: a caller that awaits query after query would let no timer and no socket in.
      await setImmediate()
    }
  }
  const connect = async (): Promise<ClientLike> => {
    const release = await session.enter()
    if (ended !== undefined) {
      release()
      throw ended
    }
    // A caller that failed halfway may have left its transaction open.
    if (database.isInTransaction()) await query('rollback', [])
    return { query, release }
  }
  const close = async (): Promise<void> => {
    const release = await session.enter()
    const broken = ended !== undefined
    ended ??= new Fault('DATABASE_UNREACHABLE', 'the embedded database has been closed', { retry: 'never' })
    release()
    if (!broken) await database.close()
  }
  const closeOnce = () => {
    closing ??= close()
    return closing
  }
  return { pool: { connect, end: closeOnce }, close: closeOnce }
}

/** Lets one in at a time, in the order of coming. */
function exclusive(): { enter(): Promise<() => void> } {
  let last: Promise<void> = Promise.resolve()
  return {
    enter: async () => {
      const before = last
      let leave = () => {}
      last = new Promise<void>((resolve) => {
        leave = resolve
      })
      await before
      return () => leave()
    },
  }
}

/** Errors that the server answered with have an SQLSTATE and a severity; everything else is the machine itself breaking down. */
function isServerError(error: unknown): error is Error {
  return error instanceof Error && 'severity' in error && 'code' in error
}

/** PGlite hangs the statement's parameters on the error; they may hold what no log should. */
function withoutParameters(error: Error): Error {
  for (const key of ['query', 'params', 'queryOptions']) Reflect.deleteProperty(error, key)
  return error
}
