import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtProgram } from '../support/main-job/built.ts'

const root = join(import.meta.dirname, '..', '..')
let folder: string
let head: string

const common = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, images: { example/trainer: trainer } }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: data, format: text }
`
const training = (name: string, lines: Readonly<Record<string, string>> = {}): string => {
  const written: Readonly<Record<string, string>> = {
    environment: 'dev',
    task: '{ type: language-modelling }',
    model: '{ name: char-loglinear, source: custom }',
    dataset: '{ ref: text }',
    training: '{ epochs: 3 }',
    image: 'example/trainer:1',
    ...lines,
  }
  const spec = Object.entries(written).map(([key, value]) => `  ${key}: ${value}\n`)
  return `apiVersion: specyard.dev/v1\nkind: TrainingJob\nmetadata: { name: ${name}, project: language }\nspec:\n${spec.join('')}`
}
const bomb = [
  'a0: &a0 [x,x,x,x,x,x,x,x,x]',
  ...Array.from(
    { length: 8 },
    (_, level) => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(',')}]`,
  ),
].join('\n')

interface Case {
  readonly sentence: string
  /** Contents of `specs/bad.yaml`, or a function that makes something else in the folder of the specs. */
  readonly bad: string | Uint8Array | ((specs: string) => void)
  /** `place code`, as they stand in the output, each exactly so. */
  readonly told: readonly string[]
}

const cases: readonly Case[] = [
  { sentence: 'broken YAML', bad: 'a: [1, 2\nb: }\n', told: ['specs/bad.yaml:2:1 YAML_SYNTAX'] },
  { sentence: 'a tab as indentation', bad: 'a:\n\tb: 1\n', told: ['specs/bad.yaml:2:1 YAML_SYNTAX'] },
  {
    sentence: 'a duplicate key',
    bad: training('bad', { training: '{ epochs: 3, epochs: 4 }' }),
    told: ['specs/bad.yaml:9:26 YAML_DUPLICATE_KEY'],
  },
  {
    sentence: 'an unknown kind',
    bad: 'apiVersion: specyard.dev/v1\nkind: TraningJob\n',
    told: ['specs/bad.yaml:2:7 KIND_UNKNOWN'],
  },
  {
    sentence: 'an unknown key and a wrong type, both at once',
    bad: training('bad', { nodes: 'two', colour: 'blue' }),
    told: ['specs/bad.yaml:11:10 TYPE_WRONG', 'specs/bad.yaml:12:3 KEY_UNKNOWN'],
  },
  {
    sentence: 'a number where text is meant',
    bad: training('bad', { resources: '{ cpu: { request: 1.10 } }' }),
    told: ['specs/bad.yaml:11:32 TYPE_WRONG'],
  },
  { sentence: 'an alias bomb', bad: bomb, told: ['specs/bad.yaml:1:1 YAML_TOO_MANY_ALIASES'] },
  { sentence: 'two kilobytes of [', bad: '['.repeat(2048), told: ['specs/bad.yaml:1:130 YAML_TOO_DEEP'] },
  {
    sentence: 'nesting that hides behind quoted brackets',
    bad: '["]",'.repeat(1000),
    told: ['specs/bad.yaml:1:646 YAML_TOO_DEEP'],
  },
  { sentence: 'a file of 10 MB', bad: 'a: 1\n'.repeat(2_000_000), told: ['specs/bad.yaml:1:1 FILE_TOO_LARGE'] },
  {
    sentence: 'a symbolic link out of the folder',
    bad: (specs) => symlinkSync('/etc/hostname', join(specs, 'bad.yaml')),
    told: ['specs/bad.yaml:1:1 FILE_OUTSIDE'],
  },
  {
    sentence: 'a symbolic link to a folder outside',
    bad: (specs) => symlinkSync(tmpdir(), join(specs, 'bad')),
    told: ['specs/bad:1:1 FILE_OUTSIDE'],
  },
  {
    sentence: 'two specs with one name',
    bad: (specs) => {
      mkdirSync(join(specs, 'team'))
      writeFileSync(join(specs, 'team', 'bad.yaml'), training('letters', { training: '{ epochs: 4 }' }))
    },
    told: ['specs/team/bad.yaml:3:19 NAME_TAKEN'],
  },
  {
    sentence: 'references to nothing',
    bad: training('bad', { dataset: '{ ref: texts }', output: '{ model: none }' }),
    told: ['specs/bad.yaml:8:19 DATASET_UNKNOWN', 'specs/bad.yaml:11:20 MODEL_UNKNOWN'],
  },
  {
    sentence: 'an environment that nobody defined',
    bad: training('bad', { environment: 'production' }),
    told: ['specs/bad.yaml:5:16 ENVIRONMENT_UNKNOWN'],
  },
  {
    sentence: 'bytes that are not UTF-8',
    bad: new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe, 0x0a]),
    told: ['specs/bad.yaml:1:1 FILE_NOT_TEXT'],
  },
  { sentence: 'a NUL byte', bad: 'a: 1\nb: "\u0000"\n', told: ['specs/bad.yaml:2:5 FILE_NOT_TEXT'] },
  {
    sentence: 'a bad file beside a good change',
    bad: (specs) => {
      writeFileSync(join(specs, 'bad.yaml'), 'kind: }\n')
      writeFileSync(join(specs, 'good.yaml'), training('good'))
    },
    told: ['specs/bad.yaml:1:7 YAML_SYNTAX'],
  },
]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'specyard-bad-'))
  writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  reset()
  expect(await run('publish')).toMatchObject({ code: 0 })
  head = deployHead()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The specs as they were when all was well. */
function reset(): void {
  const specs = join(folder, 'specs')
  rmSync(specs, { recursive: true, force: true })
  mkdirSync(specs)
  writeFileSync(join(specs, 'common.yaml'), common)
  writeFileSync(join(specs, 'letters.yaml'), training('letters'))
}

function deployHead(): string {
  const repository = join(folder, '.specyard', 'deploy.git')
  return execFileSync('git', ['-C', repository, 'rev-parse', 'main'], { encoding: 'utf8' }).trim()
}

function run(...words: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [node = '', ...args] = [...builtProgram().words, '--directory', folder, ...words]
  const child = spawn(node, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder },
    timeout: 30_000,
  })
  const written = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...written })))
}

/** `place code` of every error that the output tells. */
function errors(output: string): readonly string[] {
  return [...output.matchAll(/^(\S+:\d+:\d+) {2}error {2}([A-Z_]+) {2}\S/gm)].map(
    ([, place, code]) => `${place} ${code}`,
  )
}

function write(bad: Case['bad']): void {
  const path = join(folder, 'specs', 'bad.yaml')
  if (typeof bad === 'function') bad(dirname(path))
  else writeFileSync(path, bad)
}

/** The lines of sources that are shown, and the marks under them. */
function frames(output: string): readonly string[] {
  return output.split('\n').filter((line) => /^ *\d* │/.test(line))
}

// Linux has a file system that makes no folder and says that the one above is missing.
describe.runIf(existsSync('/proc/self'))('a folder where none can be made', () => {
  it.each([
    ['compile --to', ['compile', '--to', '/proc/specyard/tree']],
    ['schema --to', ['schema', '--to', '/proc/specyard/schemas']],
    ['init', ['init', '/proc/specyard']],
  ])('is told by %s at once', async (_sentence, words) => {
    reset()
    const { code, stderr } = await run(...words)
    expect(code).toBe(3)
    expect(stderr).toMatch(/^error {2}FILE_FAILED {2}.*\/proc\/specyard.* \(ENOENT\)/)
  })
})

describe('settings that cannot be read', () => {
  it('are told, and those of a folder above are not taken in their stead', async () => {
    const inner = join(folder, 'inner')
    mkdirSync(join(inner, 'specyard.yaml'), { recursive: true })
    const { code, stderr } = await run('--directory', inner, 'check')
    rmSync(inner, { recursive: true })
    expect(code).toBe(3)
    expect(stderr).toMatch(/^error {2}SETTINGS_INVALID {2}\S+specyard\.yaml cannot be read \(EISDIR\)/)
  })
})

describe('bad input, through the door', () => {
  it.each(cases.map((one) => [one.sentence, one] as const))(
    '%s is told at its place with exit code 1, and nothing is published',
    async (_sentence, { bad, told }) => {
      reset()
      write(bad)
      const [check, publish] = await Promise.all([run('check'), run('publish')])
      expect(check).toMatchObject({ code: 1, stderr: '' })
      expect(publish).toMatchObject({ code: 1, stderr: '' })
      for (const one of told) expect(errors(check.stdout)).toContain(one)
      for (const one of told) expect(errors(publish.stdout)).toContain(one)
      expect(errors(publish.stdout)).toEqual(errors(check.stdout))
      expect(frames(publish.stdout)).toEqual(frames(check.stdout))
      expect(new Set(errors(check.stdout).map((one) => one.split(' ')[1]))).toEqual(
        new Set(told.map((one) => one.split(' ')[1])),
      )
      expect(publish.stdout).toContain('nothing was published')
      expect(deployHead()).toBe(head)
    },
  )

  it('nothing is lost: with the bad input gone there is nothing to publish', async () => {
    reset()
    const publish = await run('publish')
    expect(publish).toMatchObject({ code: 0, stderr: '' })
    expect(publish.stdout).toContain('nothing to publish')
    expect(deployHead()).toBe(head)
  })

  it('a folder without specs and a wrong word are no problems of specs', async () => {
    rmSync(join(folder, 'specs'), { recursive: true })
    const [check, wrong] = await Promise.all([run('check'), run('chekc')])
    expect([check.code, wrong.code]).toEqual([3, 2])
    expect(check.stderr).toContain('NOT_A_SPEC_REPOSITORY')
    expect(deployHead()).toBe(head)
  })
})
