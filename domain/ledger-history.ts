/** One commit of the deploy repository that changed the ledger. */
export type LedgerCommit = OurLedgerCommit | ForeignLedgerCommit

interface CommitPlace {
  readonly commit: string
  /** When it came to the branch, whole seconds: when it was committed there or, where it was proposed first, merged, as far as that is known. */
  readonly at: Date
  /** Which commit of the history it is, from 1; those that leave the ledger alone are counted too. */
  readonly position: number
}

export interface OurLedgerCommit extends CommitPlace {
  readonly ours: true
  /** Value of `Specyard-Action`. */
  readonly action: string
  /** The ledger files that it changed, as they are after it; null for one that it removed. */
  readonly files: ReadonlyMap<string, string | null>
}

/** A commit by somebody else: it is told of, and what it wrote is not read. */
export interface ForeignLedgerCommit extends CommitPlace {
  readonly ours: false
  /** `Name <address>`. */
  readonly author: string
  readonly paths: readonly string[]
}

/** What has been done to the ledger since its first commit. */
export interface LedgerHistory {
  /** How many commits there are, those that leave the ledger alone included. */
  readonly commits: number
  /** Oldest first, parents before their children whatever their dates; read as it is asked for. @throws Fault GIT_FAILED, GIT_UNREACHABLE */
  read(): AsyncIterable<LedgerCommit>
}
