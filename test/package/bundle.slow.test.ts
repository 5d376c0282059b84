import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundledPackages, licencesOf, quick, whole } from '../../tools/bundle.ts'
import { buildProgram, type Program } from '../support/main-job/program.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'specyard-bundle-'))
const specs = join(folder, 'specs of one')
let program: Program

beforeAll(() => {
  program = buildProgram()
  mkdirSync(join(folder, 'home'))
  mkdirSync(specs)
  cpSync(join(root, 'specs'), join(specs, 'specs'), { recursive: true })
  writeFileSync(join(specs, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
})

afterAll(() => {
  program.remove()
  rmSync(folder, { recursive: true, force: true })
})

it('the bundle holds parts of the packages that are listed, with their licences, and of no others', async () => {
  const built = await Promise.all(
    [whole, quick].map((one) => build({ ...one, absWorkingDir: root, outdir: 'dist', write: false, metafile: true })),
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
  [['check', '--directory', specs]],
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
  const [wholeFile = ''] = readdirSync(dirname(program.words[1] ?? '')).filter((name) => name === 'whole.mjs')
  expect(run('specyard.js', args)).toEqual(run(wholeFile, args))
})

it('without what the build left, the first start keeps what the next one takes; whatever becomes of that, specs are checked', () => {
  const kept = join(folder, 'home', '.cache', 'specyard', 'code')
  rmSync(join(dirname(program.words[1] ?? ''), 'code'), { recursive: true })
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
