import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { author } from '../../../cli/house/repositories.ts'
import { ledgerText } from '../../../domain/ledger-files.ts'
import { paths } from '../../../domain/ledger.ts'
import type { Repository } from '../../cluster/support/repositories.ts'

/** Writes a first version of a model into the ledger, as the product does when a training has registered it; nothing reads its bytes. */
export function rememberVersion(deploy: Repository): void {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  try {
    const git = (...words: readonly string[]): void =>
      void execFileSync('git', ['-C', folder, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
    git('clone', '--quiet', deploy.url, '.')
    const file = join(folder, paths.modelLedger('language', 'handbook-lm'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, ledger)
    git('add', '--all')
    git('-c', `user.name=${author.name}`, '-c', `user.email=${author.email}`, 'commit', '--quiet', '-m', 'Register')
    git('push', '--quiet', 'origin', 'HEAD:main')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const ledger = ledgerText({
  format: 1,
  project: 'language',
  model: 'handbook-lm',
  versions: [
    {
      version: 1,
      digest: `sha256:${'c'.repeat(64)}`,
      uri: 's3://ml/handbook-lm/cccccccccccc/model.bin',
      sizeBytes: 1_000_000,
      stage: 'experimental',
      run: { id: '00000000-0000-5000-8000-000000000000', attempt: 1, environment: 'dev' },
      framework: 'custom',
      hyperparameters: {},
      metrics: {},
    },
  ],
})
