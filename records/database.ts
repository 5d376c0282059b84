import pg from 'pg'
import { Fault, isFault } from '../domain/fault.ts'
import { databaseFault } from './faults.ts'
import { type ClientLike, type PoolLike, type QueryResult, readInteger } from './pool.ts'

export type { PoolLike } from './pool.ts'

const connectSecondsMax = 5
/** Longer than any statement of ours takes; the wait for another process's migration is the longest. */
const statementSecondsMax = 120
const sessionsMax = 10
/** A process that is frozen or cut off in the middle of a transaction keeps its locks no longer than this. */
const silentTransactionSecondsMax = 10

/**
 * Opens a pool of sessions with a PostgreSQL server (15 or newer) and makes sure that it answers.
 * @param url `postgres://user:password@host:port/database`, with the options of libpq as its query
 * @throws Fault SETTINGS_INVALID when it is no such URL; DATABASE_UNREACHABLE when nobody answers or lets us in
 */
export async function openDatabase(url: string): Promise<PoolLike> {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new Fault('SETTINGS_INVALID', 'DATABASE_URL is not a URL that begins with postgres://', {
      retry: 'never',
      hint: 'write postgres://user:password@host:5432/database; special characters of a password are percent-encoded',
    })
  const pool = new pg.Pool({
    connectionString: url,
    max: sessionsMax,
    connectionTimeoutMillis: connectSecondsMax * 1000,
    statement_timeout: statementSecondsMax * 1000,
    // The server ends a statement first, which keeps the session usable; this is for a server that has gone silent.
    query_timeout: (statementSecondsMax + 10) * 1000,
    idle_in_transaction_session_timeout: silentTransactionSecondsMax * 1000,
    keepAlive: true,
    application_name: new URL(url).searchParams.get('application_name') ?? 'specyard',
    types: { getTypeParser: typeParser },
  })
  // A session that breaks while nobody uses it is replaced at the next use; the statement that meets a broken one fails by itself.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  try {
    const client = await pool.connect()
    client.release()
  } catch (error) {
    await pool.end()
    throw databaseFault(error)
  }
  return { connect: () => connect(pool), end: () => pool.end() }
}

async function connect(pool: pg.Pool): Promise<ClientLike> {
  const client = await pool.connect()
  let broken = false
  return {
    query: async <Row>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>> => {
      try {
        const { command, rowCount, rows } = await client.query(sql, [...parameters])
        return { command, rowCount, rows: rows as Row[] }
      } catch (error) {
        // A server that says goodbye does so before the socket closes: the session is not to be given to anybody meanwhile.
        broken ||= isFault(databaseFault(error), 'DATABASE_UNREACHABLE')
        throw error
      }
    },
    release: () => client.release(broken),
  }
}

const { INT8, NUMERIC } = pg.types.builtins

/** `pg`'s parsers, but for integers and decimals, which it leaves as texts. */
const typeParser: typeof pg.types.getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (format !== 'binary' && oid === INT8) return readInteger
  if (format !== 'binary' && oid === NUMERIC) return Number
  return pg.types.getTypeParser(oid, format as 'text')
}) as typeof pg.types.getTypeParser
