import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { basename, join } from 'node:path'

/*
 * The kernel's control groups of the real node's pods: under one of the bed's own, so that two beds, or a bed and a real kubelet of this
 * machine, do not meet. Version 1 has a tree for each controller, version 2 one tree.
 */

const mountPoint = '/sys/fs/cgroup'

/** @returns the group's path as the kubelet wants it, from the root of the trees */
export function makeControlGroup(bed: string): string {
  for (const tree of trees()) mkdirSync(join(tree, groupName(bed)), { recursive: true })
  return `/${groupName(bed)}`
}

/** @returns what is left, by path: groups that still have processes */
export function removeControlGroups(bed: string): readonly string[] {
  const groups = controlGroups(bed)
  // A control group is removed by rmdir, innermost first; its files are the kernel's.
  for (const group of groups) {
    for (const inner of foldersBelow(group)) tryRemove(inner)
    tryRemove(group)
  }
  return controlGroups(bed)
}

export function controlGroups(bed: string): readonly string[] {
  return trees()
    .map((tree) => join(tree, groupName(bed)))
    .filter((group) => existsSync(group))
}

function groupName(bed: string): string {
  return basename(bed)
}

function trees(): readonly string[] {
  if (existsSync(join(mountPoint, 'cgroup.controllers'))) return [mountPoint]
  if (!existsSync(mountPoint)) return []
  const entries = readdirSync(mountPoint, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(mountPoint, entry.name))
}

function foldersBelow(group: string): readonly string[] {
  const inner = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return inner.flatMap((entry) => [...foldersBelow(join(group, entry.name)), join(group, entry.name)])
}

function tryRemove(group: string): void {
  try {
    rmdirSync(group)
  } catch {
    // Busy: it is among what `removeControlGroups` returns.
  }
}
