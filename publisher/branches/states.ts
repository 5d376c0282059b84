import { type Branches, branchesIn, branchOf, chartOf } from '../../domain/branches.ts'
import { Fault } from '../../domain/fault.ts'
import { branchesPath, type DriftedFile, type SourceRecord, sourcePath } from '../../domain/ledger.ts'
import { compareText } from '../../domain/problem.ts'
import type { Deployed } from '../../domain/publication.ts'

/** What stands on each branch of the deploy repository. */
export interface States {
  /** The deploy branch: what belongs to no environment with a branch of its own. */
  readonly main: Deployed
  readonly branches: Branches
  /** The other branches by name, in the order of names. */
  readonly others: ReadonlyMap<string, Deployed>
}

/** The names of all branches of their own, each once. */
export function namesOf(branches: Branches): readonly string[] {
  return [...new Set(Object.values(branches))].sort(compareText)
}

/**
 * Which environments have a branch of their own, as the deploy branch says.
 * @param deployBranch an environment that names it has none of its own
 * @throws Fault LEDGER_UNREADABLE also where somebody else wrote it: where files are looked for decides what counts as published
 */
export function branchesOf(main: Deployed, deployBranch: string): Branches {
  const edited = main.drifted.find(({ path }) => path === branchesPath)
  if (edited)
    throw new Fault(
      'LEDGER_UNREADABLE',
      `${edited.author} changed ${branchesPath} of the deploy repository in commit ${edited.commit.slice(0, 10)}, by which everything else is found`,
      {
        retry: 'never',
        hint: `restore it as it was before: git checkout ${edited.commit.slice(0, 10)}~1 -- ${branchesPath}; which branch an environment has, its spec says`,
      },
    )
  return Object.fromEntries(Object.entries(branchesIn(main.files)).filter(([, branch]) => branch !== deployBranch))
}

/** @throws Fault DEPLOY_BRANCH_UNUSABLE for a branch that was there, and is not */
export function checkedStates(states: States): States {
  for (const [branch, { commit }] of states.others) {
    if (commit !== null) continue
    const environments = Object.keys(states.branches).filter((name) => states.branches[name] === branch)
    throw new Fault(
      'DEPLOY_BRANCH_UNUSABLE',
      `the branch ${branch} of the deploy repository, which has everything of ${environments.join(', ')}, is gone`,
      {
        retry: 'later',
        hint: `push its last commit again: git push <repository> <commit>:refs/heads/${branch}; without it nobody knows what ran there, and it would run again`,
      },
    )
  }
  return states
}

/**
 * Everything that is deployed as if it were on one branch. Of each branch counts what belongs there: what was there before an environment came or after
 * it left, or came with a branch that was made of another, does not.
 */
export function unionOf({ main, branches, others }: States): Deployed {
  if (others.size === 0) return main
  const isMains = (path: string): boolean => branchOf(path, branches) === undefined
  const files = new Map([...main.files].filter(([path]) => isMains(path)))
  const drifted = new Map(main.drifted.filter(({ path }) => isMains(path)).map((one) => [one.path, one]))
  for (const [branch, deployed] of others) {
    const isIts = (path: string): boolean => branchOf(path, branches) === branch
    for (const [path, text] of deployed.files)
      if (isIts(path) || (chartOf(path) !== undefined && !files.has(path))) files.set(path, text)
    for (const one of deployed.drifted) if (isIts(one.path) || chartOf(one.path) !== undefined) keepFirst(drifted, one)
  }
  return {
    ...{
      files,
      drifted: [...drifted.values()],
      commit: headsOf([main, ...others.values()].map(({ commit }) => commit)),
    },
    branches: {
      commit: main.commit,
      commits: new Map(Object.entries(branches).map(([name, branch]) => [name, others.get(branch)?.commit ?? null])),
      sources: [main, ...others.values()].flatMap((one) => sourceIn(one) ?? []),
    },
  }
}

/** What stands at all heads, as one text that changes whenever one of them does. */
export function headsOf(commits: readonly (string | null)[]): string | null {
  const [main = null] = commits
  return main === null ? null : commits.map((commit) => commit ?? '').join('+')
}

/** What a branch was compiled from last; undefined where nothing says so, or where somebody else wrote it. */
export function sourceIn({ files }: Pick<Deployed, 'files'>): SourceRecord | undefined {
  try {
    const said = JSON.parse(files.get(sourcePath) ?? 'null') as SourceRecord | null
    return said?.format === 1 ? said : undefined
  } catch {
    return undefined
  }
}

/** The same states with one branch as it is now. @param branch undefined for the deploy branch */
export function statesWith(states: States, branch: string | undefined, deployed: Deployed): States {
  if (branch === undefined) return { ...states, main: deployed }
  return {
    ...states,
    others: new Map([...states.others].map(([name, old]) => [name, name === branch ? deployed : old])),
  }
}

function keepFirst(drifted: Map<string, DriftedFile>, one: DriftedFile): void {
  if (!drifted.has(one.path)) drifted.set(one.path, one)
}
