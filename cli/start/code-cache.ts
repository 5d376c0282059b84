import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isOwnFolder, readOwn, userFolder, writeOwn } from '../cache/own-files.ts'

/*
 * The machine code of V8 for our own text, as V8 writes and reads it. It is bound to the very Node that made it, and V8 does not see when bytes of it
 * were changed: so the name says which Node, and the first 32 bytes are the SHA-256 of the rest. The build leaves one beside the program, which is
 * trusted as the program is; elsewhere the first run leaves one in the user's cache folder, which is held against its digest, and not believed where
 * somebody else may write. Both may be deleted at any moment.
 */

const digestBytes = 32
/** Of what is kept: the program itself has little more than one megabyte. */
const bytesMax = 64 * 1024 * 1024
const keptMilliseconds = 30 * 24 * 60 * 60 * 1000

export interface CodeFolders {
  /** Beside the program, made with it. */
  readonly built: string
  /** Of the user; undefined where nothing says where that is. */
  readonly user: string | undefined
}

export function codeFolders(program: string, environment: Readonly<Record<string, string | undefined>>): CodeFolders {
  return { built: join(program, 'code'), user: userFolder(environment, 'code') }
}

/** What V8 made of a text the last time, or nothing: undefined for whatever is not as it was written. */
export function recallCode({ built, user }: CodeFolders, name: string): Buffer | undefined {
  const file = `${name}${suffixOfNode()}`
  const trusted = readBuilt(join(built, file))
  if (trusted) return trusted.subarray(digestBytes)
  return user !== undefined && isOwnFolder(user) ? soundCode(readOwn(join(user, file), bytesMax)) : undefined
}

/** Keeps what V8 made of a text. Never fails: without it the next start takes longer, and nothing else. */
export function keepCode(folder: string, name: string, make: () => Buffer): void {
  try {
    if (!isOwnFolder(folder)) return
    const code = make()
    writeOwn(folder, join(folder, `${name}${suffixOfNode()}`), [digestOf(code), code])
    forgetOld(folder)
  } catch {
    // A full disk, or one that can only be read.
  }
}

/** Believed as it stands and whoever owns it, as the program is that it lies beside. */
function readBuilt(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

function soundCode(bytes: Buffer | undefined): Buffer | undefined {
  const code = bytes?.subarray(digestBytes)
  return bytes && code && digestOf(code).equals(bytes.subarray(0, digestBytes)) ? code : undefined
}

function digestOf(code: Uint8Array): Buffer {
  return createHash('sha256').update(code).digest()
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
