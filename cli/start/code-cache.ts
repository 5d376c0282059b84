import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * The machine code of V8 for our own text, as V8 writes and reads it. It is bound to the very Node that made it, and V8 does not see when bytes of it
 * were changed: so the name says which Node, and the first 32 bytes are the SHA-256 of the rest. The build leaves one beside the program; elsewhere the
 * first run leaves one in the user's cache folder. Both may be deleted at any moment. A folder that somebody else may write to is not believed.
 */

const digestBytes = 32
const keptMilliseconds = 30 * 24 * 60 * 60 * 1000

export interface CodeFolders {
  /** Beside the program, made with it. */
  readonly built: string
  /** Of the user; undefined where nothing says where that is. */
  readonly user: string | undefined
}

export function codeFolders(program: string, environment: Readonly<Record<string, string | undefined>>): CodeFolders {
  const caches = environment['XDG_CACHE_HOME'] || (environment['HOME'] && join(environment['HOME'], '.cache'))
  return { built: join(program, 'code'), user: caches ? join(caches, 'specyard', 'code') : undefined }
}

/** What V8 made of a text the last time, or nothing: undefined for whatever is not as it was written. */
export function recallCode({ built, user }: CodeFolders, name: string): Buffer | undefined {
  const file = `${name}${suffixOfNode()}`
  return readSound(join(built, file)) ?? (user !== undefined && isOurs(user) ? readSound(join(user, file)) : undefined)
}

/** Keeps what V8 made of a text. Never fails: without it the next start takes longer, and nothing else. */
export function keepCode(folder: string, name: string, make: () => Buffer): void {
  const file = join(folder, `${name}${suffixOfNode()}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!isOurs(folder)) return
    const code = make()
    const temporary = `${file}.${process.pid}.tmp`
    try {
      writeFileSync(temporary, Buffer.concat([digestOf(code), code]), { mode: 0o600 })
      renameSync(temporary, file)
    } finally {
      rmSync(temporary, { force: true })
    }
    forgetOld(folder)
  } catch {
    // A full disk, or one that can only be read.
  }
}

function readSound(file: string): Buffer | undefined {
  try {
    const bytes = readFileSync(file)
    const code = bytes.subarray(digestBytes)
    return digestOf(code).equals(bytes.subarray(0, digestBytes)) ? code : undefined
  } catch {
    return undefined
  }
}

function digestOf(code: Uint8Array): Buffer {
  return createHash('sha256').update(code).digest()
}

function isOurs(folder: string): boolean {
  const about = statSync(folder, { throwIfNoEntry: false })
  return about?.isDirectory() === true && about.uid === process.getuid?.() && (about.mode & 0o022) === 0
}

/** Which Node: two of one version may be built differently, so that the file counts too. */
function suffixOfNode(): string {
  const { size, mtimeMs } = statSync(process.execPath)
  const [bytes, time] = [size, Math.floor(mtimeMs / 1000)].map((one) => one.toString(36))
  return `-${process.version}-${process.platform}-${process.arch}-${bytes}-${time}.code`
}

/** Takes away what programs and Nodes left that are no longer used, or a process that was killed while it wrote. */
function forgetOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const about = statSync(join(folder, name), { throwIfNoEntry: false })
    if (about && about.mtimeMs < Date.now() - keptMilliseconds) rmSync(join(folder, name), { force: true })
  }
}
