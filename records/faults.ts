import { Fault } from '../domain/fault.ts'
import type { ClientLike, PoolLike } from './pool.ts'

/** A pool whose errors are faults: told apart by SQLSTATE or system error code, with no value of a statement in their message. */
export function withFaults(pool: PoolLike): PoolLike {
  return {
    connect: async () => {
      try {
        return clientWithFaults(await pool.connect())
      } catch (error) {
        throw databaseFault(error)
      }
    },
    end: () => pool.end(),
  }
}

function clientWithFaults(client: ClientLike): ClientLike {
  return {
    query: async (sql, parameters) => {
      try {
        return await client.query(sql, parameters)
      } catch (error) {
        throw databaseFault(error)
      }
    },
    release: () => client.release(),
  }
}

/** @see https://www.postgresql.org/docs/15/errcodes-appendix.html */
export function databaseFault(error: unknown): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error
  const code = errorCode(error)
  if (code !== undefined && /^[0-9FHPX][0-9A-Z]{4}$/.test(code) && !systemCodes.has(code))
    return stateFault(code, error)
  // Of the drivers' own errors some have a system code and some have none; a TypeError and its kin are faults of ours, not of the world.
  if (code === undefined && error.name !== 'Error') return error
  return new Fault(
    'DATABASE_UNREACHABLE',
    `the database does not answer${code === undefined ? '' : ` (${code})`}${addressOf(error)}`,
    {
      retry: 'soon',
      hint: 'check that the server runs and that DATABASE_URL names its host and port',
      cause: error,
    },
  )
}

/** The SQLSTATE or system code of an error, or of what caused it. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  if (error instanceof Fault) return errorCode(error.cause)
  if (error instanceof AggregateError && typeof code !== 'string') return errorCode(error.errors[0])
  return typeof code === 'string' ? code : undefined
}

const systemCodes = new Set(['EPIPE', 'EBUSY'])
const refusedLogin = new Set(['28000', '28P01', '3D000', '42501'])
const missingObject = new Set(['42P01', '42703', '42883'])

function stateFault(code: string, error: Error): Fault {
  if (code === '53100')
    return new Fault('DISK_FULL', 'the disk of the database is full', {
      retry: 'later',
      hint: 'make room on the disk that holds the database; nothing that was acknowledged is lost',
      cause: error,
    })
  if (refusedLogin.has(code))
    return new Fault('DATABASE_UNREACHABLE', `the database refuses us (SQLSTATE ${code})`, {
      retry: 'never',
      hint: 'check user, password and database name in DATABASE_URL, and the rights of that user',
      cause: error,
    })
  // Connection exceptions, shutting down or starting up, too many connections, a transaction that was silent for too long.
  if (code === '25P03' || code.startsWith('08') || code.startsWith('57P') || code.startsWith('533'))
    return new Fault('DATABASE_UNREACHABLE', `the database ended or refused the connection (SQLSTATE ${code})`, {
      retry: 'soon',
      cause: error,
    })
  if (missingObject.has(code))
    return new Fault(
      'DATABASE_SCHEMA_OLD',
      `the database lacks a table or column (SQLSTATE ${code}): ${error.message}`,
      {
        retry: 'never',
        hint: 'run: specyard migrate up',
        cause: error,
      },
    )
  // A data exception quotes the value that it is about; values stay out of messages.
  const text = code.startsWith('22') ? 'a value does not fit its column' : error.message
  return new Fault('DATABASE_FAILED', `the database refused a statement (SQLSTATE ${code}): ${text}`, {
    retry: retryable.has(code) ? 'soon' : 'never',
    cause: error,
  })
}

/** Serialization failure, deadlock, lock not available, statement cancelled by a timeout. */
const retryable: ReadonlySet<string> = new Set(['40001', '40P01', '55P03', '57014'])

/** Host and port as the system error has them: never a part of the URL that holds a password. */
function addressOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const { address, hostname, port } = first as { address?: unknown; hostname?: unknown; port?: unknown }
  const host = typeof address === 'string' ? address : hostname
  if (typeof host !== 'string') return ''
  return ` at ${host}${typeof port === 'number' ? `:${port}` : ''}`
}
