import { randomUUID } from 'node:crypto'
import { statSync, unlinkSync } from 'node:fs'
import { isOwnFolder, readOwn, writeOwn } from '../../cache/own-files.ts'
import { readSealed, type Seal, sealedPath, writeSealed } from '../../cache/sealed.ts'
import {
  type KnownFiles,
  KnownLeaves,
  type KnownOutput,
  type WrittenLeaves,
  writtenLeaves,
  type WrittenStanding,
  writtenStanding,
} from './leaves.ts'

/*
 * What one command knows of one repository from the last time: a file `<digits>.known` beside the memory of what was read. It names the repository
 * and the folder that was written to.
 */

/** What is known beside leaves. */
interface Rest {
  /** Digest of everything else that the compilation depended on. */
  readonly rest: string
  /** Files of specs that hold other kinds than trainings and endpoints. */
  readonly shared: readonly string[]
  /** As `Learned` has it. */
  readonly general: string
  /** Files of the folder that come of no leaf: those that belong to no single spec, and those that nothing makes. */
  readonly others: readonly string[]
}

export interface Known extends Rest {
  /** The other files of specs. */
  readonly leaves: KnownLeaves
}

/** What is to be known the next time. */
export interface Knowing extends Rest {
  readonly leaves: KnownFiles
}

export interface Recollection {
  /** Digest of the program. */
  readonly maker: string
  load(): Known | undefined
  /** Says that a command begins that may write the files that are known. @returns what ends it: whether nobody else has written meanwhile */
  begin(): () => boolean
  /**
   * Never fails: what cannot be written is not known next time.
   * @param end asked when all is ready but how files stand: when that was, in milliseconds; undefined where somebody else has written meanwhile, and
   * nothing is kept
   * @param stands of each file that was written just now: how it stands, where a change after that time would show. Left out where none are written
   */
  save(knowing: Knowing, end: () => number | undefined, stands?: (path: string, at: number) => KnownOutput): void
}

type Written = Rest & { readonly leaves: WrittenLeaves & WrittenStanding }

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
      const written = readSealed(seal) as Written | undefined
      return written && { ...written, leaves: new KnownLeaves(written.leaves) }
    },
    begin: () => {
      const isAlone = !isYoung(sign)
      const own = Buffer.from(randomUUID(), 'utf8')
      const isWritten = attempt(() => writeOwn(folder, sign, [own]))
      return () => {
        const isStillAlone = isAlone && isWritten && readOwn(sign, own.length)?.equals(own) === true
        if (isStillAlone) attempt(() => unlinkSync(sign))
        return isStillAlone
      }
    },
    save: ({ leaves, ...rest }, end, stands) => {
      const texts = writtenLeaves(leaves)
      const at = end()
      if (!texts || at === undefined) return
      const standing = writtenStanding(leaves, stands && ((path) => stands(path, at)))
      const written: Written = { ...rest, leaves: { ...texts, ...standing } }
      writeSealed(seal, written, kept)
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
