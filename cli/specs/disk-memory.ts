import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Memory } from '../../compiler/load/memory.ts'
import { isOwnFolder, readOwn, writeOwn } from '../cache/own-files.ts'
import { tidy } from '../cache/tidy.ts'

/*
 * A memory in a folder: one file for each program, `<first digits of its digest>.pack`. Behind a line that names the program stand entries:
 *
 *   key (32 bytes) · SHA-256 of key and text (32) · length of the text (4, big endian) · text
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
const headBytes = 68

/** @param maker digest of this program, hexadecimal. @returns undefined where the folder cannot be made, or is not the user's alone */
export function openDiskMemory(folder: string, maker: string, limits = usual): DiskMemory | undefined {
  if (!isOwnFolder(folder)) return undefined
  const file = join(folder, `${maker.slice(0, 16)}.pack`)
  const pack = readPack(file, maker, limits.bytes)
  const used = new Map<string, Uint8Array>()
  let learned = false
  return {
    maker,
    recall: (key) => {
      const entry = pack.get(key)
      if (!entry || !isSound(entry)) return undefined
      used.set(key, entry)
      return entry.subarray(headBytes).toString('utf8')
    },
    keep: (key, text) => {
      used.set(key, entryOf(key, text))
      learned = true
    },
    save: () => {
      if (!learned) return
      try {
        writePack(folder, file, maker, { used, pack, limits })
      } catch {
        // A full disk, or one that can only be read.
      }
    },
  }
}

function firstLine(maker: string): Buffer {
  return Buffer.from(`specyard memory 1 ${maker}\n`, 'utf8')
}

function readPack(file: string, maker: string, bytesMax: number): ReadonlyMap<string, Buffer> {
  const entries = new Map<string, Buffer>()
  const bytes = readOwn(file, bytesMax)
  const head = firstLine(maker)
  if (!bytes?.subarray(0, head.length).equals(head)) return entries
  for (let at = head.length; at + headBytes <= bytes.length;) {
    const end = at + headBytes + bytes.readUInt32BE(at + 64)
    if (end > bytes.length) break
    entries.set(bytes.toString('hex', at, at + 32), bytes.subarray(at, end))
    at = end
  }
  return entries
}

function entryOf(key: string, text: string): Buffer {
  const [name, content] = [Buffer.from(key, 'hex'), Buffer.from(text, 'utf8')]
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([name, digestOf(name, content), length, content])
}

function isSound(entry: Buffer): boolean {
  return digestOf(entry.subarray(0, 32), entry.subarray(headBytes)).equals(entry.subarray(32, 64))
}

function digestOf(key: Uint8Array, text: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(text).digest()
}

interface Writing {
  readonly used: ReadonlyMap<string, Uint8Array>
  readonly pack: ReadonlyMap<string, Buffer>
  readonly limits: DiskMemoryLimits
}

function writePack(folder: string, file: string, maker: string, { used, pack, limits }: Writing): void {
  const parts: Uint8Array[] = [firstLine(maker)]
  let bytes = parts[0]?.length ?? 0
  const unused = [...pack].filter(([key, entry]) => !used.has(key) && isSound(entry))
  for (const [, entry] of [...used, ...unused]) {
    if (bytes + entry.length > limits.bytes) continue
    parts.push(entry)
    bytes += entry.length
  }
  writeOwn(folder, file, parts)
  tidy(folder, file, /[\\/][0-9a-f]{16}\.pack$/, limits.others)
}
