import { openTestDatabase } from '../support/database.ts'
import { describeRecords } from './suite/describe-records.ts'

describeRecords('the embedded database', openTestDatabase)
