import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Memory } from '../../compiler/load/memory.ts'

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
const forgottenMilliseconds = 60 * 60 * 1000

/** @param maker digest of this program, hexadecimal. @returns undefined where the folder cannot be made, or is not the user's alone */
export function openDiskMemory(folder: string, maker: string, limits = usual): DiskMemory | undefined {
  if (!isOurs(folder)) return undefined
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

/** Whether a folder is there, or could be made, and nobody else may write to it. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const about = lstatSync(folder)
    return about.isDirectory() && belongs(about.uid, about.mode)
  } catch {
    return false
  }
}

function belongs(uid: number, mode: number): boolean {
  return uid === process.getuid?.() && (mode & 0o022) === 0
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

function readOwn(path: string, bytesMax: number): Buffer | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const about = fstatSync(file)
      const isFit = about.isFile() && belongs(about.uid, about.mode) && about.size <= bytesMax
      return isFit ? readFileSync(file) : undefined
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
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
  const temporary = join(folder, `${randomUUID()}.tmp`)
  try {
    writeFileSync(temporary, Buffer.concat(parts), { flag: 'wx', mode: 0o600 })
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  tidy(folder, file, limits.others)
}

/** Takes away packs of programs that are no longer used, and what a process left that was killed while it wrote. */
function tidy(folder: string, file: string, others: number): void {
  const found = readdirSync(folder)
    .map((name) => ({
      path: join(folder, name),
      at: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((left, right) => right.at - left.at)
  const packs = found.filter(({ path }) => /[\\/][0-9a-f]{16}\.pack$/.test(path) && path !== file)
  const left = found.filter(({ path, at }) => path.endsWith('.tmp') && at < Date.now() - forgottenMilliseconds)
  for (const { path } of [...packs.slice(others), ...left]) rmSync(path, { force: true })
}
