import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sha256 } from '../../domain/canonical.ts'
import { trainingCorpus } from '../bench/corpus.ts'
import { endpoint } from '../support/compiler.ts'
import { buildProgram, type Program } from '../support/main-job/program.ts'

const folder = mkdtempSync(join(tmpdir(), 'specyard-same-'))
let program: Program

beforeAll(() => {
  program = buildProgram(folder)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const environment =
  'apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: dev }\nspec: { cluster: { kubernetes: { context: dev, namespaces: { language: ml } } } }\n'
const model =
  'apiVersion: specyard.dev/v1\nkind: Model\nmetadata: { name: letters, project: language }\nspec: { family: a, taskTypes: [ä, Z, i, I, ı, ß] }\n'

/** Writes a repository whose files were made in another order. */
function repository(name: string, reversed: boolean): string {
  const root = join(folder, name)
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const files = [
    ...trainingCorpus(300),
    { path: 'specs/ä.yaml', bytes: bytes(environment) },
    { path: 'specs/Z.yaml', bytes: bytes(model) },
    {
      path: 'specs/i.yaml',
      bytes: bytes(endpoint().replace(/environments: .*/, 'environments: { dev: {}, stg: {} }')),
    },
    { path: 'specyard.yaml', bytes: bytes('apiVersion: specyard.dev/v1\nkind: Settings\n') },
  ]
  for (const { path, bytes: content } of reversed ? files.reverse() : files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

it('the same specs give the same bytes in every locale and time zone, and whatever the order of files on the disk', () => {
  const [one, other] = [repository('one', false), repository('other', true)]
  const digests = new Map<string, string>()
  const [command = '', ...words] = program.words
  for (const [where, root, variables] of [
    ['as it is', one, {}],
    ['again', one, {}],
    ['in the other order', other, {}],
    ['in Turkey', one, { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Europe/Istanbul' }],
    ['on Kiritimati', other, { LANG: 'C', TZ: 'Pacific/Kiritimati' }],
    ['in Swedish', other, { LANG: 'sv_SE.UTF-8', LC_COLLATE: 'sv_SE.UTF-8', TZ: 'America/St_Johns' }],
    ['with one thread', one, { UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: '--v8-pool-size=0' }],
  ] as const) {
    const env = { PATH: process.env['PATH'], HOME: folder, ...variables }
    const { status, stdout, stderr } = spawnSync(command, [...words, '--directory', root, 'compile', '--no-cache'], {
      encoding: 'utf8',
      env,
      maxBuffer: 1024 ** 3,
      timeout: 120_000,
    })
    expect({ status, stderr }, where).toMatchObject({ status: 0 })
    digests.set(where, `${sha256(stdout)} ${stdout.length}`)
  }
  expect([...new Set(digests.values())], JSON.stringify([...digests], null, 2)).toHaveLength(1)
})
