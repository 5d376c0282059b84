import { type Branches, environmentOf, ownBranch } from '../../domain/branches.ts'
import { Fault } from '../../domain/fault.ts'
import { branchesPath } from '../../domain/ledger.ts'
import type { Deployed, PublishedChange } from '../../domain/publication.ts'
import { readmePath, readmeText } from '../proposal/begin.ts'
import { namesOf } from './states.ts'

/*
 * An environment comes to a branch, of its own or the deploy branch, in two commits: first what is published of it is on the new branch too, where nobody
 * looks for it yet; then, in one commit, the deploy branch says that it is there. Whoever is killed in between has changed nothing. The files of a branch of
 * their own that an environment leaves stay there, and are not read any more.
 *
 * Nothing of it is in its cluster then (BRANCH_MOVED is refused): what goes over is the memory of what has ended, and folders without a Job.
 */

/** A commit of a move. */
export interface MoveStep {
  /** Undefined for the deploy branch. */
  readonly branch: string | undefined
  /** @returns undefined where it is done already @throws Fault DEPLOY_BRANCH_UNUSABLE where files of somebody else stand where ours have to */
  change(deployed: Deployed): PublishedChange | undefined
}

/**
 * The commits that a change of branches takes, in their order.
 * @param whole everything that is deployed
 * @param text of the file that says the new branches
 */
export function stepsOf(whole: Deployed, before: Branches, after: Branches, text: string): readonly MoveStep[] {
  const moving = movingOf(before, after)
  const copies = namesOf(after).flatMap((branch): readonly MoveStep[] => {
    const coming = moving.filter((name) => ownBranch(name, after) === branch)
    if (coming.length === 0) return []
    const change = (there: Deployed): PublishedChange | undefined => {
      const files = filesFor(coming, branch, whole, there)
      // The branch is there from now on: one that is not is known to have been lost.
      if (there.commit === null) files.set(readmePath, readmeText)
      return wordsFor(coming, branch, files)
    }
    return [{ branch, change }]
  })
  const index: MoveStep = {
    branch: undefined,
    change: (there) => {
      const back = moving.filter((name) => ownBranch(name, after) === undefined)
      const files = filesFor(back, 'the deploy branch', whole, there)
      const left = moving.filter((name) => ownBranch(name, after) !== undefined)
      for (const path of there.files.keys()) if (left.includes(environmentOf(path) ?? '')) files.set(path, null)
      files.set(branchesPath, text)
      return wordsFor(moving, undefined, files)
    },
  }
  return [...copies, index]
}

/** The environments whose branch changes. */
export function movingOf(before: Branches, after: Branches): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.filter((name) => ownBranch(name, before) !== ownBranch(name, after))
}

/** Whether the same is deployed of some environments. */
export function isSameOf(environments: readonly string[], one: Deployed, other: Deployed): boolean {
  const theirs = ({ files }: Deployed) =>
    new Map([...files].filter(([path]) => environments.includes(environmentOf(path) ?? '')))
  const [left, right] = [theirs(one), theirs(other)]
  return left.size === right.size && [...left].every(([path, text]) => right.get(path) === text)
}

/** What makes a branch have just what is deployed of some environments. */
function filesFor(
  environments: readonly string[],
  branch: string,
  whole: Deployed,
  there: Deployed,
): Map<string, string | null> {
  const isTheirs = (path: string): boolean => environments.includes(environmentOf(path) ?? '')
  const foreign = there.drifted.find(({ path }) => isTheirs(path))
  if (foreign)
    throw new Fault(
      'DEPLOY_BRANCH_UNUSABLE',
      `the branch ${branch} of the deploy repository cannot be the one of ${environments.join(', ')}: ${foreign.author} has put ${foreign.path} there`,
      { retry: 'never', hint: 'take that file away there, or name a branch that is not there yet' },
    )
  const files = new Map<string, string | null>()
  for (const [path, text] of whole.files) if (isTheirs(path) && there.files.get(path) !== text) files.set(path, text)
  for (const path of there.files.keys()) if (isTheirs(path) && !whole.files.has(path)) files.set(path, null)
  return files
}

function wordsFor(
  environments: readonly string[],
  branch: string | undefined,
  files: ReadonlyMap<string, string | null>,
): PublishedChange | undefined {
  if (files.size === 0) return undefined
  const names = environments.join(', ')
  const subject = branch === undefined ? `Say where ${names} is from now on` : `Bring ${names} to the branch ${branch}`
  return { files, subject, body: '', action: 'move', subjects: [] }
}
