import { type Branches, branchOf, environmentOf } from '../../domain/branches.ts'
import { readBranchesLedger } from '../../domain/ledger-files.ts'
import { branchesPath } from '../../domain/ledger.ts'
import type { LedgerCommit, LedgerHistory } from '../../domain/ledger-history.ts'

/** Every branch that an environment has ever had of its own, as the history of the deploy branch says. */
export type EverHad = ReadonlyMap<string, ReadonlySet<string>>

/** @returns those, and the commits of the deploy branch, which a branch that was made of it has too */
export async function branchesEver(
  main: LedgerHistory,
): Promise<{ readonly ever: EverHad; readonly commits: ReadonlySet<string> }> {
  const ever = new Map<string, Set<string>>()
  const commits = new Set<string>()
  for await (const commit of main.read()) {
    commits.add(commit.commit)
    for (const [environment, branch] of Object.entries(branchesAfter(commit) ?? {}))
      ever.set(environment, (ever.get(environment) ?? new Set<string>()).add(branch))
  }
  return { ever, commits }
}

/**
 * The histories of all branches as one, by the time of their commits; each branch's own stays in its order. What a branch says of an environment that is,
 * or was, on another one says nothing: when it leaves the deploy branch its ledger goes from there, and nothing has ended.
 * @param mainCommits of the deploy branch: on others they are told no second time
 */
export function together(
  main: LedgerHistory,
  others: ReadonlyMap<string, LedgerHistory>,
  ever: EverHad,
  mainCommits: ReadonlySet<string>,
): LedgerHistory {
  return {
    commits: [main, ...others.values()].reduce((sum, { commits }) => sum + commits, 0),
    read: async function* read() {
      const told = new Set(mainCommits)
      const streams = [
        ofDeployBranch(main),
        ...[...others].map(([branch, history]) => ofBranch(branch, history, ever, told)),
      ].map((stream) => stream[Symbol.asyncIterator]())
      const next = await Promise.all(streams.map((stream) => stream.next()))
      const positions = next.map(() => 0)
      for (;;) {
        let first: number | undefined
        for (const [at, one] of next.entries()) {
          const best = first === undefined ? undefined : next[first]
          if (one.done !== true && (!best || best.done === true || one.value.at < best.value.at)) first = at
        }
        const taken = first === undefined ? undefined : next[first]
        const stream = first === undefined ? undefined : streams[first]
        if (first === undefined || !stream || !taken || taken.done === true) return
        positions[first] = taken.value.position
        yield { ...taken.value, position: positions.reduce((sum, one) => sum + one, 0) }
        next[first] = await stream.next()
      }
    },
  }
}

async function* ofDeployBranch(history: LedgerHistory): AsyncIterable<LedgerCommit> {
  let branches: Branches = {}
  for await (const commit of history.read()) {
    branches = branchesAfter(commit) ?? branches
    yield only(commit, (path) => branchOf(path, branches) === undefined)
  }
}

async function* ofBranch(
  branch: string,
  history: LedgerHistory,
  ever: EverHad,
  told: Set<string>,
): AsyncIterable<LedgerCommit> {
  for await (const commit of history.read()) {
    if (told.has(commit.commit)) continue
    told.add(commit.commit)
    yield only(commit, (path) => ever.get(environmentOf(path) ?? '')?.has(branch) ?? false)
  }
}

function only(commit: LedgerCommit, isIts: (path: string) => boolean): LedgerCommit {
  if (!commit.ours) return { ...commit, paths: commit.paths.filter(isIts) }
  return { ...commit, files: new Map([...commit.files].filter(([path]) => isIts(path))) }
}

/** What a commit says of branches; undefined where it says nothing. */
function branchesAfter(commit: LedgerCommit): Branches | undefined {
  const text = commit.ours ? commit.files.get(branchesPath) : undefined
  if (text === undefined) return undefined
  return text === null ? {} : readBranchesLedger(new Map([[branchesPath, text]]))?.branches
}
