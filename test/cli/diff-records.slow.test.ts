import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readRunLedger } from '../../domain/ledger-files.ts'
import { preparedDatabase } from '../../cli/house/prepared-database.ts'
import { openEmbeddedDatabase } from '../../local/database.ts'
import { migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import { openDeployRepository } from '../../publisher/deploy.ts'
import { specyard } from '../support/cli.ts'
import { gpuEnvironments, gpuTraining } from '../support/impact.ts'
import { deployOptions, temporaryFolder, workRepository, writeFiles } from '../support/publisher.ts'
import { later, sampleAttempt, sampleDate, sampleEvent, samplePlan, sampleRun } from '../support/records.ts'

it('specyard diff tells how far the run is that a change stops, and estimates the new one by its past', async () => {
  const folder = await temporaryFolder()
  const root = await workRepository(join(folder, 'specs'), {
    'specyard.yaml': 'apiVersion: specyard.dev/v1\nkind: Settings\n',
    '.gitignore': '.specyard/\n',
    'specs/environments.yaml': gpuEnvironments,
    'specs/letters.yaml': gpuTraining('letters'),
  })
  expect((await specyard(root, ['publish'])).exit).toBe(0)
  const options = deployOptions(join(root, '.specyard/deploy.git'), join(folder, 'cache'))
  const { files } = await (await openDeployRepository(options)).read()
  const key = { environment: 'prod', project: 'language', name: 'letters' }
  const id = readRunLedger(files, key)?.runs[0]?.id ?? ''
  const embedded = await openEmbeddedDatabase(join(root, '.specyard/database'), { prepared: preparedDatabase() })
  try {
    await migrate(embedded.pool, 'up')
    const records = openRecords(embedded.pool)
    const now = sampleRun({
      ...key,
      id,
      state: 'RUNNING',
      startedAt: sampleDate,
      attempts: [sampleAttempt({ state: 'RUNNING', startedAt: sampleDate })],
      progress: { step: 41_000, epoch: 4, totalEpochs: 10, percentage: 41 },
    })
    const past = [5400, 9000].map((seconds) =>
      sampleRun({ ...key, state: 'SUCCEEDED', startedAt: sampleDate, completedAt: later(seconds) }),
    )
    for (const run of [now, ...past]) expect(await records.runs.create(run, samplePlan(run), sampleEvent)).toBe(true)
  } finally {
    await embedded.close()
  }
  await writeFiles(root, { 'specs/letters.yaml': gpuTraining('letters', '  nodes: 2\n') })
  const { exit, stdout, stderr } = await specyard(root, ['diff'])
  expect([exit, stderr]).toEqual([1, ''])
  expect(stdout).toContain('1 run stops (1 running), 1 run starts; 6 to 10 GPU-hours, cost 15 to 25\n')
  expect(stdout).toContain('    RUNNING, step 41,000, epoch 4 of 10, 41 %, since 2026-03-01 12:00 UTC\n')
  expect(stdout).toContain('    4 A100: 6 to 10 GPU-hours, cost 15 to 25 (2 past runs took 1.5 to 2.5 h)\n')
})
