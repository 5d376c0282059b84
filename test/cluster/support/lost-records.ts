import { queryOnce } from '../../../records/pool.ts'
import type { Ended } from '../../support/main-job/program.ts'
import type { Yard } from './yard.ts'

/**
 * Loses the database with everything in it while the cluster goes on, makes the records anew by `specyard rebuild`, and starts the service over them.
 * @returns what `specyard rebuild --output json` said
 */
export async function loseAndRebuild(yard: Yard): Promise<Ended> {
  yard.service()?.kill('SIGTERM')
  await yard.service()?.ended
  await queryOnce(yard.database.pool, 'drop schema public cascade')
  await queryOnce(yard.database.pool, 'create schema public')
  const rebuild = await yard.command('rebuild', '--output', 'json')
  await yard.start()
  return rebuild
}
