import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryOfProcess } from '../../compiler/load/memory.ts'
import { sha256 } from '../../domain/canonical.ts'
import { Fault } from '../../domain/fault.ts'
import type { Aids } from '../../compiler/compile-types.ts'
import { isOwnFolder, userFolder } from '../cache/own-files.ts'
import { packageRoot } from '../house/assets.ts'
import type { World } from '../world.ts'
import { type DiskMemory, openDiskMemory } from './disk-memory.ts'
import { keepHeapSmall } from './looking/heap.ts'
import { isOnOwnDisk } from './looking/identity.ts'
import { openRecollection, type Recollection } from './looking/recollection.ts'

/** How long one compilation may take. */
export const compileSecondsMax = 60

/** Of a clock that runs evenly. Another than `performance`, which takes a millisecond to load. */
function milliseconds(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1_000_000
}

/** Ends a compilation that takes too long: with the limits of files there is none that does, unless the machine stands still. */
export function deadline(clock = milliseconds): () => void {
  const end = clock() + compileSecondsMax * 1000
  return () => {
    if (clock() <= end) return
    throw new Fault('COMPILE_TOO_LONG', `compiling the specs took more than ${compileSecondsMax} s`, {
      retry: 'later',
      hint: 'split the spec repository, or give the machine more time for it',
    })
  }
}

/** Of fewer it takes longer to keep and to find what was read than to read it again. */
const worthRemembering = 16

/**
 * What helps commands that only look: they remember between processes what they read. Whoever publishes reads everything himself, so that
 * nobody who can write to a folder of the user decides what runs.
 * @param files how many there are to be compiled
 */
export function lookingAids(
  world: World,
  options: { readonly cache: boolean },
  files: number,
): Aids & { save(): void } {
  keepHeapSmall(files)
  const memory = options.cache && files >= worthRemembering ? memoryOfUser(world.environment) : undefined
  return { memory, pulse: deadline(), save: () => memory?.save() }
}

/** What helps commands that compile twice: what both compilations have in common is read once. */
export function comparingAids(): Aids {
  return { memory: memoryOfProcess(), pulse: deadline() }
}

/**
 * What is known of a repository from the last time that a command looked at it.
 * @param about the command, the root of the repository, and what else tells it from other looks
 */
export function recollectionOfUser(
  world: World,
  options: { readonly cache: boolean },
  about: readonly [command: string, root: string, ...rest: readonly string[]],
): Recollection | undefined {
  const place = options.cache && isOnOwnDisk(about[1]) ? placeOfUser(world.environment) : undefined
  return place && openRecollection(place.folder, place.maker, about)
}

function memoryOfUser(environment: World['environment']): DiskMemory | undefined {
  const place = placeOfUser(environment)
  return place && openDiskMemory(place.folder, place.maker)
}

export interface CachePlace {
  /** The user's alone. */
  readonly folder: string
  /** Digest of the program. */
  readonly maker: string
}

/** Where a user's programs remember, and which of them this is; undefined where they cannot. */
export function placeOfUser(environment: World['environment']): CachePlace | undefined {
  const folder = userFolder(environment, 'compile')
  const maker = programDigest()
  return folder && maker && isOwnFolder(folder) ? { folder, maker } : undefined
}

/**
 * The digest of the built program: its first file names all others by digests of what they hold. Sources that run without being built have
 * none, and so no memory: nobody could tell that one of them was changed.
 */
function programDigest(): string | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined
  return sha256(`${process.version}\n${readFileSync(join(packageRoot(), 'dist', 'specyard.js'), 'utf8')}`)
}
