import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundledPackages, licencesOf, quick, rest, whole } from '../../tools/bundle.ts'
import { corpus } from '../bench/compile/corpus.ts'
import { trainingCorpus } from '../bench/corpus.ts'
import { buildProgram, type Program } from '../support/main-job/program.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'specyard-bundle-'))
const specs = join(folder, 'specs of one')
const wrong = join(folder, 'wrong specs')
const unset = join(folder, 'wrong settings')
const wrongSpecs = `apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: data, project: handbook, colour: red }
---
kind: TrainingJob
spec: { environment: [dev }
`
let program: Program

beforeAll(() => {
  program = buildProgram()
  mkdirSync(join(folder, 'home'))
  mkdirSync(specs)
  cpSync(join(root, 'specs'), join(specs, 'specs'), { recursive: true })
  writeFileSync(join(specs, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  mkdirSync(join(wrong, 'specs'), { recursive: true })
  writeFileSync(join(wrong, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  writeFileSync(join(wrong, 'specs', 'wrong.yaml'), wrongSpecs)
  mkdirSync(unset)
  writeFileSync(join(unset, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\napi: { port: -1 }\n')
})

afterAll(() => {
  program.remove()
  rmSync(folder, { recursive: true, force: true })
})

it('the bundle holds parts of the packages that are listed, with their licences, and of no others', async () => {
  const built = await Promise.all(
    [whole, rest, quick('later.cjs')].map((one) =>
      build({ ...one, absWorkingDir: root, outdir: 'dist', write: false, metafile: true }),
    ),
  )
  const parts = built.flatMap(({ metafile }) =>
    Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs)),
  )
  const packages = parts.flatMap((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [])
  expect([...new Set(packages)].sort()).toEqual([...bundledPackages].sort())
  const licences = await licencesOf(root)
  for (const name of bundledPackages)
    expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\n\\n[^]{500}`, 'm'))
})

/** Where the built program is. */
const dist = (): string => dirname(program.words[1] ?? '')

interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a file of the built program, with nothing in its environment but PATH and a home. */
function run(file: string, args: readonly string[], options: readonly string[] = []): Said {
  const [node = '', start = ''] = program.words
  const ended = spawnSync(node, [...options, join(dirname(start), file), ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: join(folder, 'home') },
  })
  return { code: ended.status ?? -1, stdout: ended.stdout, stderr: ended.stderr }
}

it.each([
  [['--directory', specs, 'check', '--no-cache']],
  [['-C', specs, 'check', 'specs/handbook', '--output', 'json']],
  [[`--directory=${specs}`, 'compile', '--no-cache']],
  [['-C', specs, 'compile']],
  [['-C', folder, 'check', '--no-cache']],
  [['-C', '', 'check']],
  [['compile', '--to']],
  [['check', '--to', 'folder']],
  [['check', '--directory', specs]],
  [['--directory', wrong, 'check']],
  [['--directory', wrong, 'compile', '--to', join(folder, 'tree')]],
  [['--directory', unset, 'check']],
  [['check', '--help']],
  [['compile', '--version']],
  [['check']],
  [['check', '--otuput', 'json']],
  [['--bogus', 'check']],
  [['compile', 'too', 'many']],
  [['--', 'check']],
  [['check', '--kube-version', '1.0']],
  [['help', 'check']],
  [['chekc']],
  [[]],
])('specyard %j says the same, quickly started or not', (args) => {
  const [wholeFile = ''] = readdirSync(dist()).filter((name) => name === 'whole.mjs')
  expect(run('specyard.js', args)).toEqual(run(wholeFile, args))
})

it('checking sound specs loads no module of Node that it has no use for, no package, and no more of the program than it needs', () => {
  const witness = join(folder, 'witness.cjs')
  writeFileSync(
    witness,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'loaded.json'))}, JSON.stringify({
      node: process.moduleLoadList.flatMap((one) => /^NativeModule (?!internal\\/)(.*)/.exec(one)?.[1] ?? []), files: Object.keys(require.cache) })))`,
  )
  const sound = join(folder, 'sound specs')
  for (const { path, bytes } of corpus(1).sources) {
    mkdirSync(dirname(join(sound, path)), { recursive: true })
    writeFileSync(join(sound, path), bytes)
  }
  writeFileSync(join(sound, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  const check = (options: readonly string[]) => run('specyard.js', ['-C', sound, 'check'], options)
  expect(check(['--require', witness])).toMatchObject({ code: 0, stderr: '' })
  const loaded = JSON.parse(readFileSync(join(folder, 'loaded.json'), 'utf8')) as Record<'node' | 'files', string[]>
  const heavy = [
    'child_process',
    'cluster',
    'dns',
    'fs/promises',
    'http',
    'module',
    'net',
    'perf_hooks',
    'readline',
    'tls',
    'tty',
    'v8',
    'zlib',
  ]
  expect(loaded.node.filter((name) => heavy.includes(name))).toEqual([])
  expect(loaded.files.map((path) => basename(path)).sort()).toEqual(['specyard.js', 'witness.cjs'])
  const quickFiles = readdirSync(dist()).filter((name) => /^quick-.*\.cjs$/.test(name))
  expect(quickFiles.map((name) => name.replace(/-[^-]*$/, ''))).toEqual(['quick-check', 'quick-compile'])
  for (const name of quickFiles)
    expect(statSync(join(dist(), name)).size, name).toBeLessThan(name.includes('check') ? 680_000 : 800_000)
  const kept = join(dist(), 'code')
  for (const name of readdirSync(kept)) expect(statSync(join(kept, name)).size, name).toBeLessThan(800_000)
})

it('without what the build left, the first start keeps what the next one takes; whatever becomes of that, specs are checked', () => {
  const kept = join(folder, 'home', '.cache', 'specyard', 'code')
  rmSync(join(dist(), 'code'), { recursive: true })
  rmSync(kept, { recursive: true, force: true })
  const check = () => run('specyard.js', ['-C', specs, 'check'])
  const first = check()
  const [name = ''] = readdirSync(kept)
  const file = join(kept, name)
  const bytes = readFileSync(file)
  const { mtimeMs } = statSync(file)
  expect(check()).toEqual(first)
  expect(statSync(file).mtimeMs).toBe(mtimeMs)
  for (const spoiled of [
    bytes.subarray(0, 1000),
    Buffer.alloc(bytes.length),
    bytes.map((byte, at) => (at === 500_000 ? ~byte : byte)),
  ]) {
    writeFileSync(file, spoiled)
    expect(check()).toEqual(first)
    expect(readFileSync(file).length).toBeGreaterThan(bytes.length / 2)
  }
  expect(first).toMatchObject({ code: 0, stderr: '' })
})

it('what a start with many files keeps, the next one takes, too', () => {
  const many = join(folder, 'many specs')
  const home = join(folder, 'home')
  for (const { path, bytes } of trainingCorpus(250, 1)) {
    mkdirSync(dirname(join(many, path)), { recursive: true })
    writeFileSync(join(many, path), bytes)
  }
  writeFileSync(join(many, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  rmSync(join(dist(), 'code'), { recursive: true, force: true })
  rmSync(join(home, '.cache'), { recursive: true, force: true })
  const kept = join(home, '.cache', 'specyard', 'code')
  const check = () =>
    expect(run('specyard.js', ['-C', many, 'check', '--no-cache'])).toMatchObject({ code: 0, stderr: '' })
  check()
  const [name = ''] = readdirSync(kept)
  const { mtimeMs } = statSync(join(kept, name))
  check()
  expect(statSync(join(kept, name)).mtimeMs).toBe(mtimeMs)
})
