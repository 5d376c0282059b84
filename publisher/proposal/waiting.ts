import { createHash } from 'node:crypto'
import { type SourceRecord } from '../../domain/ledger.ts'
import { compareText } from '../../domain/problem.ts'
import type { ForeignProposal, Proposal } from '../../domain/proposal.ts'
import { isBookkeeping } from '../drift.ts'
import { type Commit, type Ours, publicationOf, readCommits } from '../git/history.ts'
import { isAncestor, readObjects, type TreeEntry } from '../git/objects.ts'
import type { Remote } from '../git/remote.ts'
import { writtenBy } from '../git/written.ts'
import type { ProposalReferences } from './references.ts'

/** What stands at the references of proposals, in the clone. */
export interface Standing {
  /** What the references say; null where one is not there. */
  readonly next: string | null
  readonly kept: string | null
  /** Our newest proposal; undefined where there is none. */
  readonly commit: Commit | undefined
  /** The head already has it in its history. */
  readonly isMerged: boolean
  /** Somebody else's commit on the branch of proposals that nobody merged. */
  readonly foreign: ForeignProposal | undefined
}

export const nothingStands: Standing = {
  next: null,
  kept: null,
  commit: undefined,
  isMerged: false,
  foreign: undefined,
}

/** @param said what the references of the remote say @throws Fault GIT_UNREACHABLE, GIT_FAILED */
export async function readStanding(
  remote: Remote,
  references: ProposalReferences,
  said: ReadonlyMap<string, string>,
  ours: Ours,
): Promise<Standing> {
  const [next, kept] = [said.get(references.next) ?? null, said.get(references.kept) ?? null]
  if (next === null && kept === null) return nothingStands
  const head = said.get(references.head)
  const bring = async (reference: string, id: string | null): Promise<Commit | undefined> =>
    id !== null && (await remote.bringFrom(reference, id)) ? (await readCommits(remote.place, [id]))[0] : undefined
  const [atNext, atKept] = [await bring(references.next, next), await bring(references.kept, kept)]
  const isInHead = async (id: string): Promise<boolean> =>
    head !== undefined && (await remote.bring(head)) && (await isAncestor(remote.place, id, head)) === true
  const isOurNext = atNext !== undefined && (await isOurs(atNext, ours))
  const commit = isOurNext ? atNext : atKept && (await isOurs(atKept, ours)) ? atKept : undefined
  const isForeign = atNext !== undefined && !isOurNext && !(await isInHead(atNext.id))
  return {
    ...{ next, kept, commit },
    isMerged: commit !== undefined && (await isInHead(commit.id)),
    foreign: isForeign
      ? { branch: references.nextBranch, base: references.branch, commit: atNext.id, author: atNext.author }
      : undefined,
  }
}

async function isOurs(commit: Commit, ours: Ours): Promise<boolean> {
  if (publicationOf(commit, ours.email, 0) === undefined) return false
  return !ours.signed || (commit.signed && (await ours.signed([commit.id])).has(commit.id))
}

/** A proposal as it is told: what it changes is read from its commit. */
export async function proposalOf(
  remote: Remote,
  { nextBranch, branch }: ProposalReferences,
  commit: Commit,
  source: SourceRecord | null,
): Promise<Proposal> {
  const written = [...(await writtenBy(remote.place, commit))].filter(([path]) => !isBookkeeping(path))
  const objects = written.flatMap(([, entry]) => (entry?.kind === 'file' ? [entry.object] : []))
  const contents = await readObjects(remote.place, [...new Set(objects)])
  const text = (entry: TreeEntry | undefined) => (entry ? (contents.get(entry.object)?.toString('utf8') ?? null) : null)
  const [subject = ''] = commit.message.split('\n')
  return {
    ...{ branch: nextBranch, base: branch, commit: commit.id, subject, source, at: commit.at },
    subjects: publicationOf(commit, commit.committerEmail, 0)?.subjects ?? [],
    files: new Map(written.map(([path, entry]) => [path, text(entry)])),
    digest: digestOf(written.map(([path, entry]) => [path, entry?.object ?? null])),
  }
}

function digestOf(changed: readonly (readonly [string, string | null])[]): string {
  const lines = [...changed]
    .sort(([left], [right]) => compareText(left, right))
    .map(([path, object]) => `${object ?? '-'} ${path}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}
