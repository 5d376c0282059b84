import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sha256 } from '../../domain/canonical.ts'
import { buildProgram, type Program } from '../support/main-job/program.ts'
import { writeManySpecs } from '../support/many-specs.ts'

const folder = mkdtempSync(join(tmpdir(), 'specyard-same-'))
let program: Program

beforeAll(() => {
  program = buildProgram(folder)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Writes a repository whose files were made in another order. */
function repository(name: string, reversed: boolean): string {
  const root = join(folder, name)
  writeManySpecs(root, reversed)
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
