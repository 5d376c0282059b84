import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { specyard } from '../../support/cli.ts'
import { runAction } from '../../support/action.ts'
import { commitAll, snapshot } from '../../support/snapshot.ts'

/* actionlint, a checker of workflows that others wrote, on what we ship and on what specyard init writes. */

const root = join(import.meta.dirname, '..', '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'specyard-workflows-'))
const repository = join(folder, 'repository')
const made = join(folder, 'vision')

beforeAll(async () => {
  mkdirSync(join(repository, '.github', 'workflows'), { recursive: true })
  cpSync(join(root, 'action.yml'), join(repository, 'action.yml'))
  commitAll(repository, 'Begin')
  expect(await specyard(folder, ['init', 'vision', '--git'])).toMatchObject({ exit: 0, stderr: '' })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function actionlint(cwd: string): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(
    process.env['ACTIONLINT'] ?? 'actionlint',
    ['-no-color', '-shellcheck=', '-pyflakes='],
    { cwd, encoding: 'utf8' },
  )
  if (error)
    throw new Error('there is no actionlint: build one with ACTIONLINT="$(npx tsx tools/install-go.ts actionlint)"')
  return { status, output: `${stdout}${stderr}` }
}

/** A workflow that uses the action as a step, with these inputs, and prints these outputs. */
function using(inputs: readonly string[], outputs: readonly string[]): void {
  const given = inputs.map((name) => `          ${name}: 'x'\n`).join('')
  const printed = outputs
    .map((name) => `          ${name.toUpperCase()}: \${{ steps.specs.outputs.${name} }}\n`)
    .join('')
  writeFileSync(
    join(repository, '.github', 'workflows', 'use.yaml'),
    `on: push\njobs:\n  specs:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ./\n        id: specs\n        with:\n${given}      - run: env\n        env:\n${printed}`,
  )
}

describe('actionlint', () => {
  it('finds nothing in the action, with every input and output used', () => {
    const names = (section: string): readonly string[] => {
      const [, text = ''] =
        new RegExp(`^${section}:\\n((?:  .*\\n)+)`, 'm').exec(readFileSync(join(root, 'action.yml'), 'utf8')) ?? []
      return [...text.matchAll(/^ {2}([a-z-]+):$/gm)].map((one) => one[1] ?? '')
    }
    expect(names('inputs')).toContain('token')
    expect(names('outputs')).toEqual(['problems', 'changed', 'comment'])
    using(names('inputs'), names('outputs'))
    expect(actionlint(repository)).toEqual({ status: 0, output: '' })
  })

  it('does read the action: an input and an output that it does not have are found', () => {
    using(['folder'], ['findings'])
    const { status, output } = actionlint(repository)
    expect(status).toBe(1)
    expect(output).toContain('input "folder" is not defined in action "Specyard"')
    expect(output).toContain('property "findings" is not defined')
  })

  it('finds nothing in the workflow that specyard init writes', () => {
    expect(actionlint(made)).toEqual({ status: 0, output: '' })
  })
})

describe('the action, from a release', () => {
  it('builds itself, and checks the specs of a repository', async () => {
    const released = snapshot(join(folder, 'released'))
    const workspace = join(folder, 'workspace')
    cpSync(made, workspace, { recursive: true })
    commitAll(workspace, 'Begin')
    const cache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim()
    const before = process.env['npm_config_cache']
    process.env['npm_config_cache'] = cache
    try {
      const run = {
        action: released.path,
        workspace,
        folder: join(folder, 'run'),
        inputs: { format: 'true' },
        event: {},
        token: 'x',
        api: 'http://127.0.0.1:9',
      }
      const { failed, outputs, log } = await runAction(run)
      expect(failed, log).toBeUndefined()
      expect(outputs['problems']).toBe('0')
      expect(log).toContain('specyard: building …')
    } finally {
      if (before === undefined) delete process.env['npm_config_cache']
      else process.env['npm_config_cache'] = before
    }
  }, 300_000)
})
