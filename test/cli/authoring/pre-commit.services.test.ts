import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSpecFolder, type SpecFolder } from '../../support/check.ts'
import { sourcesOf, training } from '../../support/compiler.ts'
import { commitAll, snapshot } from '../../support/snapshot.ts'

/* The real pre-commit installs our hooks from a release of this repository, and Git runs them when somebody commits. */

const home = mkdtempSync(join(tmpdir(), 'specyard-pre-commit-'))
let folder: SpecFolder

const npmCache = (): string => execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim()
const variables = (): NodeJS.ProcessEnv => ({
  ...{ PATH: process.env['PATH'], HOME: home, PRE_COMMIT_HOME: join(home, 'cache'), PRE_COMMIT_COLOR: 'never' },
  ...{
    npm_config_cache: npmCache(),
    npm_config_prefer_offline: 'true',
    npm_config_registry: process.env['npm_config_registry'],
  },
  ...{
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.com',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.com',
  },
})

function run(program: string, ...words: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: folder.path,
    encoding: 'utf8',
    env: variables(),
    timeout: 280_000,
  })
  return { status, output: `${stdout}${stderr}` }
}

beforeAll(() => {
  const python = process.env['PRE_COMMIT_PYTHON']
  if (!python)
    throw new Error(
      'PRE_COMMIT_PYTHON is not set; run: export PRE_COMMIT_PYTHON="$(npx tsx tools/install-python.ts pre-commit)"',
    )
  folder = createSpecFolder('hooks')
  const released = snapshot(join(home, 'released'))
  folder.write({
    'specs/environments.yaml': new TextDecoder().decode(sourcesOf([])[0]?.bytes),
    '.pre-commit-config.yaml': `repos:\n  - repo: ${released.path}\n    rev: ${released.commit}\n    hooks:\n      - id: specyard-fmt\n      - id: specyard-check\n`,
  })
  commitAll(folder.path, 'Begin')
  const installed = run(python, '-m', 'pre_commit', 'install')
  expect(installed.status, installed.output).toBe(0)
}, 300_000)
afterAll(() => {
  folder.remove()
  rmSync(home, { recursive: true, force: true })
})

const commit = (): { status: number | null; output: string } => {
  run('git', 'add', '--all')
  return run('git', 'commit', '--message', 'A change')
}

describe('a commit in a spec repository with our hooks', () => {
  it('is refused while a spec is not laid out, which the hook does at once, and made when it is', () => {
    folder.write({
      'specs/language/letters.yaml': training().replace('spec:\n  environment: dev\n', 'spec:\n  environment:   dev\n'),
    })
    const refused = commit()
    expect(refused.status).toBe(1)
    expect(refused.output).toMatch(/specyard fmt\.+Failed[^]*files were modified by this hook/)
    expect(readFileSync(join(folder.path, 'specs/language/letters.yaml'), 'utf8')).toContain('\n  environment: dev\n')
    const made = commit()
    expect(made.output).toMatch(/specyard fmt\.+Passed[^]*specyard check\.+Passed/)
    expect(made.status).toBe(0)
  })

  it('is refused while a spec has a problem, and says which and where', () => {
    writeFileSync(join(folder.path, 'specs/language/letters.yaml'), training('letters', '  nodes: 0\n'))
    const refused = commit()
    expect(refused.status).toBe(1)
    expect(refused.output).toMatch(
      /specyard check\.+Failed[^]*specs\/language\/letters\.yaml:11:10  error  VALUE_OUT_OF_RANGE/,
    )
  })

  it('that changes no spec runs neither', () => {
    run('git', 'checkout', '--quiet', 'HEAD', '--', 'specs')
    folder.write({ 'README.md': '# Specs\n' })
    const made = commit()
    expect(made.output).toMatch(
      /specyard fmt\.+\(no files to check\)Skipped[^]*specyard check\.+\(no files to check\)Skipped/,
    )
    expect(made.status).toBe(0)
  })
})
