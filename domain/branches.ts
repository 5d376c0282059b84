import { readBranchesLedger } from './ledger-files.ts'
import type { Deployed, Files } from './publication.ts'

/** The branch of each environment that has one of its own; everything else is on the deploy branch. */
export type Branches = Readonly<Record<string, string>>

/** What the deploy branch says of others. @throws Fault LEDGER_UNREADABLE, LEDGER_VERSION_UNKNOWN */
export function branchesIn(files: Files): Branches {
  return readBranchesLedger(files)?.branches ?? {}
}

/** The environment that a file of the deploy repository belongs to; undefined where it belongs to all. */
export function environmentOf(path: string): string | undefined {
  const [, ofTree, ofEntry, itself] =
    /^(?:(?:applications|environments)\/([^/]+)\/.|\.specyard\/ledger\/(?:(?:runs|endpoints)\/([^/]+)\/.|environments\/([^/]+)\.json$))/.exec(
      path,
    ) ?? []
  return ofTree ?? ofEntry ?? itself
}

/** The version that a file of a chart belongs to; undefined for any other file. Charts are on each branch that needs them. */
export function chartOf(path: string): string | undefined {
  return /^charts\/[^/]+\/([^/]+)\//.exec(path)?.[1]
}

/** The branch that an environment has of its own, whatever its name is: `constructor` is one too. */
export function ownBranch(environment: string, branches: Branches): string | undefined {
  return Object.hasOwn(branches, environment) ? branches[environment] : undefined
}

/** The branch that a file is on; undefined for the deploy branch. */
export function branchOf(path: string, branches: Branches): string | undefined {
  const environment = environmentOf(path)
  return environment === undefined ? undefined : ownBranch(environment, branches)
}

/** The commit at the head of an environment's branch. */
export function commitOf(deployed: Pick<Deployed, 'commit' | 'branches'>, environment: string): string | null {
  return deployed.branches ? (deployed.branches.commits.get(environment) ?? deployed.branches.commit) : deployed.commit
}
