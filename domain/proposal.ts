import type { SourceRecord } from './ledger.ts'
import type { Change, PublishRequest } from './publication.ts'

/** What specs ask for and a person has yet to merge: one commit on the branch that pull requests are made from. */
export interface Proposal {
  /** Such as `main-next`. */
  readonly branch: string
  /** The branch that it is to be merged into. */
  readonly base: string
  readonly commit: string
  readonly subject: string
  /** environment/project/name of the runs and endpoints that it is about. */
  readonly subjects: readonly string[]
  readonly source: SourceRecord | null
  /** What it changes, the publisher's own books left out. */
  readonly files: Change
  /** SHA-256 of what it changes: the same while the same is asked for, whatever it is made on top of. */
  readonly digest: string
  readonly at: Date
}

/** Somebody else's commit where our proposals stand: it is left as it is. */
export interface ForeignProposal {
  readonly branch: string
  /** The branch that proposals there are to be merged into. */
  readonly base: string
  readonly commit: string
  /** `Name <address>`. */
  readonly author: string
}

export interface ProposeRequest extends PublishRequest {
  /** Whether any environment asks for pull requests; where none does, only what may still wait is looked for. */
  readonly asked: boolean
  /** Called before the branch of a proposal that is no longer asked for is deleted; what it throws keeps the branch. */
  readonly withdrawing?: (proposal: Proposal) => Promise<void>
}

/** What became of what was to be proposed. */
export type Proposed =
  /** Nothing is asked for, and nothing was. */
  | { readonly kind: 'none' }
  /** It waits; `made` when it was made now. */
  | { readonly kind: 'waiting'; readonly proposal: Proposal; readonly made: boolean }
  | { readonly kind: 'foreign'; readonly foreign: ForeignProposal }
  /** Nothing is asked for any more: what waited was taken back. */
  | { readonly kind: 'withdrawn'; readonly proposal: Proposal }
  /** It was merged; its branch is not needed any more. */
  | { readonly kind: 'merged'; readonly proposal: Proposal }

/** What stands there now. */
export type Waiting =
  | { readonly kind: 'none' }
  | { readonly kind: 'waiting'; readonly proposal: Proposal }
  | { readonly kind: 'foreign'; readonly foreign: ForeignProposal }

/** What waits for a pull request, as it is told to people and programs. */
export interface ProposalView {
  /** `declined`: a person closed its pull request; `foreign`: somebody else's commit stands on its branch. */
  readonly state: 'waiting' | 'declined' | 'foreign'
  readonly branch: string
  readonly base: string
  readonly commit: string
  readonly subject: string
  /** environment/project/name of the runs and endpoints that it is about. */
  readonly subjects: readonly string[]
  /** Null where none is known, and where the forge does not answer. */
  readonly pullRequest: { readonly number: number; readonly url: string } | null
  /** The same in words. */
  readonly message: string
}
