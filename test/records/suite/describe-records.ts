import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { openRecords } from '../../../records/open.ts'
import { emptyTables, type TestDatabase } from '../../support/database.ts'
import type { TestRecords } from '../../support/records.ts'
import { describeActions } from './actions.ts'
import { describeCallbacks } from './callbacks.ts'
import { describeDeployments } from './deployments.ts'
import { describeFence } from './fence.ts'
import { describeModelsAndEndpoints } from './models-and-endpoints.ts'
import { describePublications } from './publications.ts'
import { describeRetention } from './retention.ts'
import { describeRuns } from './runs.ts'
import { describeSchema } from './schema.ts'
import { describeTraces } from './traces.ts'
import { describeTrackers } from './trackers.ts'

/**
 * What records promise, on whatever database.
 * @param name of the database
 * @param open a database with the newest schema
 */
export function describeRecords(name: string, open: () => Promise<TestDatabase>): void {
  describe(`records in ${name}`, () => {
    let database: TestDatabase | undefined
    let records: TestRecords | undefined
    beforeAll(async () => {
      database = await open()
      records = { pool: database.pool, records: openRecords(database.pool) }
    })
    beforeEach(async () => {
      if (database !== undefined) await emptyTables(database.pool)
    })
    afterAll(() => database?.close())
    const context = (): TestRecords => {
      if (records === undefined) throw new Error('the database is not open')
      return records
    }
    describeRuns(context)
    describeCallbacks(context)
    describeActions(context)
    describeModelsAndEndpoints(context)
    describeDeployments(context)
    describePublications(context)
    describeTraces(context)
    describeTrackers(context)
    describeFence(context)
    describeRetention(context)
    describeSchema(context)
  })
}
