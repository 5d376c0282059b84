import { execFileSync, spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A small disk of its own. */
export interface Disk {
  readonly folder: string
  /** Takes all of its room but so many bytes. */
  fill(leftBytes: number): void
  /** Gives that room back. */
  makeRoom(): void
  /** From then on it can only be read, or written again. */
  setWritable(writable: boolean): void
  remove(): void
}

/** Whether this user may mount a file system: root on Linux. */
export function mayMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'specyard-mount-'))
  const mounted = process.platform === 'linux' && spawnSync('mount', mountWords('1m', probe)).status === 0
  if (mounted) execFileSync('umount', [probe])
  rmdirSync(probe)
  return mounted
}

export function mountDisk(megabytes: number): Disk {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-disk-'))
  execFileSync('mount', mountWords(`${megabytes}m`, folder))
  const filler = join(folder, 'filler')
  return {
    folder,
    fill: (leftBytes) => {
      const file = openSync(filler, 'w')
      const block = Buffer.alloc(2 ** 16)
      try {
        while (freeBytes(folder) > leftBytes) writeSync(file, block)
      } catch (error) {
        // Others write there too: full is full.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(file)
      }
    },
    makeRoom: () => rmSync(filler, { force: true }),
    setWritable: (writable) =>
      void execFileSync('mount', ['-o', `remount,${writable ? 'rw' : 'ro'}`, folder], { stdio: 'pipe' }),
    remove: () => {
      execFileSync('umount', ['--lazy', folder])
      rmdirSync(folder)
    },
  }
}

function mountWords(size: string, folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true })
  return ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'specyard-test', folder]
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
