import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

/** The repository of Git that a folder is or would be a part of. */
export interface Checkout {
  /** The path of the folder in it, with `/` between folders; empty for that itself, or without one. */
  readonly within: string
  /** What its changes are merged into, as far as it says so. */
  readonly branch: string
}

export const newCheckout: Checkout = { within: '', branch: 'main' }

/** Looks for the repository of Git around a folder, which need not be there yet. */
export function checkoutAround(target: string): Checkout {
  for (let above = target; ; above = dirname(above)) {
    const git = join(above, '.git')
    if (existsSync(git)) return { within: relative(above, target).split(sep).join('/'), branch: branchOf(git) }
    if (dirname(above) === above) return newCheckout
  }
}

/** The default branch of the remote that it was cloned from, else the one that it is on. */
function branchOf(git: string): string {
  const heads = [
    ['refs/remotes/origin/HEAD', 'ref: refs/remotes/origin/'],
    ['HEAD', 'ref: refs/heads/'],
  ] as const
  for (const [path, prefix] of heads) {
    try {
      const text = readFileSync(join(git, path), 'utf8').trim()
      if (text.startsWith(prefix)) return text.slice(prefix.length)
    } catch {
      // Not cloned, or a worktree, whose `.git` is a file.
    }
  }
  return newCheckout.branch
}
