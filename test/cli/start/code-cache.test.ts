import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { codeFolders, keepCode, recallCode } from '../../../cli/start/code-cache.ts'

const code = Buffer.from('what V8 made of a text')
let home = ''
const user = () => codeFolders('/nowhere', { HOME: home }).user ?? ''
const recall = () => recallCode({ built: '/nowhere', user: user() }, 'check')
const keep = () => keepCode(user(), 'check', () => code)
const file = () => join(user(), readdirSync(user())[0] ?? '')

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'specyard-code-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

it('what was kept is recalled, by its name alone', () => {
  expect(recall()).toBeUndefined()
  keep()
  expect(recall()).toEqual(code)
  expect(recallCode({ built: '/nowhere', user: user() }, 'compile')).toBeUndefined()
  expect(recallCode({ built: user(), user: undefined }, 'check')).toEqual(code)
})

it.each<[string, () => void]>([
  ['one bit of it is changed', () => flip(file(), 40)],
  ['its digest is changed', () => flip(file(), 3)],
  ['it was cut off', () => truncateSync(file(), 45)],
  ['it is empty', () => truncateSync(file(), 0)],
  ['others may write to its folder', () => chmodSync(user(), 0o777)],
  ['its folder is a file', () => (rmSync(user(), { recursive: true }), writeFileSync(user(), ''))],
])('nothing is recalled when %s', (_, harm) => {
  keep()
  harm()
  expect(recall()).toBeUndefined()
})

it('nothing is made where it could not be kept, and nobody hears of it', () => {
  const made: string[] = []
  const make = (where: string) => (made.push(where), code)
  keep()
  chmodSync(user(), 0o777)
  keepCode(user(), 'check', () => make('a folder of everybody'))
  writeFileSync(join(home, 'file'), '')
  keepCode(join(home, 'file', 'folder'), 'check', () => make('no folder'))
  expect(made).toEqual([])
})

it('what nobody has used for long goes when something new is kept, and nothing temporary stays', () => {
  keep()
  const old = join(user(), 'check-of-long-ago.code')
  writeFileSync(old, '')
  utimesSync(old, 0, 0)
  keepCode(user(), 'compile', () => code)
  expect(readdirSync(user()).map((name) => name.split('-')[0])).toEqual(['check', 'compile'])
})

it('without a home nothing is kept, and XDG_CACHE_HOME comes first', () => {
  expect(codeFolders('/program', {})).toEqual({ built: '/program/code', user: undefined })
  expect(codeFolders('/program', { HOME: '/home', XDG_CACHE_HOME: '/caches' }).user).toBe('/caches/specyard/code')
})

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
