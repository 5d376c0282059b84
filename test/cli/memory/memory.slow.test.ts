import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProgram, type Program } from '../../support/main-job/program.ts'
import { trainingCorpus } from '../../bench/corpus.ts'

const folder = mkdtempSync(join(tmpdir(), 'specyard-memory-'))
const root = join(folder, 'specs')
const home = join(folder, 'home')
const caches = join(home, '.cache', 'specyard', 'compile')
let program: Program

beforeAll(() => {
  program = buildProgram(folder)
  mkdirSync(home)
  for (const { path, bytes } of trainingCorpus(20)) write(path, bytes)
  write('specyard.yaml', 'apiVersion: specyard.dev/v1\nkind: Settings\n')
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function write(path: string, content: string | Uint8Array, to = root): void {
  mkdirSync(dirname(join(to, path)), { recursive: true })
  writeFileSync(join(to, path), content)
}

const specyard = (...words: readonly string[]) => specyardIn(root, home, words)

function specyardIn(directory: string, homeFolder: string, words: readonly string[]) {
  const [command = '', ...program_] = program.words
  const args = [...program_, '--directory', directory, ...words]
  const env = { PATH: process.env['PATH'], HOME: homeFolder }
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env, timeout: 60_000 })
  return { status, stdout, stderr }
}

/** All that compiling says, without a memory and with one, which must be the same. */
function compiledTwice(): { status: number | null; stdout: string; stderr: string } {
  const without = specyard('compile', '--no-cache')
  expect(specyard('compile')).toEqual(without)
  expect(specyard('compile')).toEqual(without)
  return without
}

const packs = (): readonly string[] => readdirSync(caches).filter((name) => name.endsWith('.pack'))

describe('the memory of commands that look', () => {
  it('lies in the cache folder of the user, and --no-cache makes none', () => {
    expect(specyard('compile', '--no-cache').status).toBe(0)
    expect(readdirSync(home)).toEqual([])
    expect(specyard('check').status).toBe(0)
    expect(packs()).toHaveLength(1)
  })

  it.each([
    ['few small files', trainingCorpus(3), []],
    ['many files', trainingCorpus(16), ['known', 'pack']],
    ['few files with many specs', trainingCorpus(60, 30), ['known']],
  ])('of a check of %s', (name, files, kept) => {
    const [directory, homeFolder] = [join(folder, name), join(folder, `home of ${name}`)]
    mkdirSync(homeFolder)
    write('specyard.yaml', 'apiVersion: specyard.dev/v1\nkind: Settings\n', directory)
    for (const { path, bytes } of files) write(path, bytes, directory)
    const without = specyardIn(directory, homeFolder, ['check', '--no-cache'])
    expect(without.status).toBe(0)
    for (let time = 0; time < 2; time += 1) expect(specyardIn(directory, homeFolder, ['check'])).toEqual(without)
    const found = readdirSync(homeFolder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    expect(found.map((one) => one.name.replace(/^.*\./, '')).sort()).toEqual(kept)
    expect(readdirSync(homeFolder).length === 0).toBe(kept.length === 0)
  })

  it('changes nothing of what is said, after edits, a rename, a deletion, a broken Environment and its repair', () => {
    expect(compiledTwice().status).toBe(0)
    const one = 'specs/language/training-00000.yaml'
    const text = readFileSync(join(root, one), 'utf8')
    write(one, text.replace('epochs: 10', 'epochs: 11'))
    expect(compiledTwice().stdout).toContain('epochs')
    write('specs/language/renamed.yaml', text)
    rmSync(join(root, one))
    expect(compiledTwice().stdout).toContain('specs/language/renamed.yaml')
    const environments = readFileSync(join(root, 'specs/environments.yaml'), 'utf8')
    write('specs/environments.yaml', environments.replaceAll('queues: [gpu, batch]', 'queues: [batch]'))
    expect(compiledTwice()).toMatchObject({ status: 1, stderr: expect.stringContaining('QUEUE_UNKNOWN') as string })
    write('specs/environments.yaml', `${environments}\n  - broken`)
    expect(compiledTwice().status).toBe(1)
    write('specs/environments.yaml', environments)
    expect(compiledTwice().status).toBe(0)
  })

  it('is of no consequence when it is broken, deleted, or another program was here', () => {
    const good = compiledTwice()
    const [pack = ''] = packs()
    const file = join(caches, pack)
    const bytes = readFileSync(file)
    for (const broken of [bytes.subarray(0, bytes.length / 2), Buffer.alloc(100_000, 1), Buffer.alloc(0)]) {
      writeFileSync(file, broken)
      expect(specyard('compile')).toEqual(good)
    }
    rmSync(caches, { recursive: true })
    expect(specyard('compile')).toEqual(good)
    const built = program.words[1] ?? ''
    writeFileSync(built, `${readFileSync(built, 'utf8')}\n// another program`)
    expect(specyard('compile')).toEqual(good)
    expect(packs()).toHaveLength(2)
  })

  it('may be on a disk that can only be read', () => {
    const good = specyard('compile', '--no-cache')
    chmodSync(caches, 0o500)
    expect(specyard('compile')).toEqual(good)
    chmodSync(caches, 0o700)
    rmSync(join(home, '.cache'), { recursive: true })
    writeFileSync(join(home, '.cache'), '')
    expect(specyard('compile')).toEqual(good)
    rmSync(join(home, '.cache'))
  })

  it('is shared by processes that run at once', () => {
    const good = specyard('compile', '--no-cache')
    const script = Array.from({ length: 6 }, (_, index) => `"$@" compile > "$OUT/${index}" &`).join('\n')
    const env = { PATH: process.env['PATH'], HOME: home, OUT: folder }
    const words = ['-c', `${script}\nwait`, 'sh', ...program.words, '--directory', root]
    expect(spawnSync('sh', words, { encoding: 'utf8', env, timeout: 120_000 }).status).toBe(0)
    for (let index = 0; index < 6; index += 1)
      expect(readFileSync(join(folder, String(index)), 'utf8')).toBe(good.stdout)
    expect(readdirSync(caches)).toHaveLength(1)
  })
})

describe('compile --to', () => {
  it('writes the files that differ, and leaves the others alone', () => {
    const to = join(folder, 'tree')
    const first = specyard('compile', '--to', to)
    expect(first.stdout).toMatch(/^\d+ files written to /)
    const copy = join(folder, 'copy')
    cpSync(to, copy, { recursive: true, preserveTimestamps: true })
    const files = Number(/^\d+/.exec(first.stdout)?.[0])
    expect(specyard('compile', '--to', to).stdout).toBe(`0 files written to ${to}; ${files} are there already\n`)
    const changed = 'applications/stg/vision/jobs.yaml'
    writeFileSync(join(to, changed), readFileSync(join(to, changed), 'utf8').replace('a', 'b'))
    expect(specyard('compile', '--to', to).stdout).toBe(`1 file written to ${to}; ${files - 1} are there already\n`)
    expect(readFileSync(join(to, changed), 'utf8')).toBe(readFileSync(join(copy, changed), 'utf8'))
  })

  it('says which file it cannot write', () => {
    const to = join(folder, 'blocked')
    mkdirSync(to)
    writeFileSync(join(to, 'applications'), '')
    const { status, stderr } = specyard('compile', '--to', to)
    expect(status).toBe(3)
    expect(stderr).toContain(`the file ${join(to, 'applications')}`)
    expect(stderr).toContain('FILE_FAILED')
  })
})
