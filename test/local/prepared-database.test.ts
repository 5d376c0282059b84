import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { readPreparedDatabase } from '../../local/prepared-database.ts'

const folder = mkdtempSync(join(tmpdir(), 'specyard-prepared-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const archive = Buffer.alloc(100_000, 'a database')
const file = brotliCompressSync(archive)

it.each([
  ['is whole is read', file, archive],
  ['is cut is none, so that one is made', file.subarray(0, file.length - 1), undefined],
  ['is something else is none, so that one is made', Buffer.from('Not found'), undefined],
  ['is empty is none, so that one is made', Buffer.alloc(0), undefined],
])('a prepared database that %s', async (title, bytes, expected) => {
  const path = join(folder, title)
  writeFileSync(path, bytes)
  expect(await readPreparedDatabase(path)).toEqual(expected)
})

it('a prepared database that is missing is none, so that one is made', async () => {
  expect(await readPreparedDatabase(join(folder, 'missing'))).toBeUndefined()
})
