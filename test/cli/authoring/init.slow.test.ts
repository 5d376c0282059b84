import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtProgram } from '../../support/main-job/built.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'specyard-init-')))
const specs = join(folder, 'Specs of Vision!')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function specyard(cwd: string, ...words: readonly string[]): Promise<Ran> {
  const [node = '', ...args] = [...builtProgram().words, ...words]
  const options = { cwd, env: { PATH: process.env['PATH'], HOME: folder }, maxBuffer: 16 * 1024 * 1024 }
  try {
    return { code: 0, ...(await promisify(execFile)(node, args, options)) }
  } catch (error) {
    const { code, stdout, stderr } = error as Ran
    return { code, stdout, stderr }
  }
}

beforeAll(async () => {
  const made = await specyard(folder, 'init', specs, '--name', 'line', '--git')
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(made.stdout).toContain('specs/specs-of-vision/training.yaml\n')
})

describe('a repository that specyard init made', () => {
  it('has no problem, and is laid out', async () => {
    expect(await specyard(specs, 'check')).toMatchObject({ code: 0, stderr: '' })
    expect(await specyard(specs, 'fmt', '--check')).toEqual({
      code: 0,
      stdout: '5 files already laid out\n',
      stderr: '',
    })
  })

  it('has nothing left to fill in, and no name that nobody chose', () => {
    for (const entry of readdirSync(specs, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || path.includes('/.git/')) continue
      expect(entry.name).not.toMatch(/^_/)
      expect(readFileSync(path, 'utf8'), path).not.toMatch(/__[a-z]+__/)
    }
  })

  it('names the schema of each document to editors, and has those schemas', () => {
    for (const name of ['data', 'model', 'training', 'serving']) {
      const path = join(specs, 'specs', 'specs-of-vision', `${name}.yaml`)
      const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(path, 'utf8')) ?? []
      expect(existsSync(join(path, '..', schema)), schema).toBe(true)
    }
    const settings = JSON.parse(readFileSync(join(specs, '.vscode', 'settings.json'), 'utf8')) as {
      'yaml.schemas': object
    }
    for (const path of Object.keys(settings['yaml.schemas'])) expect(existsSync(join(specs, path))).toBe(true)
  })

  it('is one of Git, which leaves out what runs leave behind', async () => {
    mkdirSync(join(specs, '.specyard'), { recursive: true })
    writeFileSync(join(specs, '.specyard', 'x'), '')
    const { stdout } = await promisify(execFile)('git', ['status', '--porcelain', '--untracked-files=all'], {
      cwd: specs,
    })
    expect(stdout).toContain('?? .github/workflows/specyard.yaml')
    expect(stdout).not.toContain('.specyard/')
    rmSync(join(specs, '.specyard'), { recursive: true })
  })

  it('trains and serves at once with specyard up', async () => {
    const { code, stdout, stderr } = await specyard(
      specs,
      'up',
      '--until-settled',
      '--output',
      'json',
      '--port',
      '0',
      '--timeout',
      '4m',
    )
    expect(code, stderr).toBe(0)
    const settled = JSON.parse(stdout) as {
      runs: { name: string; state: string }[]
      modelVersions: { model: string }[]
      endpoints: { environment: string; status: string }[]
    }
    expect(settled.runs).toEqual([expect.objectContaining({ name: 'line', state: 'SUCCEEDED' })])
    expect(settled.modelVersions).toEqual([expect.objectContaining({ model: 'line' })])
    expect(settled.endpoints.filter((one) => one.environment === 'dev')).toEqual([
      expect.objectContaining({ status: 'healthy' }),
    ])
    const models = join(specs, '.specyard', 'storage', 'models', 'line')
    const [version = ''] = readdirSync(models)
    const model = JSON.parse(readFileSync(join(models, version, 'model.json'), 'utf8')) as {
      slope: number
      offset: number
    }
    expect(model.slope).toBeCloseTo(3, 0)
    expect(model.offset).toBeCloseTo(2, 0)
  })
})

describe('specyard init', () => {
  it('writes nothing where one of its files is there, and says which', async () => {
    const other = join(folder, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'README.md'), 'mine\n')
    const refused = await specyard(other, 'init')
    expect(refused).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: nothing was written, because ${other} holds already:\n  README.md\n`,
    })
    expect(readdirSync(other)).toEqual(['README.md'])
  })

  it('leaves what else is there alone', async () => {
    const third = join(folder, 'third')
    mkdirSync(third)
    writeFileSync(join(third, 'LICENSE'), 'mine\n')
    expect(await specyard(third, 'init', '--project', 'vision')).toMatchObject({ code: 0 })
    expect(readFileSync(join(third, 'LICENSE'), 'utf8')).toBe('mine\n')
    expect(existsSync(join(third, '.git'))).toBe(false)
    expect(await specyard(third, 'check')).toMatchObject({ code: 0 })
  })

  it.each([
    ['a project that no spec may have', ['--project', 'Vision Team']],
    ['a name that no spec may have', ['--name', '-x']],
    ['a source that is no repository', ['--source', 'https://example.com']],
  ])('refuses %s', async (_what, words) => {
    const refused = await specyard(folder, 'init', 'fourth', ...words)
    expect({ ...refused, stderr: '' }).toEqual({ code: 2, stdout: '', stderr: '' })
    expect(existsSync(join(folder, 'fourth'))).toBe(false)
  })
})
