import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { plainOutput } from '../../cli/terminal/plain-output.ts'

const folder = mkdtempSync(join(tmpdir(), 'specyard-output-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const own = (said: string[]) => () => ({ write: (text: string | Uint8Array) => (said.push(String(text)), true) })
const never = (error: Error): void => expect.fail(error.message)

it('a file is written to in order, whole, and is no terminal', () => {
  const file = openSync(join(folder, 'file'), 'w')
  const output = plainOutput(file, own([]), never)
  const long = 'größer ✓ '.repeat(50_000)
  output?.write('first ')
  output?.write(long)
  closeSync(file)
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe(`first ${long}`)
  expect(output?.isTTY).toBe(false)
})

it('what only Node can write to is left to Node: a device, and what is not open', () => {
  const device = openSync('/dev/null', 'w')
  expect(plainOutput(device, own([]), never)).toBeUndefined()
  closeSync(device)
  expect(plainOutput(device, own([]), never)).toBeUndefined()
})

it('one that cannot be written to says so, once for each text', () => {
  const codes: (string | undefined)[] = []
  const file = openSync(join(folder, 'file'), 'r')
  const output = plainOutput(file, own([]), ({ code }) => codes.push(code))
  expect(output?.write('text')).toBe(false)
  closeSync(file)
  expect(codes).toEqual(['EBADF'])
})
