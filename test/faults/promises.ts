import { killUnderLoad } from './callbacks/killed.ts'
import { loseRedis } from './callbacks/without-redis.ts'
import { restartPostgres } from './callbacks/restarted.ts'
import { interleave } from './git/interleaved.ts'
import { killWriters } from './git/killed-writer.ts'
import { pushAtOnce } from './git/converging.ts'
import { attribute } from './git/attributed.ts'
import { meetEnemies } from './git/hostile/enemies.ts'
import { freezeLeaders } from './leadership/frozen.ts'
import type { Check } from './promise.ts'
import { killSenders } from './outbox/killed.ts'
import { shareObjects } from './ownership/co-managed.ts'
import { contendForOneRecord } from './records/contended.ts'
import { migrateFullTables } from './records/migrated.ts'
import { showRandomWorlds } from './records/random-worlds.ts'
import { repeatMessages } from './records/repeated.ts'
import { plantSecrets } from './secrets/planted.ts'
import { breakWatches } from './watching/broken.ts'

/** The promises that are checked here, each with the count of every run of the tests and of a long run. */
export const checks: readonly Check[] = [
  {
    id: 'P1',
    promise: 'what a trainer was acknowledged is never lost, whatever is killed',
    ...{ unit: 'kills', ci: 3, full: 200, needs: 'services', run: killUnderLoad },
  },
  {
    id: 'P2',
    promise: 'a message that is sent again and again, in any order, by several, has its effect once',
    ...{ unit: 'sequences', ci: 24, full: 10_000, needs: 'services', run: repeatMessages },
  },
  {
    id: 'P3',
    promise: 'a run never goes back, and what ended stays ended',
    ...{ unit: 'observations', ci: 10_000, full: 1_000_000, needs: 'services', run: showRandomWorlds },
  },
  {
    id: 'P4',
    promise: 'Redis may be emptied or killed at any moment: no answer is wrong, nobody is refused',
    ...{ unit: 'faults of Redis', ci: 3, full: 120, needs: 'services', run: loseRedis },
  },
  {
    id: 'P5',
    promise: 'a restart of PostgreSQL is told as 503 with Retry-After, ends nothing of ours and loses nothing',
    ...{ unit: 'restarts', ci: 3, full: 100, needs: 'services', run: restartPostgres },
  },
  {
    id: 'P6',
    promise: 'a lease is granted and a commit made if, and only if, the transaction that asks for it was committed',
    ...{ unit: 'kills', ci: 4, full: 1000, needs: 'services', run: killSenders },
  },
  {
    id: 'P7',
    promise: 'of writers that change one record at once none overwrites another',
    ...{ unit: 'updates of each of 32 writers', ci: 12, full: 1000, needs: 'services', run: contendForOneRecord },
  },
  {
    id: 'P8',
    promise: 'a leader that was frozen past its lease writes nothing when it wakes up',
    ...{ unit: 'leaders frozen', ci: 4, full: 200, needs: 'cluster', run: freezeLeaders },
  },
  {
    id: 'P9',
    promise: 'a migration keeps nobody waiting for longer than two seconds',
    ...{ unit: 'rows of each table', ci: 20_000, full: 1_000_000, needs: 'services', run: migrateFullTables },
  },
  {
    id: 'P11',
    promise: 'after any fault of the watch our view equals a fresh list within 30 s, and its staleness says so',
    ...{ unit: 'faults', ci: 10, full: 500, needs: 'cluster', run: breakWatches },
  },
  {
    id: 'P12c',
    promise: 'what others write into an object that we write too stays theirs',
    ...{ unit: 'objects', ci: 40, full: 1000, needs: 'cluster', run: shareObjects },
  },
  {
    id: 'P13',
    promise: 'no secret leaves us: not in what is printed, logged, answered, committed or stored',
    ...{ unit: 'failures', ci: 200, full: 10_000, needs: 'services', run: plantSecrets },
  },
  {
    id: 'P23',
    promise: 'eight writers of one branch lose nothing, double nothing, force nothing and wait 5 s at most',
    ...{ unit: 'commits of each of 8 writers', ci: 5, full: 500, needs: 'git', run: pushAtOnce },
  },
  {
    id: 'P24',
    promise: 'what a person changes in the deploy repository while we publish is never overwritten',
    ...{ unit: 'interleavings', ci: 40, full: 1000, needs: 'git', run: interleave },
  },
  {
    id: 'P25',
    promise: 'a publishing process may be killed at any moment: the next one goes on without help',
    ...{ unit: 'kills', ci: 9, full: 300, needs: 'git', run: killWriters },
  },
  {
    id: 'P26',
    promise:
      'every commit names its request, spec and source and is signed where that is configured; a forged one is not trusted',
    ...{ unit: 'commits', ci: 12, full: 300, needs: 'git', run: attribute },
  },
  {
    id: 'P27',
    promise: 'hostile addresses, servers and repositories run nothing, read nothing and cost little',
    ...{ unit: 'cases', ci: 45, full: 1000, needs: 'git', run: meetEnemies },
  },
]
