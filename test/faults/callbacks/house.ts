import { createTokens } from '../../../api/tokens.ts'
import { openDatabase } from '../../../records/database.ts'
import { migrate } from '../../../records/migrate.ts'
import { openRecords } from '../../../records/open.ts'
import type { PoolLike } from '../../../records/pool.ts'
import type { Records } from '../../../records/records.ts'
import { addRun } from '../../support/records.ts'
import { openPostgres, type PostgresServer } from '../servers/postgres.ts'
import { openService, type Service, signingKey } from '../servers/service.ts'
import type { Trainer } from './load.ts'

/** A service with a PostgreSQL of its own, and trainers that may speak to it. */
export interface House {
  readonly postgres: PostgresServer
  readonly service: Service
  readonly trainers: readonly Trainer[]
  /** A pool of the check's own, to look at the rows when all is over. */
  pool(): Promise<{ readonly pool: PoolLike; readonly records: Records }>
  close(): Promise<void>
}

const runsMany = 24
const trainersMany = 240

export async function openHouse(environment: Readonly<Record<string, string>> = {}): Promise<House> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse()) await one()
  }
  try {
    const postgres = await openPostgres()
    closers.push(postgres.close)
    const pool = async () => {
      const opened = await openDatabase(postgres.url)
      closers.push(() => opened.end())
      return { pool: opened, records: openRecords(opened) }
    }
    const first = await openDatabase(postgres.url)
    await migrate(first, 'up')
    const runIds: string[] = []
    for (let index = 0; index < runsMany; index += 1) {
      const records = openRecords(first)
      runIds.push((await addRun({ pool: first, records }, { state: 'RUNNING', name: `training-${index}` })).id)
    }
    await first.end()
    const service = await openService({ DATABASE_URL: postgres.url, ...environment })
    closers.push(service.close)
    await service.start()
    return { postgres, service, pool, close, trainers: await trainersOf(runIds) }
  } catch (error) {
    await close()
    throw error
  }
}

async function trainersOf(runIds: readonly string[]): Promise<readonly Trainer[]> {
  const tokens = createTokens(new TextEncoder().encode(signingKey), () => new Date())
  return Promise.all(
    Array.from({ length: trainersMany }, async (_, index) => {
      const runId = runIds[index % runIds.length] ?? ''
      const { token } = await tokens.mint({ runId, attempt: 1 })
      return { runId, podUid: `pod-${index}`, token }
    }),
  )
}
