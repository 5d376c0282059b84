import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Memory } from '../../compiler/load/memory.ts'
import { isOwnFolder, readOwn, writeOwn } from '../cache/own-files.ts'
import { tidy } from '../cache/tidy.ts'

/*
 * A memory in a folder: one file for each program, `<first digits of its digest>.pack`. Behind a line that names the program, and one with the
 * SHA-256 of the rest, stands a line for each entry: 64 digits of its key, and its text.
 *
 * The file is read whole and replaced whole, by a rename: processes that write at once lose entries to each other, and nothing else. What cannot
 * be read, or is not what its digest says, is not there. It belongs to the user alone, and never lies in a repository: what is written into it
 * is believed.
 */

export interface DiskMemory extends Memory {
  /** Writes what was learned. Never fails: what cannot be written is made again next time. */
  save(): void
}

export interface DiskMemoryLimits {
  /** Of one pack. What was used last is kept first. */
  readonly bytes: number
  /** Packs of other programs, the newest of which stay. */
  readonly others: number
}

const usual: DiskMemoryLimits = { bytes: 32 * 1024 * 1024, others: 3 }
const keyBytes = 64
const lineFeed = 10
/** Lines are made into bytes and written so many at a time: one by one takes five times as long. */
const atOnce = 256

/** @param maker digest of this program, hexadecimal. @returns undefined where the folder cannot be made, or is not the user's alone */
export function openDiskMemory(folder: string, maker: string, limits = usual): DiskMemory | undefined {
  if (!isOwnFolder(folder)) return undefined
  const file = join(folder, `${maker.slice(0, 16)}.pack`)
  const pack = readPack(file, maker, limits.bytes)
  const used = new Map<string, string>()
  let learned = false
  return {
    maker,
    recall: (key) => {
      const text = used.get(key) ?? pack.get(key)?.toString('utf8')
      if (text !== undefined) used.set(key, text)
      return text
    },
    keep: (key, text) => {
      if (text.includes('\n')) return
      used.set(key, text)
      learned = true
    },
    save: () => {
      if (!learned) return
      try {
        const parts = packed(linesOf(used, pack), maker, limits.bytes)
        writeOwn(folder, file, parts)
        tidy(folder, file, /[\\/][0-9a-f]{16}\.pack$/, limits.others)
      } catch {
        // A full disk, or one that can only be read.
      }
    },
  }
}

function firstLine(maker: string): Buffer {
  return Buffer.from(`specyard memory 2 ${maker}\n`, 'utf8')
}

function readPack(file: string, maker: string, bytesMax: number): ReadonlyMap<string, Buffer> {
  const texts = new Map<string, Buffer>()
  const bytes = readOwn(file, bytesMax)
  const first = firstLine(maker)
  if (!bytes?.subarray(0, first.length).equals(first)) return texts
  const rest = bytes.subarray(first.length + keyBytes + 1)
  if (bytes.toString('latin1', first.length, first.length + keyBytes + 1) !== digestLine([rest])) return texts
  for (let at = 0; at < rest.length;) {
    const end = rest.indexOf(lineFeed, at)
    texts.set(rest.toString('latin1', at, at + keyBytes), rest.subarray(at + keyBytes, end))
    at = end + 1
  }
  return texts
}

function digestLine(parts: Iterable<Uint8Array>): string {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return `${digest.digest('hex')}\n`
}

/** What was used, and then the rest. */
function* linesOf(used: ReadonlyMap<string, string>, pack: ReadonlyMap<string, Buffer>): Iterable<string> {
  for (const [key, text] of used) yield `${key}${text}\n`
  for (const [key, text] of pack) if (!used.has(key)) yield `${key}${text.toString('utf8')}\n`
}

/** The file's bytes: as many lines as fit. */
function packed(lines: Iterable<string>, maker: string, bytesMax: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = []
  const first = firstLine(maker)
  let bytes = first.length + keyBytes + 1
  let some: string[] = []
  const add = (): void => {
    parts.push(Buffer.from(some.join(''), 'utf8'))
    some = []
  }
  for (const line of lines) {
    const length = Buffer.byteLength(line)
    if (bytes + length > bytesMax) continue
    bytes += length
    if (some.push(line) === atOnce) add()
  }
  add()
  return [first, Buffer.from(digestLine(parts), 'latin1'), ...parts]
}
