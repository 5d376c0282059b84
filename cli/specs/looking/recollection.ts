import { randomUUID } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import type { Part } from '../../../compiler/parts.ts'
import { isOwnFolder, readOwn, writeOwn } from '../../cache/own-files.ts'
import { readSealed, type Seal, sealedPath, writeSealed } from '../../cache/sealed.ts'
import { growHeapAtOnce } from './heap.ts'
import type { Identity } from './identity.ts'

/*
 * What one command knows of one repository from the last time: a file `<digits>.known` beside the memory of what was read. It names the repository
 * and the folder that was written to.
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
  const seal: Seal = { folder, kind: 'known', maker, about, bytesMax }
  const sign = `${sealedPath(seal)}.sign`
  return {
    maker,
    load: () => {
      const rows = readSealed(seal, growHeapAtOnce)
      return rows === undefined ? undefined : knownOf(rows as Rows)
    },
    begin: () => {
      const isAlone = !isYoung(sign)
      const own = Buffer.from(randomUUID(), 'utf8')
      const isWritten = attempt(() => writeOwn(folder, sign, [own]))
      return () => {
        const isStillAlone = isAlone && isWritten && readOwn(sign, own.length)?.equals(own) === true
        if (isStillAlone) attempt(() => rmSync(sign, { force: true }))
        return isStillAlone
      }
    },
    save: (known) => writeSealed(seal, rowsOf(known), kept),
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

/** Entries of leaves stand as they are: of ten thousand specs no second object is made of any. */
type Rows = Omit<Known, 'leaves'> & { readonly leaves: readonly (readonly [path: string, file: KnownFile])[] }

function rowsOf(known: Known): Rows {
  return { ...known, leaves: [...known.leaves] }
}

function knownOf(rows: Rows): Known {
  return { ...rows, leaves: new Map(rows.leaves) }
}
