import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { Fault } from '../domain/fault.ts'
import { driftPath, ownedFolders, type SourceRecord, sourcePath } from '../domain/ledger.ts'
import type { LedgerHistory } from '../domain/ledger-history.ts'
import type { Deployed, Publication, PublishedChange, PublishRequest } from '../domain/publication.ts'
import { effectiveChange } from './change.ts'
import { type Books, byPath, driftText, readBooks, sourceText } from './drift.ts'
import { checkedBranch } from './git/address.ts'
import { readPublications } from './git/history.ts'
import { type Author, importCommit, plain, weightOf } from './git/import.ts'
import { openLedgerHistory } from './git/ledger-history.ts'
import { blobBytesMax, blobId, listTree, objectSizes, readObjects, type TreeEntry } from './git/objects.ts'
import { openRemote, type Remote, type RemoteOptions, withSoundClone } from './git/remote.ts'
import { type GitEnvironment, type GitPlace, gitFailed, orDiskFull, runGit } from './git/run.ts'
import { type Built, type SwapLimits, swap, swapLimits } from './git/swap.ts'
import { commitMessage, subjectLine } from './message.ts'

/** Where the deploy repository is: `url` is an absolute path, an https, ssh or file URL, or `user@host:path`. */
export interface DeployOptions extends RemoteOptions {
  /** Who commits. Every writer of ours uses the same address: by it we know our own commits. */
  readonly author: Author
  readonly now: () => Date
  readonly limits?: Partial<SwapLimits>
}

/** The deploy repository: read at its head, written one commit at a time by compare-and-swap. */
export interface DeployRepository {
  /** The commit at the head of the branch; null while there is none. @throws Fault GIT_UNREACHABLE */
  head(): Promise<string | null>
  /** The owned files at the head. A head that was read before costs one question to the server. @throws Fault as `publish` */
  read(): Promise<Deployed>
  /**
   * Publishes a change as one commit on top of the head; asks for the change again when the branch moved meanwhile. One at a time.
   * @returns undefined when there was nothing to change
   * @throws Fault GIT_OVERTAKEN, GIT_PUSH_REJECTED, GIT_UNREACHABLE, DISK_FULL, GIT_MISSING, GIT_FAILED
   */
  publish(request: PublishRequest): Promise<Publication | undefined>
  /** Commits of ours after a commit, or all; oldest first, at most 10,000: ask again after the last of them. */
  log(after: string | null): Promise<readonly Publication[]>
  /** What has been done to the ledger, commit by commit, up to the present head. @throws Fault as `read` */
  ledgerHistory(): Promise<LedgerHistory>
}

/** What is known of one head. */
interface Snapshot extends Books {
  readonly deployed: Deployed
  readonly entries: ReadonlyMap<string, TreeEntry>
}

const nothing: Snapshot = {
  deployed: { commit: null, files: new Map(), drifted: [] },
  entries: new Map(),
  drifted: [],
  source: null,
}

/** @throws Fault SETTINGS_INVALID for an address, branch or author that Git must not see; GIT_MISSING, DISK_FULL */
export async function openDeployRepository(options: DeployOptions): Promise<DeployRepository> {
  const { author } = options
  if (plain(author.email) !== author.email || author.email === '' || plain(author.name) === '') {
    throw new Fault(
      'SETTINGS_INVALID',
      'the author of commits needs a name and an address on one line, without < and >',
      {
        retry: 'never',
      },
    )
  }
  const remote = await openRemote(options)
  let newest = nothing
  let turn: Promise<unknown> = Promise.resolve()

  const readAt = async (head: string | null): Promise<Snapshot | 'moved'> => {
    if (head === null) return nothing
    if (newest.deployed.commit === head) return newest
    const snapshot = await withSoundClone(remote, async () => {
      if (!(await remote.bring(head))) return 'moved'
      return readSnapshot(remote.place, head, newest, author.email)
    })
    if (snapshot !== 'moved') newest = snapshot
    return snapshot
  }

  const bringHead = async (head: string | null): Promise<string | null | 'moved'> =>
    head === null || (await remote.bring(head)) ? head : 'moved'

  const publish = async (request: PublishRequest): Promise<Publication | undefined> => {
    const limits = { ...swapLimits, ...options.limits }
    const publication = await swap(remote, options.branch, limits, async (head) => {
      const snapshot = await readAt(head)
      if (snapshot === 'moved') return snapshot
      const wanted = request.change(snapshot.deployed)
      if (!wanted) return undefined
      const built = await withSoundClone(remote, async () => {
        if (head !== null) await remote.bring(head)
        return buildCommit(remote, snapshot, wanted, request.source, options)
      })
      if (built) await refuseOvertaken(snapshot.source, request)
      return built
    })
    if (publication) await remote.tidy()
    return publication
  }

  return {
    head: () => remote.head(),
    read: async () => (await settle(remote, readAt)).deployed,
    publish: (request) => {
      const result = turn.then(() => publish(request))
      turn = result.catch(() => undefined)
      return result
    },
    log: (after) =>
      withSoundClone(remote, async () => {
        const commit = await settle(remote, bringHead)
        if (commit === null) return []
        return readPublications(remote.place, commit, after, author.email, ownedFolders)
      }),
    ledgerHistory: async () => {
      const head = await withSoundClone(remote, () => settle(remote, bringHead))
      return openLedgerHistory(remote, head, author.email)
    },
  }
}

/** Makes a bare repository where there is none yet: the deploy repository of the embedded default. */
export async function initBareRepository(path: string, branch: string, environment: GitEnvironment): Promise<void> {
  const initial = `--initial-branch=${checkedBranch(branch)}`
  await mkdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Fault('FILE_FAILED', `the folder ${path} cannot be made (${error.code ?? 'unknown'})`, { retry: 'later' })
  })
  const place: GitPlace = { folder: path, environment, globalConfiguration: null, secrets: [] }
  const output = await runGit(place, ['init', '--quiet', '--bare', '--template=', initial, '.'])
  if (output.code !== 0) throw await orDiskFull(gitFailed(place, 'init', output.stderr), [path])
}

/** Reads the head until it stands still for long enough to be read from. */
async function settle<Value>(
  remote: Remote,
  readAt: (head: string | null) => Promise<Value | 'moved'>,
): Promise<Value> {
  for (let tries = 0; tries < swapLimits.tries; tries += 1) {
    const value = await readAt(await remote.head())
    if (value !== 'moved') return value
  }
  throw new Fault('GIT_FAILED', 'the branch of the deploy repository is rewritten again and again', { retry: 'soon' })
}

async function readSnapshot(place: GitPlace, head: string, before: Snapshot, email: string): Promise<Snapshot> {
  const entries = byPath(await listTree(place, head, ownedFolders))
  const known = new Map<string, string>()
  for (const [path, text] of before.deployed.files) {
    const entry = before.entries.get(path)
    if (entry) known.set(entry.object, text)
  }
  const regular = [...entries.values()].filter((entry) => entry.kind === 'file')
  const unread = new Set(regular.map((entry) => entry.object).filter((object) => !known.has(object)))
  const sizes = await objectSizes(place, [...unread])
  const readable = [...unread].filter((object) => (sizes.get(object) ?? 0) <= blobBytesMax)
  for (const [object, bytes] of await readObjects(place, readable)) known.set(object, bytes.toString('utf8'))
  const files = new Map<string, string>()
  for (const entry of regular) {
    const text = known.get(entry.object)
    if (text !== undefined) files.set(entry.path, text)
  }
  const books = await readBooks(place, head, entries, email)
  const drifted = books.drifted.map(({ path, commit, author }) => ({ path, commit, author }))
  return { deployed: { commit: head, files, drifted }, entries, ...books }
}

/** Makes the commit, with the books that go with it; undefined when nothing but the books would change. */
async function buildCommit(
  remote: Remote,
  snapshot: Snapshot,
  wanted: PublishedChange,
  source: SourceRecord | null,
  options: DeployOptions,
): Promise<Built<Publication> | undefined> {
  const drifted = new Set(snapshot.drifted.map((file) => file.path))
  const effective = effectiveChange(snapshot.entries, drifted, wanted.files)
  if (effective.files.size === 0 && effective.adopted.size === 0) return undefined
  const files = new Map(effective.files)
  const keep = (path: string, text: string | null): void => {
    const object = snapshot.entries.get(path)?.object
    if (text === null ? object !== undefined : object !== blobId(text)) files.set(path, text)
  }
  keep(driftPath, driftText(snapshot.drifted.filter((file) => !effective.adopted.has(file.path))))
  const record = source ?? snapshot.source
  if (record) keep(sourcePath, sourceText(record))
  const requestId = randomUUID()
  const at = new Date(Math.floor(options.now().getTime() / 1000) * 1000)
  const parent = snapshot.deployed.commit
  const message = commitMessage(wanted, source, requestId)
  const commit = await importCommit(remote.place, remote.reference, {
    parent,
    author: options.author,
    at,
    message,
    files,
  })
  const result: Publication = {
    commit,
    parent,
    action: wanted.action,
    subject: subjectLine(wanted.subject),
    subjects: wanted.subjects,
    sourceRepository: source?.repository ?? null,
    sourceCommit: source?.commit ?? null,
    sourceDirty: source?.dirty ?? false,
    requestId,
    files: files.size,
    at,
  }
  return { commit, bytes: weightOf(files), result }
}

/** Newer specs must not be replaced by older ones, whoever comes last. Operations compile nothing and are never overtaken. */
async function refuseOvertaken(published: SourceRecord | null, request: PublishRequest): Promise<void> {
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
