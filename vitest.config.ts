import { defineConfig } from 'vitest/config'

// `fast` is part of `npm run check`: pure code, no servers, no child processes. `slow` starts real programs: Git, PGlite, the CLI.
// `services` needs DATABASE_URL and REDIS_URL and runs in CI.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: ['test/**/*.slow.test.ts', 'test/**/*.services.test.ts'] } },
      { test: { name: 'slow', include: ['test/**/*.slow.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: true, maxWorkers: 2 } },
      { test: { name: 'services', include: ['test/**/*.services.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
})
