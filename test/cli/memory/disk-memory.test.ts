import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { openDiskMemory } from '../../../cli/specs/disk-memory.ts'
import { sha256 } from '../../../domain/canonical.ts'

const root = mkdtempSync(join(tmpdir(), 'specyard-memory-'))
afterAll(() => {
  for (const name of readdirSync(root)) chmodSync(join(root, name), 0o700)
  rmSync(root, { recursive: true, force: true })
})
let folders = 0
const newFolder = (): string => join(root, `memory-${(folders += 1)}`)
const maker = sha256('this program')
const key = (name: string): string => sha256(name)
const text = (name: string): string => `{"of":"${name}","also":"é\u2028\ud83d\ude00"}`
const names = Array.from({ length: 20 }, (_, index) => `name ${index}`)
const packOf = (folder: string, made = maker): string => join(folder, `${made.slice(0, 16)}.pack`)

/** A folder in which all names are remembered. */
function filled(): string {
  const folder = newFolder()
  const memory = openDiskMemory(folder, maker)
  for (const name of names) memory?.keep(key(name), text(name))
  memory?.save()
  return folder
}

/** What a new process remembers. */
function remembered(folder: string, made = maker): readonly (string | undefined)[] {
  const memory = openDiskMemory(folder, made)
  return names.map((name) => memory?.recall(key(name)))
}

const all = names.map(text)
const nothing = names.map(() => undefined)

describe('a memory on the disk', () => {
  it('gives to a later process what an earlier one kept', () => {
    expect(remembered(filled())).toEqual(all)
  })

  it('never gives a wrong text, wherever its file is cut, changed or lengthened', () => {
    const folder = filled()
    const good = readFileSync(packOf(folder))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 5 }),
        fc.option(fc.nat({ max: good.length }), { nil: undefined }),
        fc.uint8Array({ maxLength: 100 }),
        (changes, length, more) => {
          const bytes = Buffer.from(good)
          for (const [at, value] of changes) bytes[at] = value
          writeFileSync(packOf(folder), Buffer.concat([bytes.subarray(0, length), more]))
          for (const [index, one] of remembered(folder).entries()) expect([all[index], undefined]).toContain(one)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('takes nothing from a damaged file, and begins anew', () => {
    const folder = filled()
    const bytes = readFileSync(packOf(folder))
    bytes[bytes.length - 3] = 0
    writeFileSync(packOf(folder), bytes)
    expect(remembered(folder)).toEqual(nothing)
    const memory = openDiskMemory(folder, maker)
    memory?.keep(key('name 19'), text('name 19'))
    memory?.save()
    expect(remembered(folder)).toEqual([...nothing.slice(0, -1), text('name 19')])
  })

  it('keeps what was there and was not asked for beside what is new, whatever letters it has', () => {
    const folder = filled()
    const memory = openDiskMemory(folder, maker)
    memory?.keep(key('another'), text('another'))
    memory?.save()
    expect(remembered(folder)).toEqual(all)
    expect(openDiskMemory(folder, maker)?.recall(key('another'))).toBe(text('another'))
  })

  it('keeps no text of several lines, which no JSON is, and all others', () => {
    const folder = filled()
    const memory = openDiskMemory(folder, maker)
    memory?.keep(key('lines'), 'one\ntwo')
    memory?.keep(key('empty'), '')
    memory?.save()
    expect(remembered(folder)).toEqual(all)
    const [lines, empty] = ['lines', 'empty'].map((name) => openDiskMemory(folder, maker)?.recall(key(name)))
    expect([lines, empty]).toEqual([undefined, ''])
  })

  it.each([
    ['another program', (folder: string) => remembered(folder, sha256('another'))],
    [
      'a file of another program by our name',
      (folder: string) => {
        const other = sha256('another')
        const memory = openDiskMemory(folder, other)
        for (const name of names) memory?.keep(key(name), 'wrong')
        memory?.save()
        writeFileSync(packOf(folder), readFileSync(packOf(folder, other)), { mode: 0o600 })
        return remembered(folder)
      },
    ],
    [
      'a folder that others may write to',
      (folder: string) => {
        chmodSync(folder, 0o777)
        return remembered(folder)
      },
    ],
    [
      'a file that others may write to',
      (folder: string) => {
        chmodSync(packOf(folder), 0o666)
        return remembered(folder)
      },
    ],
    [
      'a link in the place of the file',
      (folder: string) => {
        const elsewhere = join(folder, 'elsewhere')
        writeFileSync(elsewhere, readFileSync(packOf(folder)), { mode: 0o600 })
        rmSync(packOf(folder))
        symlinkSync(elsewhere, packOf(folder))
        return remembered(folder)
      },
    ],
    [
      'a folder in the place of the file',
      (folder: string) => {
        rmSync(packOf(folder))
        mkdirSync(packOf(folder))
        return remembered(folder)
      },
    ],
    [
      'nothing, where it was deleted',
      (folder: string) => {
        rmSync(folder, { recursive: true })
        return remembered(folder)
      },
    ],
  ])('is not believed: %s', (_name, ask) => {
    expect(ask(filled())).toEqual(nothing)
  })

  it('is none, and no error, where the folder cannot be made', () => {
    writeFileSync(join(root, 'file'), '')
    expect(openDiskMemory(join(root, 'file', 'memory'), maker)).toBeUndefined()
  })

  it('is no error where the file cannot be written', () => {
    const folder = newFolder()
    const memory = openDiskMemory(folder, maker)
    memory?.keep(key('a'), 'text')
    rmSync(folder, { recursive: true })
    expect(() => memory?.save()).not.toThrow()
  })

  it('writes nothing where nothing was learned', () => {
    const folder = filled()
    const before = statSync(packOf(folder)).ino
    const memory = openDiskMemory(folder, maker)
    memory?.recall(key('name 1'))
    memory?.save()
    expect(statSync(packOf(folder)).ino).toBe(before)
  })

  it('grows to its limit and no further: what was used last stays', () => {
    const folder = newFolder()
    const limits = { bytes: 5_000, others: 3 }
    for (const name of names) {
      const memory = openDiskMemory(folder, maker, limits)
      memory?.recall(key('name 0'))
      memory?.keep(key(name), 'x'.repeat(1000))
      memory?.save()
      expect(statSync(packOf(folder)).size).toBeLessThanOrEqual(limits.bytes)
    }
    const kept = remembered(folder)
    expect(kept[0]).toBeDefined()
    expect(kept.at(-1)).toBeDefined()
    expect(kept.filter((one) => one !== undefined)).toHaveLength(4)
  })

  it('keeps the newest packs of other programs, and takes away what killed writers left', () => {
    const folder = newFolder()
    for (const other of ['a', 'b', 'c', 'd', 'e']) {
      const memory = openDiskMemory(folder, sha256(other))
      memory?.keep(key('x'), other)
      memory?.save()
      const seconds = 1_000_000 + other.charCodeAt(0)
      if (other !== 'e') utimesSync(packOf(folder, sha256(other)), seconds, seconds)
    }
    writeFileSync(join(folder, 'old.tmp'), '')
    utimesSync(join(folder, 'old.tmp'), 1, 1)
    writeFileSync(join(folder, 'new.tmp'), '')
    const memory = openDiskMemory(folder, maker)
    memory?.keep(key('x'), 'mine')
    memory?.save()
    const left = [maker, ...['c', 'd', 'e'].map(sha256)].map((one) => `${one.slice(0, 16)}.pack`)
    expect(readdirSync(folder).sort()).toEqual([...left, 'new.tmp'].sort())
  })
})
