import { migrate } from '../../records/migrate.ts'
import { createServerDatabase } from '../support/database.ts'
import { describeRecords } from './suite/describe-records.ts'

describeRecords('a PostgreSQL server', async () => {
  const database = await createServerDatabase()
  await migrate(database.pool, 'up')
  return database
})
