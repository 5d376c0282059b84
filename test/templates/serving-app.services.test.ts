import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { specyard } from '../support/cli.ts'
import { appPython, copier, giveEnvironment, makeApp } from '../support/serving-app.ts'

/* Apps that Copier makes of templates/serving-app: what it refuses, and that what it makes passes its own tests and checks. */

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-serving-app-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const template = join(import.meta.dirname, '..', '..', 'templates', 'serving-app')

function inApp(app: string, words: readonly string[]): { readonly status: number | null; readonly output: string } {
  const ended = spawnSync(appPython(), words, { cwd: app, encoding: 'utf8', env: { PATH: process.env['PATH'] } })
  return { status: ended.status, output: `${ended.stdout}${ended.stderr}` }
}

describe.each([
  ['the answers as they come', 'plain', {}],
  [
    'another answer to every question',
    'other',
    {
      project: 'vision',
      description: "Reads what's on signs: quickly",
      model_ref: 'signs',
      model_family: 'vit-b.16',
      serve_target: 'RAG',
      environments: '[dev, stg, prod]',
      auth: 'jwt',
      auth_issuer: 'https://login.example.com/realms/ml',
      auth_audience: 'signs',
      image: 'registry.example.com:5000/vision/signs',
      spec_repository: 'Vision-Team/ml.specs',
      spec_path: 'specs/signs/endpoint.yml',
      port: '9000',
    },
  ],
  ['keys', 'keyed', { auth: 'api-key' }],
] as const)('an app made with %s', (_what, name, answers) => {
  let app: string
  beforeAll(() => {
    app = makeApp(folder, name, answers)
    giveEnvironment(app)
  })

  it('has no sign of the template left in any file', () => {
    const files = readdirSync(app, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && !one.parentPath.includes('.venv'))
      .map((one) => join(one.parentPath, one.name))
    expect(files.map((file) => file.slice(app.length + 1)).sort()).toEqual(expectedFiles)
    const left = files.filter((file) => /\{%|(?<!\$)\{\{ /.test(readFileSync(file, 'utf8')))
    expect(left).toEqual([])
  })

  it('has a spec and a model in which specyard check finds nothing', async () => {
    const repository = join(folder, `${name}-specs`)
    mkdirSync(join(repository, 'specs'), { recursive: true })
    writeFileSync(join(repository, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
    writeFileSync(join(repository, 'specs', 'environments.yaml'), environments('project' in answers ? 'vision' : 'ml'))
    for (const file of readdirSync(join(app, 'deploy')))
      cpSync(join(app, 'deploy', file), join(repository, 'specs', file))
    const { exit, stdout, stderr } = await specyard(repository, ['check'])
    expect({ exit, said: stdout + stderr }).toMatchObject({ exit: 0, said: expect.stringContaining('no problems') })
  })

  it('passes its own tests', () => {
    const { status, output } = inApp(app, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'])
    expect(status, output).toBe(0)
    expect(output).toMatch(/\d+ passed/)
    expect(output).not.toMatch(/skipped|xfailed|warning/)
  })

  it('is clean for Ruff, and laid out as it lays out', () => {
    const ruff = (...words: readonly string[]): object => inApp(app, ['-m', 'ruff', ...words, '--no-cache'])
    expect(ruff('check', '.')).toEqual({ status: 0, output: 'All checks passed!\n' })
    expect(ruff('format', '--check', '.')).toMatchObject({ status: 0 })
  })

  it('has workflows that actionlint finds nothing in, with every action pinned by its commit', () => {
    const workflows = join(app, '.github', 'workflows')
    const files = readdirSync(workflows).map((one) => join(workflows, one))
    const actionlint = process.env['ACTIONLINT'] ?? 'actionlint'
    const ended = spawnSync(actionlint, ['-no-color', '-shellcheck=', '-pyflakes=', ...files], { encoding: 'utf8' })
    if (ended.error)
      throw new Error('there is no actionlint: build one with ACTIONLINT="$(npx tsx tools/install-go.ts actionlint)"')
    expect({ status: ended.status, output: `${ended.stdout}${ended.stderr}` }).toEqual({ status: 0, output: '' })
    const uses = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/uses: (.+)/g)].map((one) => one[1]))
    expect(uses.length).toBeGreaterThan(5)
    for (const one of uses) expect(one).toMatch(/^(\.\/|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d)/)
  })
})

function environments(project: string): string {
  return ['dev', 'stg', 'prod']
    .map(
      (name) => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${name} }
spec:
  cluster: { kubernetes: { context: ${name}, namespaces: { ${project}: ml-${project} } } }
  callback: { url: 'https://specyard.example.com' }
`,
    )
    .join('---\n')
}

const expectedFiles = [
  ...['.copier-answers.yml', '.dockerignore', '.github/dependabot.yml'],
  ...['.github/workflows/release.yaml', '.github/workflows/test.yaml', '.gitignore', 'Dockerfile', 'README.md'],
  ...['deploy/endpoint.yaml', 'deploy/model.yaml', 'examples/model.json', 'pyproject.toml'],
  ...['requirements-dev.txt', 'requirements.txt', 'src/__init__.py', 'src/__main__.py'],
  ...['__init__', 'application', 'auth', 'boundary', 'context', 'health', 'keys', 'lifecycle', 'limits', 'logs'].map(
    (name) => `src/_core/${name}.py`,
  ),
  ...['metrics', 'model', 'server', 'settings', 'start', 'storage', 'trace'].map((name) => `src/_core/${name}.py`),
  ...['src/dataclasses/__init__.py', 'src/dataclasses/generation.py'],
  ...['src/routers/__init__.py', 'src/routers/generation.py', 'src/routers/model.py'],
  ...['__init__', 'conftest', 'test_auth', 'test_generation', 'test_limits', 'test_model', 'test_process'].map(
    (name) => `tests/${name}.py`,
  ),
  ...[
    'tests/test_open_pull_request.py',
    'tests/test_propose_image.py',
    'tests/test_server.py',
    'tests/test_settings.py',
  ],
  ...['tools/__init__.py', 'tools/open_pull_request.py', 'tools/propose.sh', 'tools/propose_image.py'],
].sort()

describe('Copier refuses', () => {
  it.each([
    ['a name that Kubernetes would not take', 'app_name', 'My_App', 'Lower-case letters'],
    ['a name that is too long', 'app_name', 'a'.repeat(41), 'at most 40'],
    ['a project that no spec could name', 'project', 'ML', 'Lower-case letters'],
    ['a description of two lines', 'description', 'one\ntwo', 'One line'],
    ['an image with a tag', 'image', 'ghcr.io/example/app:1', 'no tag and no digest'],
    ['an image without a registry', 'image', 'app', 'Registry and path'],
    ['a base image without a digest', 'base_image', 'docker.io/library/python:3.12', 'digest'],
    ['a spec outside the folder of specs', 'spec_path', 'specs/../x.yaml', 'below specs/'],
    ['a repository without an owner', 'spec_repository', 'specs', 'owner/name'],
    ['a port that only root may open', 'port', '80', 'without root'],
    ['an environment that cannot be', 'environments', '[dev, PROD]', 'PROD is no name'],
    ['no environment at all', 'environments', '[]', 'A list of names'],
  ])('%s', (_what, key, value, sentence) => {
    const words = ['copy', '--defaults', '--data', `${key}=${value}`, template, join(folder, 'refused')]
    const { status, output } = copier(folder, words)
    expect(status, output).not.toBe(0)
    expect(output.replaceAll(/\s+/g, ' ')).toContain(sentence)
  })

  it('an issuer without https', () => {
    const data = ['--data', 'auth=jwt', '--data', 'auth_issuer=http://login.example.com']
    const { status, output } = copier(folder, ['copy', '--defaults', ...data, template, join(folder, 'refused')])
    expect(status, output).not.toBe(0)
    expect(output).toContain('An https address')
  })
})

it('the image that it is built on is one that its workflows’ Python fits', () => {
  const dockerfile = readFileSync(join(makeApp(folder, 'based'), 'Dockerfile'), 'utf8')
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((one) => one[1])
  expect(new Set(bases).size).toBe(1)
  expect(bases[0]).toMatch(/python:3\.12[.\d]*-slim-bookworm@sha256:[0-9a-f]{64}$/)
  expect(dockerfile).toMatch(/^USER 65532:65532$/m)
})

it('its programs are those of the versions that it pins', () => {
  const asked = execFileSync(appPython(), ['-m', 'pip', 'freeze', '--disable-pip-version-check'], { encoding: 'utf8' })
  const installed = new Set(asked.toLowerCase().replaceAll('_', '-').split('\n'))
  const pinned = readFileSync(join(template, 'app', 'requirements.txt'), 'utf8')
    .split('\n')
    .filter((line) => /^[a-z]/.test(line))
    .map((line) => line.replace(/\[.*?\]/, ''))
  expect(pinned.filter((line) => !installed.has(line))).toEqual([])
})
