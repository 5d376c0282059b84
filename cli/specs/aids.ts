import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryOfProcess } from '../../compiler/load/memory.ts'
import { sha256 } from '../../domain/canonical.ts'
import { Fault } from '../../domain/fault.ts'
import type { Aids } from '../../compiler/compile-types.ts'
import { packageRoot } from '../house/assets.ts'
import type { World } from '../world.ts'
import { type DiskMemory, openDiskMemory } from './disk-memory.ts'

/** How long one compilation may take. */
export const compileSecondsMax = 60

/** Ends a compilation that takes too long: with the limits of files there is none that does, unless the machine stands still. */
export function deadline(clock: () => number = () => performance.now()): () => void {
  const end = clock() + compileSecondsMax * 1000
  return () => {
    if (clock() <= end) return
    throw new Fault('COMPILE_TOO_LONG', `compiling the specs took more than ${compileSecondsMax} s`, {
      retry: 'later',
      hint: 'split the spec repository, or give the machine more time for it',
    })
  }
}

/**
 * What helps commands that only look: they remember between processes what they read. Whoever publishes reads everything himself, so that
 * nobody who can write to a folder of the user decides what runs.
 */
export function lookingAids(world: World, options: { readonly cache: boolean }): Aids & { save(): void } {
  const memory = options.cache ? memoryOfUser(world.environment) : undefined
  return { memory, pulse: deadline(), save: () => memory?.save() }
}

/** What helps commands that compile twice: what both compilations have in common is read once. */
export function comparingAids(): Aids {
  return { memory: memoryOfProcess(), pulse: deadline() }
}

function memoryOfUser(environment: World['environment']): DiskMemory | undefined {
  const caches = environment['XDG_CACHE_HOME'] || (environment['HOME'] && join(environment['HOME'], '.cache'))
  const maker = programDigest()
  return caches && maker ? openDiskMemory(join(caches, 'specyard', 'compile'), maker) : undefined
}

/**
 * The digest of the built program: its first file names all others by digests of what they hold. Sources that run without being built have
 * none, and so no memory: nobody could tell that one of them was changed.
 */
function programDigest(): string | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined
  return sha256(`${process.version}\n${readFileSync(join(packageRoot(), 'dist', 'specyard.js'), 'utf8')}`)
}
