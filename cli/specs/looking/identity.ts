import { type Stats, statfsSync } from 'node:fs'

/*
 * How a file that has not changed is known without reading it, as Git's index does: by its size, the times of its last change, which the file system
 * keeps and nobody can set all of, and its number there. Times come in steps: a change within the step of the one before does not show. So a file
 * is known only where it was looked at some time after it had changed, or where another has changed at a later time by then.
 * @see https://git-scm.com/docs/racy-git
 */

/** Size in bytes, times of the last change of content and of anything in milliseconds, number of the file. */
export type Identity = readonly [size: number, modified: number, changed: number, number: number]

export function identityOf({ size, mtimeMs, ctimeMs, ino }: Stats): Identity {
  return [size, mtimeMs, ctimeMs, ino]
}

/** Linux counts in steps of up to 10 ms. */
const stepMilliseconds = 50
/** Where only whole seconds are kept, and by FAT every other one. */
const coarseStepMilliseconds = 2_500

/**
 * Whether a change that came after a look at a file would show.
 * @param at when it was looked at, milliseconds
 * @param newest the time of the last change of a file beside it that had changed by then: a later change gets no earlier one
 */
export function isSettled([, modified, changed]: Identity, at: number, newest = -Infinity): boolean {
  // Not where the clock went back meanwhile, nor where times may be counted in larger steps than those of the file beside it.
  if (changed < newest && newest <= at && !isWhole(changed)) return true
  return [modified, changed].every((time) => time + (isWhole(time) ? coarseStepMilliseconds : stepMilliseconds) < at)
}

function isWhole(time: number): boolean {
  return time % 1_000 === 0
}

export function newestOf(identities: Iterable<Identity>): number {
  let newest = -Infinity
  for (const [, , changed] of identities) newest = Math.max(newest, changed)
  return newest
}

/** File systems that answer for themselves: those of a network, or of another program, may tell of a change late. */
const ownKinds: Readonly<Partial<Record<NodeJS.Platform, readonly number[]>>> = {
  // ext2 to ext4, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS, bcachefs (linux/magic.h).
  linux: [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e],
  // HFS+ and APFS.
  darwin: [23, 26],
}

/** Whether what a folder's file system says of its files can be relied on. */
export function isOnOwnDisk(folder: string): boolean {
  try {
    return ownKinds[process.platform]?.includes(statfsSync(folder).type) ?? false
  } catch {
    return false
  }
}
