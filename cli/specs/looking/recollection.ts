import { createHash, randomUUID } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Part } from '../../../compiler/parts.ts'
import { sha256 } from '../../../domain/canonical.ts'
import type { Identity } from './identity.ts'
import { isOwnFolder, readOwn, writeOwn } from './own-files.ts'
import { tidy } from './tidy.ts'

/*
 * What one command knows of one repository from the last time: a file `<digits>.known` beside the memory of what was read. Its first line names the
 * very program, the repository and the folder that was written to; the second has the digest of the rest, which is JSON. It is read whole and replaced
 * whole. What is not as it should be is not there.
 */

/** What was seen of a file of specs, and what came of it. */
export interface KnownFile {
  /** SHA-256 of its bytes, hexadecimal. */
  readonly digest: string
  /** Null where it has to be read again. */
  readonly identity: Identity | null
  readonly part: Part
  /** Something is told of it, each time. */
  readonly told: boolean
  /** The files that were written of it, in the order of the part's outputs. */
  readonly outputs: readonly KnownOutput[]
}

/** How a file stood that was written, or the digest of its bytes where a change since then might not show. */
export type KnownOutput = Identity | string

export interface Known {
  /** Digest of everything else that the compilation depended on. */
  readonly rest: string
  /** Files of specs that hold other kinds than trainings and endpoints. */
  readonly shared: readonly string[]
  /** As `Learned` has it. */
  readonly general: string
  /** The other files of specs, by path. */
  readonly leaves: ReadonlyMap<string, KnownFile>
}

export interface Recollection {
  /** Digest of the program. */
  readonly maker: string
  load(): Known | undefined
  /** Says that a command begins that may write the files that are known. @returns what ends it: whether nobody else has written meanwhile */
  begin(): () => boolean
  /** Never fails: what cannot be written is not known next time. */
  save(known: Known): void
}

/** Of one file. A repository of 10,000 specs takes 4 MB. */
const bytesMax = 64 * 1024 * 1024
/** Of so many repositories and folders; those that were used last. */
const kept = 16
/** A compilation takes a minute at most: a sign that is older was left by a command that was killed. */
const signMillisecondsMax = 2 * 60 * 1000

/** @param about what tells this knowledge from any other, such as command and folders. @returns undefined where the folder is not the user's alone */
export function openRecollection(folder: string, maker: string, about: readonly string[]): Recollection | undefined {
  if (!isOwnFolder(folder)) return undefined
  const head = `specyard known 1 ${maker} ${JSON.stringify(about)}\n`
  const file = join(folder, `${sha256(head).slice(0, 32)}.known`)
  const sign = `${file}.sign`
  return {
    maker,
    load: () => {
      const bytes = readOwn(file, bytesMax)
      return bytes && parse(bytes, head)
    },
    begin: () => {
      const isAlone = !isYoung(sign)
      const own = Buffer.from(randomUUID(), 'utf8')
      const isWritten = attempt(() => writeOwn(folder, sign, own))
      return () => {
        const isStillAlone = isAlone && isWritten && readOwn(sign, own.length)?.equals(own) === true
        if (isStillAlone) attempt(() => rmSync(sign, { force: true }))
        return isStillAlone
      }
    },
    save: (known) => {
      attempt(() => {
        const text = Buffer.from(JSON.stringify(rowsOf(known)), 'utf8')
        const bytes = Buffer.concat([Buffer.from(`${head}${digestOf(text)}\n`, 'utf8'), text])
        if (bytes.length > bytesMax) return
        writeOwn(folder, file, bytes)
        tidy(folder, file, /[\\/][0-9a-f]{32}\.known(\.sign)?$/, kept)
      })
    },
  }
}

function isYoung(sign: string): boolean {
  const about = statSync(sign, { throwIfNoEntry: false })
  return about !== undefined && Math.abs(Date.now() - about.mtimeMs) < signMillisecondsMax
}

function attempt(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    // A full disk, or one that can only be read.
    return false
  }
}

function digestOf(text: Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

type Row = readonly [path: string, file: Omit<KnownFile, 'part'>, part: Part]

function rowsOf({ rest, shared, general, leaves }: Known) {
  const rows = [...leaves].map(([path, { part, ...file }]): Row => [path, file, part])
  return { rest, shared, general, rows }
}

function parse(bytes: Buffer, head: string): Known | undefined {
  const begins = Buffer.from(head, 'utf8')
  const from = begins.length + 65
  if (bytes.length < from || !bytes.subarray(0, begins.length).equals(begins)) return undefined
  const text = bytes.subarray(from)
  if (bytes.toString('latin1', begins.length, from) !== `${digestOf(text)}\n`) return undefined
  const { rows, ...known } = JSON.parse(text.toString('utf8')) as ReturnType<typeof rowsOf>
  return { ...known, leaves: new Map(rows.map(([path, file, part]) => [path, { ...file, part }])) }
}
