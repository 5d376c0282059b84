import type { DriftedFile, SourceRecord } from './ledger.ts'

/** Text files by their path relative to a repository's root, `/` between folders. */
export type Files = ReadonlyMap<string, string>

/** The owned files of the deploy repository at its head, ledger included. */
export interface Deployed {
  /** Null while the branch has no commit; where environments have branches of their own, the commits of all, joined by `+`. */
  readonly commit: string | null
  readonly files: Files
  /** Owned files that somebody else changed and nobody adopted or discarded yet. */
  readonly drifted: readonly DriftedFile[]
  /** Left out where no environment has a branch of its own. */
  readonly branches?: DeployedBranches
}

/** What stands where, of what is deployed on several branches. */
export interface DeployedBranches {
  /** At the head of the deploy branch. */
  readonly commit: string | null
  /** At the head of the branch of each environment that has one of its own. */
  readonly commits: ReadonlyMap<string, string | null>
  /** What each branch was compiled from last. */
  readonly sources: readonly SourceRecord[]
}

/** What a commit should change: path → new text, or null to remove the file. */
export type Change = ReadonlyMap<string, string | null>

/** A file of a spec repository as it was read: bytes not yet looked at. */
export interface SourceFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** The names of the trailers of a commit of ours. */
export const trailers = {
  /** A UUID that makes every commit unique, also for two writers with equal content. */
  request: 'Specyard-Request',
  /** publication or the kinds of the operations, comma-separated. */
  action: 'Specyard-Action',
  sourceRepository: 'Specyard-Source-Repository',
  sourceCommit: 'Specyard-Source-Commit',
  sourceDirty: 'Specyard-Source-Dirty',
  /** environment/project/name of a run or endpoint that the commit is about; may repeat. */
  subject: 'Specyard-Subject',
  /** Path of a spec in the spec repository that the commit is about; may repeat. */
  spec: 'Specyard-Spec',
  /** The branch that it was proposed to, in a commit that a person has to merge. */
  proposedTo: 'Specyard-Proposed-To',
} as const

/** What to publish, as a pure function of what is deployed: it is called again with the newer state when the branch moved meanwhile. */
export interface PublishRequest {
  /** Undefined when nothing is to be changed; also called to find out. */
  readonly change: (deployed: Deployed) => PublishedChange | undefined
  /** What the tree was compiled from; null for operations, which compile nothing. */
  readonly source: SourceRecord | null
  /** Whether a commit of the spec repository has another among its ancestors. Nobody can tell without it; `unknown` counts as no. */
  readonly descends?: (ancestor: string, descendant: string) => Promise<boolean | 'unknown'>
  /** Publish also when the source does not descend from the published one: for a deploy repository that one working tree owns. */
  readonly allowDiverged?: boolean
}

export interface PublishedChange {
  readonly files: Change
  /** First line of the commit message, at most 72 characters. */
  readonly subject: string
  readonly body: string
  /** Value of `Specyard-Action`. */
  readonly action: string
  /** Values of `Specyard-Subject`. */
  readonly subjects: readonly string[]
  /** Values of `Specyard-Spec`; none where that is not known. */
  readonly specs?: readonly string[]
  /** The words for a part of it that goes to a branch of its own; those of the whole where it is left out. */
  part?(files: Change, isOf: (environment: string) => boolean): Partial<Omit<PublishedChange, 'files'>>
}

/** All commits that one request made. */
export function allOf(publication: Publication | undefined): readonly Publication[] {
  return publication ? [publication, ...(publication.others ?? [])] : []
}

/** The commit of a request that is about a subject; the first of them where none says so. */
export function publicationAbout(publication: Publication | undefined, subject: string): Publication | undefined {
  return allOf(publication).find(({ subjects }) => subjects.includes(subject)) ?? publication
}

/**
 * What says who merged: the author of the merge commit (its committer may be the forge itself), or the committer of what a squash or a rebase made of
 * our commit (its author may be whoever proposed). Either is what that commit says, and neither says who approved.
 */
export const mergeSources = ['author', 'committer'] as const
export type MergeSource = (typeof mergeSources)[number]

/** How what was proposed came to the branch, as far as its history says. */
export interface Merge {
  /** The branch that it was proposed to. */
  readonly branch: string
  readonly proposedAt: Date
  /** Where our own commit became the head nothing says when it did, nor who made it so. */
  readonly by: {
    /** The merge commit, or what the squash or the rebase made of ours. */
    readonly commit: string
    /** `Name <address>`. */
    readonly who: string
    readonly source: MergeSource
  } | null
}

/** What a forge says of the pull request in which something was merged. Git does not know it, and a rebuild has to ask again. */
export interface MergedPull {
  readonly number: number
  /** Its address, for people. */
  readonly url: string
  /** The account that merged it; null where the forge does not say. */
  readonly by: string | null
  /** Accounts that approved just the commit that was proposed, and have not taken it back. */
  readonly approvedBy: readonly string[]
}

/** A commit that was made and has reached the deploy repository. */
export interface Publication {
  readonly commit: string
  readonly parent: string | null
  readonly action: string
  readonly subject: string
  readonly subjects: readonly string[]
  /** Paths of specs in the spec repository; none in a commit of a version that did not say them. */
  readonly specs?: readonly string[]
  /** Of the specs that were compiled or, for an operation, of those that what it edits was compiled from. */
  readonly sourceRepository: string | null
  readonly sourceCommit: string | null
  readonly sourceDirty: boolean
  readonly requestId: string
  /** Number of files that it changed. */
  readonly files: number
  /** When it came to the branch: when it was committed there or, where it was proposed first, merged, as far as that is known. */
  readonly at: Date
  /** Left out for what nobody had to merge. */
  readonly merge?: Merge
  /** Left out where no forge was asked, or none knew. */
  readonly mergedPull?: MergedPull
  /** Left out where no environment has a branch of its own. */
  readonly branch?: string
  /** Commits on other branches that one request made together with this one. */
  readonly others?: readonly Publication[]
  /** What stands at the heads of all branches after it, where that is another text than `commit`. */
  readonly head?: string
}
