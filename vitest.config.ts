import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { AloneLast } from './test/cluster/turns/order.ts'

const reports = process.env['SPECYARD_TEST_REPORTS']

// `fast` is part of `npm run check`: pure code, no servers, no child processes. `slow` starts real programs: Git, PGlite, the CLI.
// `services` needs DATABASE_URL and REDIS_URL and runs in CI. `cluster` starts a Kubernetes with Argo CD first (docs/test-bed.md): its files share it,
// a few at a time, for most of them wait for it rather than work; those that break it come last and alone (test/cluster/turns).
export default defineConfig({
  test: {
    sequence: { sequencer: AloneLast },
    reporters: reports ? ['default', 'json'] : ['default'],
    ...(reports ? { outputFile: { json: join(reports, `${process.pid}.json`) } } : {}),
    projects: [
      {
        test: {
          name: 'fast',
          // Modules are loaded once for each worker and not for each file, which took half of the time: these tests change nothing that others see.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.slow.test.ts', 'test/**/*.services.test.ts', 'test/**/*.cluster.test.ts'],
          // Far more than any takes: a machine that is busy with other things is no fault.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'slow',
          include: ['test/**/*.slow.test.ts'],
          // Many have a PGlite of their own for seconds: to compile its hot functions once more, better, takes longer than they then save.
          execArgv: ['--liftoff-only'],
          globalSetup: ['test/support/main-job/build-once.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'services',
          include: ['test/**/*.services.test.ts'],
          globalSetup: ['test/support/main-job/build-once.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.cluster.test.ts'],
          globalSetup: ['test/cluster/global-setup.ts'],
          setupFiles: ['test/cluster/turns/setup.ts'],
          // Longer than what a test waits for, which says what was missing.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 3,
        },
      },
    ],
  },
})
