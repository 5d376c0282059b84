import { randomUUID } from 'node:crypto'
import { Fault } from '../../domain/fault.ts'
import { driftPath, type SourceRecord, sourcePath } from '../../domain/ledger.ts'
import type { Publication, PublishRequest } from '../../domain/publication.ts'
import { effectiveChange } from '../change.ts'
import { driftText, sourceText } from '../drift.ts'
import type { Author, NewCommit } from '../git/import.ts'
import { blobId } from '../git/objects.ts'
import { commitMessage, subjectLine } from '../message.ts'
import { type Snapshot, snapshotAfter } from './snapshot.ts'

/** One commit of a chain, before Git has made it. */
export interface Link {
  readonly made: NewCommit
  /** What is known after it; worked out when it is asked for first, for that takes longer than a small commit. */
  after(): Snapshot
  readonly about: Omit<Publication, 'commit' | 'parent'>
}

export interface LinkOptions {
  readonly author: Author
  readonly now: () => Date
  /** The branch that a person has to merge the commit into; left out for what is pushed there. */
  readonly proposedTo?: string
}

/**
 * The commit that a request asks for on top of what is there, with the books that go with it.
 * @returns undefined when nothing but the books would change
 * @throws Fault GIT_OVERTAKEN, and GIT_FAILED for a change that may not be made
 */
export async function linkFor(
  snapshot: Snapshot,
  request: PublishRequest,
  { author, now, proposedTo }: LinkOptions,
): Promise<Link | undefined> {
  const wanted = request.change(snapshot.deployed)
  if (!wanted) return undefined
  const { source } = request
  const drifted = new Set(snapshot.drifted.map((file) => file.path))
  const { files: changed, adopted, objects: ids } = effectiveChange(snapshot.entries, drifted, wanted.files)
  if (changed.size === 0 && adopted.size === 0) return undefined
  await refuseOvertaken(snapshot.source, request)
  const record = source ?? snapshot.source
  const books = booksOf(snapshot, adopted, record)
  const files = new Map([...changed, ...books.files])
  const objects = new Map([...ids, ...books.objects])
  const requestId = randomUUID()
  const at = new Date(Math.floor(now().getTime() / 1000) * 1000)
  let after: Snapshot | undefined
  return {
    made: { author, at, message: commitMessage(wanted, record, requestId, proposedTo), files },
    after: () => (after ??= snapshotAfter(snapshot, { files, objects, adopted, source: record })),
    about: {
      action: wanted.action,
      subject: subjectLine(wanted.subject),
      subjects: wanted.subjects,
      specs: wanted.specs ?? [],
      sourceRepository: record?.repository ?? null,
      sourceCommit: record?.commit ?? null,
      sourceDirty: record?.dirty ?? false,
      requestId,
      files: files.size,
      at,
    },
  }
}

/**
 * The commit that takes up what was merged as a squash or a rebase: our own commit becomes its second parent, and so part of the history that
 * everything else is read from. It changes no file of the tree.
 */
export function takingUp(snapshot: Snapshot, merged: string, { author, now }: LinkOptions): Link {
  const requestId = randomUUID()
  const at = new Date(Math.floor(now().getTime() / 1000) * 1000)
  const subject = `Take up what was merged of ${merged.slice(0, 10)}`
  const body =
    'The files that were proposed are there as they were proposed; this adds the commit that proposed them to the history.'
  const words = { subject, body, action: 'merge', subjects: [] }
  const { source } = snapshot
  const written = booksOf(snapshot, new Set(), source)
  return {
    made: { author, at, message: commitMessage(words, source, requestId), files: written.files, merges: merged },
    after: () => snapshotAfter(snapshot, { ...written, adopted: new Set(), source, taken: true }),
    about: {
      ...{ action: words.action, subject, subjects: [], specs: [], requestId, files: written.files.size, at },
      ...{
        sourceRepository: source?.repository ?? null,
        sourceCommit: source?.commit ?? null,
        sourceDirty: source?.dirty ?? false,
      },
    },
  }
}

/** The files that keep our books, where they change. */
function booksOf(
  snapshot: Snapshot,
  adopted: ReadonlySet<string>,
  record: SourceRecord | null,
): { readonly files: Map<string, string | null>; readonly objects: Map<string, string> } {
  const files = new Map<string, string | null>()
  const objects = new Map<string, string>()
  const keep = (path: string, text: string | null): void => {
    const before = snapshot.entries.get(path)?.object
    const object = text === null ? undefined : blobId(text)
    if (before === object) return
    files.set(path, text)
    if (object !== undefined) objects.set(path, object)
  }
  keep(driftPath, driftText(snapshot.drifted.filter((file) => !adopted.has(file.path))))
  if (record) keep(sourcePath, sourceText(record))
  return { files, objects }
}

/** Newer specs must not be replaced by older ones, whoever comes last. Operations compile nothing and are never overtaken. */
export async function refuseOvertaken(
  published: SourceRecord | null,
  request: Pick<PublishRequest, 'source' | 'descends' | 'allowDiverged'>,
): Promise<void> {
  if (!request.source || !published?.commit || request.allowDiverged) return
  const { commit } = request.source
  if (commit === published.commit) return
  const follows = commit !== null && request.descends ? await request.descends(published.commit, commit) : 'unknown'
  if (follows === true) return
  const ours = commit === null ? 'specs outside Git' : `commit ${commit.slice(0, 12)}`
  const relation = follows === 'unknown' ? 'is not known to descend from' : 'does not descend from'
  throw new Fault(
    'GIT_OVERTAKEN',
    `the deploy repository holds the specs of commit ${published.commit.slice(0, 12)}; ${ours} ${relation} it`,
    {
      retry: 'never',
      hint: 'somebody published newer specs: bring your branch up to date with theirs and publish again',
    },
  )
}
