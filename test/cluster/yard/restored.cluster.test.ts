import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { join } from 'node:path'
import { run as command } from '../base/command.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { trainerStarts } from '../support/invariant.ts'
import { saysItSucceeded, shellTraining, untilStopped } from '../support/shell-training.ts'
import { openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import { hasSucceeded, isRunning, newestJobName, shortGraces, untilJobGone } from '../support/yard-objects.ts'

/* A database that is restored from a backup has forgotten what happened since: the ledger and the cluster have not. */

describe.runIf(hasRealNode())('a database that is restored from an older backup', () => {
  let cluster: Cluster
  let yard: Yard
  const known = new Map<string, RunAnswer>()

  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, { settings: shortGraces })
    const begin = async (name: string, script: string, more = ''): Promise<void> => {
      const text = shellTraining(cluster, { environment: yard.environment, name, script, more: soonGone + more })
      await yard.merge({ [`${name}.yaml`]: text })
    }
    const soonGone = '  terminationGraceSeconds: 1\n  ttlSecondsAfterFinished: 1\n'
    await begin('retried', `[ "$ATTEMPT" = 2 ] && { ${untilStopped}; }; sleep 12; exit 3`, retryOnce)
    await begin('finished', `sleep 12; ${saysItSucceeded}`)
    for (const name of ['retried', 'finished']) await yard.untilRun(name, 'to train', isRunning, 90)
    const backup = join(cluster.folder, 'yards', yard.environment, 'backup')
    await command('pg_dump', ['--format=custom', `--file=${backup}`, yard.database.url])

    await begin('newer', untilStopped)
    known.set('newer', await yard.untilRun('newer', 'to train', isRunning, 90))
    known.set(
      'retried',
      await yard.untilRun('retried', 'to train again', (one) => one.attempt === 2 && isRunning(one), 90),
    )
    const finished = await yard.untilRun('finished', 'to be retired', ({ attempts }) => attempts[0]?.retired_at, 90)
    known.set('finished', finished)
    await untilJobGone(cluster, yard, newestJobName(finished))

    yard.service()?.kill('SIGTERM')
    await yard.service()?.ended
    await command('pg_restore', ['--clean', '--if-exists', `--dbname=${yard.database.url}`, backup])
    await yard.start()
  })
  afterAll(() => yard?.close())

  it('knows the attempt that was running, by the lease that it had, and what the one before it cost', async () => {
    const run = await yard.untilRun('retried', 'to be at its attempt', (one) => one.attempt === 2 && isRunning(one), 60)
    expect(run).toMatchObject({ id: known.get('retried')?.id, retry_count: 1, disruption_count: 0 })
    expect(run.attempts).toMatchObject([
      { state: 'FAILED', failure_class: 'APP_EXIT' },
      { state: 'RUNNING', job_uid: known.get('retried')?.attempts[1]?.job_uid },
    ])
  })

  it('knows that what it held for running has succeeded and is retired', async () => {
    const run = await yard.untilRun('finished', 'to have ended', hasSucceeded, 60)
    expect(run).toMatchObject({ id: known.get('finished')?.id, attempt: 1, reason: 'FromLedger' })
  })

  it('knows a training that began after the backup, and its Job', async () => {
    const run = await yard.untilRun('newer', 'to train', isRunning, 60)
    expect(run).toMatchObject({ id: known.get('newer')?.id, attempt: 1, retry_count: 0 })
    expect(run.attempts[0]?.job_uid).toBe(known.get('newer')?.attempts[0]?.job_uid)
  })

  it('starts nothing a second time', () => {
    // Two attempts of one, and one each of the others.
    expect(trainerStarts(cluster, yard)).toHaveLength(4)
  })
})

const retryOnce = '  retry: { maxRetries: 1, backoffSeconds: 1 }\n'
