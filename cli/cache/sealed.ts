import { isAscii } from 'node:buffer'
import { join } from 'node:path'
import { sha256 } from '../../domain/canonical.ts'
import { readOwn, writeOwn } from './own-files.ts'
import { tidy } from './tidy.ts'

/*
 * A value in a file of its own: `<digits>.<kind>`. Its first line says what it is and names the very program that wrote it; the second has the digest
 * of the rest, which is JSON. It is read whole and replaced whole. What is not as it should be is not there.
 */

/** What tells a file from all others. */
export interface Seal {
  /** The user's alone (`isOwnFolder`). */
  readonly folder: string
  /** The ending of its name, in lower case. */
  readonly kind: string
  /** Digest of the program. */
  readonly maker: string
  /** What it is about, such as a command and folders. */
  readonly about: readonly string[]
  readonly bytesMax: number
}

export function sealedPath(seal: Seal): string {
  return join(seal.folder, `${sha256(headOf(seal)).slice(0, 32)}.${seal.kind}`)
}

/** Undefined where there is none, or not as it was written. */
export function readSealed(seal: Seal): unknown {
  const bytes = readOwn(sealedPath(seal), seal.bytesMax)
  const head = Buffer.from(headOf(seal), 'utf8')
  const from = head.length + 65
  if (!bytes || bytes.length < from || !bytes.subarray(0, head.length).equals(head)) return undefined
  const text = bytes.subarray(from)
  if (bytes.toString('latin1', head.length, from) !== `${sha256(text)}\n`) return undefined
  // Most has no other letters, and is then not looked at one by one.
  return JSON.parse(text.toString(isAscii(text) ? 'latin1' : 'utf8'))
}

/**
 * Never fails: what cannot be written, or is too large, is not there next time.
 * @param kept so many others of its kind stay, those that were written last
 */
export function writeSealed(seal: Seal, value: unknown, kept: number): void {
  try {
    const text = Buffer.from(JSON.stringify(value), 'utf8')
    const head = Buffer.from(`${headOf(seal)}${sha256(text)}\n`, 'utf8')
    if (head.length + text.length > seal.bytesMax) return
    const path = sealedPath(seal)
    writeOwn(seal.folder, path, [head, text])
    tidy(seal.folder, path, new RegExp(`[\\\\/][0-9a-f]{32}\\.${seal.kind}(\\.sign)?$`), kept)
  } catch {
    // A full disk, or one that can only be read.
  }
}

function headOf({ kind, maker, about }: Seal): string {
  return `specyard ${kind} 1 ${maker} ${JSON.stringify(about)}\n`
}
