import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
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
  it.each([
    ['settings', 'specyard.yaml'],
    ['a spec', 'specs/environments.yaml'],
    ['a schema', 'schemas/model.schema.json'],
  ])('writes nothing where there is %s, and says so', async (_what, path) => {
    const other = mkdtempSync(join(folder, 'other-'))
    mkdirSync(join(other, dirname(path)), { recursive: true })
    writeFileSync(join(other, path), 'mine\n')
    const refused = await specyard(other, 'init')
    expect(refused).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: nothing was written, because ${other} holds already:\n  ${path}\n`,
    })
    expect(readdirSync(other)).toEqual([path.split('/')[0]])
  })

  it('keeps what a repository has already, and says so', async () => {
    const own = { 'README.md': '# Mine\n', '.gitignore': 'dist\n', '.github/workflows/specyard.yaml': 'on: push\n' }
    const other = join(folder, 'begun')
    for (const [path, text] of Object.entries(own)) {
      mkdirSync(join(other, dirname(path)), { recursive: true })
      writeFileSync(join(other, path), text)
    }
    const { code, stdout } = await specyard(other, 'init')
    expect(code).toBe(0)
    const kept = Object.keys(own).sort()
    expect(stdout).toContain(
      `because they were there:\n${kept.map((path) => `  ${path}\n`).join('')}What belongs into hooks`,
    )
    expect(stdout.split('Left as they are')[0]).not.toContain('README.md')
    for (const [path, text] of Object.entries(own)) expect(readFileSync(join(other, path), 'utf8')).toBe(text)
    expect(await specyard(other, 'check')).toMatchObject({ code: 0 })
    expect(await specyard(other, 'init')).toMatchObject({ code: 2, stdout: '' })
  })

  it('in a folder of another repository puts CI and hooks where they are looked for, and there they name the folder', async () => {
    const other = join(folder, 'mono')
    mkdirSync(join(other, '.git'), { recursive: true })
    const { code, stdout } = await specyard(other, 'init', 'ml/specs (1)')
    expect(code).toBe(0)
    expect(stdout).toContain('  ../../.github/workflows/specyard.yaml\n')
    expect(existsSync(join(other, 'ml', 'specs (1)', '.github'))).toBe(false)
    const yaml = (path: string): unknown => parse(readFileSync(join(other, path), 'utf8'))
    expect(yaml('.github/workflows/specyard.yaml')).toMatchObject({
      jobs: { specs: { steps: [{}, {}, { with: { directory: 'ml/specs (1)', format: true } }] } },
    })
    const common = {
      args: ['--directory', 'ml/specs (1)'],
      files: '^ml/specs\\ \\(1\\)/(specs/.*\\.ya?ml|specyard\\.yaml)$',
    }
    expect(yaml('.pre-commit-config.yaml')).toMatchObject({
      repos: [
        {
          hooks: [
            { id: 'specyard-fmt', pass_filenames: false, ...common },
            { id: 'specyard-check', ...common },
          ],
        },
      ],
    })
    expect(readFileSync(join(other, '.github', 'CODEOWNERS'), 'utf8')).toContain(
      '/ml/specs (1)/specs/environments.yaml',
    )
    expect(await specyard(join(other, 'ml', 'specs (1)'), 'check')).toMatchObject({ code: 0 })
    expect(await specyard(other, 'init', 'own', '--git')).toMatchObject({ code: 0 })
    expect(existsSync(join(other, 'own', '.github', 'workflows', 'specyard.yaml'))).toBe(true)
  })

  it.each([
    ['of the remote that it was cloned from', { HEAD: 'change', 'refs/remotes/origin/HEAD': 'origin/trunk' }, 'trunk'],
    ['that it is on', { HEAD: 'no' }, 'no'],
    ['main, where it says none', {}, 'main'],
  ])('runs CI on pushes to the branch %s', async (_sentence, heads, branch) => {
    const other = mkdtempSync(join(folder, 'branch-'))
    for (const [path, name] of Object.entries(heads)) {
      mkdirSync(dirname(join(other, '.git', path)), { recursive: true })
      const reference = name.startsWith('origin/') ? `refs/remotes/${name}` : `refs/heads/${name}`
      writeFileSync(join(other, '.git', path), `ref: ${reference}\n`)
    }
    expect(await specyard(other, 'init', '--project', 'p')).toMatchObject({ code: 0 })
    const workflow: unknown = parse(readFileSync(join(other, '.github', 'workflows', 'specyard.yaml'), 'utf8'))
    expect(workflow).toMatchObject({ on: { push: { branches: [branch] } } })
  })

  it.each(['2024', '1e3', '0x1f', 'true', 'no', 'null'])('makes specs of %s that have no problem', async (project) => {
    const target = join(folder, 'named', project)
    expect(await specyard(folder, 'init', target, '--name', project.replace(/^\d/, 'n'))).toMatchObject({ code: 0 })
    expect(await specyard(target, 'check')).toMatchObject({ code: 0, stdout: '5 files, no problems\n' })
    expect(await specyard(target, 'fmt', '--check')).toMatchObject({ code: 0 })
    expect(readFileSync(join(target, 'README.md'), 'utf8')).not.toMatch(/'(2024|true|no|null)'/)
  })

  it.each([
    ['a file', 'taken'],
    ['what would be below a file', 'taken/specs'],
    ['a link to nothing', 'dangling'],
  ])('refuses %s', async (_what, path) => {
    writeFileSync(join(folder, 'taken'), '')
    rmSync(join(folder, 'dangling'), { force: true })
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'))
    expect(await specyard(folder, 'init', path)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${join(folder, path)} is no folder\n`,
    })
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
    ['a name that no endpoint may have', ['--name', '1a']],
    ['a source that is no repository', ['--source', 'https://example.com']],
  ])('refuses %s', async (_what, words) => {
    const refused = await specyard(folder, 'init', 'fourth', ...words)
    expect({ ...refused, stderr: '' }).toEqual({ code: 2, stdout: '', stderr: '' })
    expect(existsSync(join(folder, 'fourth'))).toBe(false)
  })
})
