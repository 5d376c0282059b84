import type { DeployOptions } from '../../publisher/deploy.ts'

/** What Git needs of our environment, and no more: no home, no identity, no configuration. */
export const bareEnvironment = { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'] }

export const us = { name: 'Specyard', email: 'specyard@localhost' } as const

export function deployOptions(url: string, cacheFolder: string): DeployOptions {
  return {
    url,
    branch: 'main',
    cacheFolder,
    author: us,
    environment: bareEnvironment,
    now: () => new Date('2026-03-01T12:00:00Z'),
  }
}
