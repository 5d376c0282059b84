import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { preparedDatabase } from '../../cli/house/prepared-database.ts'
import { shortened } from '../support/main-job/example.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const installSecondsMax = 300
const upSecondsMax = 300

/** The little that this test reads of the document of `up --until-settled --output json`. */
interface Settled {
  readonly publications: readonly { readonly commit: string }[]
  readonly runs: readonly { readonly environment: string; readonly state: string }[]
  readonly modelVersions: readonly { readonly model: string; readonly digest: string }[]
  readonly endpoints: readonly { readonly environment: string; readonly status: string }[]
}

const folder = mkdtempSync(join(tmpdir(), 'specyard-package-'))
const installation = join(folder, 'installation')
const specs = join(folder, 'specs of a stranger')
let packed: readonly string[] = []

// Packed from what is built, installed where nothing is: every package that the program needs must be a dependency of it.
beforeAll(() => {
  for (const one of [installation, specs, join(folder, 'home')]) mkdirSync(one)
  const cache = execFileSync('npm', ['config', 'get', 'cache'], { cwd: root, encoding: 'utf8', stdio: quiet }).trim()
  const npm = (args: readonly string[], cwd: string) =>
    execFileSync('npm', args, {
      cwd,
      encoding: 'utf8',
      stdio: quiet,
      timeout: installSecondsMax * 1000,
      env: { ...process.env, HOME: join(folder, 'home'), npm_config_cache: cache, npm_config_prefer_offline: 'true' },
    })
  const [pack] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  ) as readonly { readonly filename: string; readonly files: readonly { readonly path: string }[] }[]
  if (pack === undefined) throw new Error('npm pack names no package')
  packed = pack.files.map((file) => file.path)
  npm(['install', '--no-audit', '--no-fund', '--loglevel=error', join(folder, pack.filename)], installation)
  for (const part of ['specs', 'examples', 'specyard.yaml'])
    cpSync(join(root, part), join(specs, part), { recursive: true })
  const trainings = join(specs, 'specs', 'handbook', 'training.yaml')
  writeFileSync(trainings, shortened(readFileSync(trainings, 'utf8')))
}, installSecondsMax * 1000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const quiet: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']

function specyard(...args: readonly string[]): string {
  return execFileSync(join(installation, 'node_modules', '.bin', 'specyard'), args, {
    cwd: specs,
    encoding: 'utf8',
    stdio: quiet,
    timeout: upSecondsMax * 1000,
    env: { PATH: process.env['PATH'], HOME: join(folder, 'home') },
  })
}

test('holds what the program reads, and no sources, tests or state', () => {
  const single = ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']
  const built = ['dist/specyard.js', 'dist/keeper.mjs', 'dist/LICENCES.txt', `dist/${basename(preparedDatabase())}`]
  for (const path of [...single, ...built]) expect(packed).toContain(path)
  for (const part of [
    'schemas/',
    'charts/serving-endpoint/',
    'compiler/render/templates/',
    'policies/',
    'docs/handbook/',
  ])
    expect(packed.some((path) => path.startsWith(part))).toBe(true)
  const known =
    /^(dist|schemas|charts|compiler\/render\/templates|templates|policies|docs)\/|^examples\/handbook\/specyard-client\.mjs$|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/
  expect(packed.filter((path) => !known.test(path) || /(\.ts|\.tgz|\.log)$|(^|\/)\.specyard/.test(path))).toEqual([])
})

test('holds every file of the templates, those that begin with a dot too', () => {
  const files = execFileSync('git', ['ls-files', '-z', '--', 'templates'], { cwd: root, encoding: 'utf8' })
  const templates = files.split('\0').filter((path) => path !== '')
  expect(templates).toContain('templates/serving-app/app/.github/workflows/release.yaml.jinja')
  expect(packed.filter((path) => path.startsWith('templates/')).sort()).toEqual(templates.sort())
})

test('an installed program helps and checks', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(specyard('--version').trim()).toBe(version)
  expect(specyard('--help')).toContain('Usage: specyard')
  specyard('check')
})

test('an installed program makes a spec repository that has no problem, with every file that begins with a dot', () => {
  expect(specyard('init', 'fresh')).toContain('.github/workflows/specyard.yaml')
  expect(specyard('--directory', 'fresh', 'check')).toContain('no problems')
  for (const path of ['.gitignore', '.pre-commit-config.yaml', '.vscode/settings.json', 'trainer/specyard-client.mjs'])
    expect(existsSync(join(specs, 'fresh', path)), path).toBe(true)
})

test(
  'an installed program runs the worked example until it has settled',
  () => {
    const settled = JSON.parse(specyard('up', '--until-settled', '--port', '0', '--output', 'json')) as Settled
    expect(settled.publications.length).toBeGreaterThan(0)
    const runs = settled.runs.filter((run) => run.environment === 'dev')
    expect(runs.map((run) => run.state)).toEqual(['SUCCEEDED', 'SUCCEEDED'])
    expect(settled.modelVersions[0]?.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(settled.endpoints.find((one) => one.environment === 'dev')?.status).toBe('healthy')
  },
  upSecondsMax * 1000,
)
