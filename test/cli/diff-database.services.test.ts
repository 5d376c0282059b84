import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readRunLedger } from '../../domain/ledger-files.ts'
import { migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import { openDeployRepository } from '../../publisher/deploy.ts'
import { specyard } from '../support/cli.ts'
import { createServerDatabase } from '../support/database.ts'
import { gpuEnvironments, gpuTraining } from '../support/impact.ts'
import { deployOptions, temporaryFolder, workRepository, writeFiles } from '../support/publisher.ts'
import { sampleAttempt, sampleDate, sampleEvent, samplePlan, sampleRun } from '../support/records.ts'

it('specyard diff reads a PostgreSQL that is given, and leaves even its schema as it is', async () => {
  const folder = await temporaryFolder()
  const root = await workRepository(join(folder, 'specs'), {
    'specyard.yaml': 'apiVersion: specyard.dev/v1\nkind: Settings\n',
    'specs/environments.yaml': gpuEnvironments,
    'specs/letters.yaml': gpuTraining('letters'),
  })
  expect((await specyard(root, ['publish'])).exit).toBe(0)
  const options = deployOptions(join(root, '.specyard/deploy.git'), join(folder, 'cache'))
  const { files } = await (await openDeployRepository(options)).read()
  const key = { environment: 'prod', project: 'language', name: 'letters' }
  const id = readRunLedger(files, key)?.runs[0]?.id ?? ''
  await writeFiles(root, { 'specs/letters.yaml': gpuTraining('letters', '  nodes: 2\n') })
  const database = await createServerDatabase()
  try {
    const diff = () => specyard(root, ['diff', '--output', 'markdown'], { DATABASE_URL: database.url })
    const old = await diff()
    expect([old.exit, old.stderr]).toMatchObject([3, expect.stringContaining('DATABASE_SCHEMA_OLD')])
    expect((await migrate(database.pool, 'status')).history.every((one) => one.appliedAt === null)).toBe(true)
    await migrate(database.pool, 'up')
    const unknown = await diff()
    expect([unknown.exit, unknown.stdout]).toMatchObject([1, expect.stringContaining('unknown, not in the records')])
    const run = sampleRun({
      ...key,
      id,
      state: 'RUNNING',
      attempts: [sampleAttempt({ state: 'RUNNING', startedAt: sampleDate })],
      startedAt: sampleDate,
      progress: { step: 41_000, epoch: null, totalEpochs: null, percentage: 68.75 },
    })
    await openRecords(database.pool).runs.create(run, samplePlan(run), sampleEvent)
    const known = await diff()
    expect(known.stdout).toContain('RUNNING, more than half done, since 2026-03-01 12:00 UTC')
    expect((await specyard(root, ['diff'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })).exit).toBe(3)
  } finally {
    await database.close()
  }
})
