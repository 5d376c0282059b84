import { mkdir } from 'node:fs/promises'
import { Fault } from '../domain/fault.ts'
import { ownedFolders } from '../domain/ledger.ts'
import type { LedgerHistory } from '../domain/ledger-history.ts'
import type { Deployed, Publication, PublishRequest } from '../domain/publication.ts'
import type { Proposed, ProposeRequest, Waiting } from '../domain/proposal.ts'
import { type Link, linkFor, takingUp } from './chain/links.ts'
import { type Batch, createQueue, type Settled } from './chain/queue.ts'
import { nothing, readSnapshot, type Snapshot, snapshotOf } from './chain/snapshot.ts'
import { checkedBranch } from './git/address.ts'
import type { Ours } from './git/history.ts'
import { type Author, importCommits, type NewCommit, plain, weightOf } from './git/import.ts'
import { openLedgerHistory } from './git/ledger-history.ts'
import { readPublications } from './git/publications.ts'
import { readReference } from './git/references.ts'
import { openRemote, type Remote, type RemoteOptions, withSoundClone } from './git/remote.ts'
import { type GitEnvironment, type GitPlace, git, gitFailed, orDiskFull, runGit } from './git/run.ts'
import { begin } from './proposal/begin.ts'
import { carry, propose, type Proposing, readWaiting } from './proposal/propose.ts'
import { proposalReferences } from './proposal/references.ts'
import { readStanding } from './proposal/waiting.ts'
import { openSigning, type Signing } from './git/sign.ts'
import { type Built, createPace, type SwapLimits, swap, swapLimits } from './git/swap.ts'
import { createTurn } from './turn.ts'

/** Where the deploy repository is: `url` is an absolute path, an https, ssh or file URL, or `user@host:path`. */
export interface DeployOptions extends RemoteOptions {
  /** Who commits. Every writer of ours uses the same address: by it, and by their signature where they have one, we know our own commits. */
  readonly author: Author
  readonly now: () => Date
  readonly limits?: Partial<SwapLimits>
  /** Whether commits are signed, with the key that Git's configuration names; as its commit.gpgSign says where it is left out. */
  readonly sign?: boolean
}

/** The deploy repository: read at its head, written by compare-and-swap. */
export interface DeployRepository {
  /** The commit at the head of the branch; null while there is none. @throws Fault GIT_UNREACHABLE */
  head(): Promise<string | null>
  /** The owned files at the head. A head that was read before costs one question to the server. @throws Fault as `publish` */
  read(): Promise<Deployed>
  /**
   * Publishes a change as one commit on top of the head; asks for the change again when the branch moved meanwhile. What is asked for while a push
   * is under way waits, and then goes in one push: a commit for each request, in their order.
   * @returns undefined when there was nothing to change
   * @throws Fault GIT_OVERTAKEN, GIT_PUSH_REJECTED, GIT_UNREACHABLE, GIT_SIGNING_FAILED, DISK_FULL, GIT_MISSING, GIT_FAILED
   */
  publish(request: PublishRequest): Promise<Publication | undefined>
  /**
   * Puts a change as one commit on the branch from which pull requests are made, `<branch>-next`, over the head; takes back what waits there where
   * nothing is to be changed.
   * @throws Fault as `publish`
   */
  propose(request: ProposeRequest): Promise<Proposed>
  /** What waits there. @throws Fault as `publish` */
  waiting(): Promise<Waiting>
  /**
   * Commits of ours after a commit, or all; oldest first, at most 10,000: ask again after the last of them.
   * @param without commits that are left out with all that is before them, on whatever branch they are
   */
  log(after: string | null, without?: readonly string[]): Promise<readonly Publication[]>
  /** What has been done to the ledger, commit by commit, up to the present head. @throws Fault as `read` */
  ledgerHistory(): Promise<LedgerHistory>
}

/** So many requests go in one push at most. */
const requestsOfOnePush = 64
/** A request whose batch was refused has been tried often enough before. */
const refusalsAlone = 2

/** @throws Fault SETTINGS_INVALID for an address, branch or author that Git must not see; GIT_SIGNING_FAILED, GIT_MISSING, DISK_FULL */
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
  const references = proposalReferences(options.branch)
  const opened = await openRemote(options)
  /** Whether anything is proposed, as far as is known: asked with the head, so that it costs nothing. */
  let isProposed: boolean | undefined
  const remote: Remote = {
    ...opened,
    head: async () => {
      const said = await opened.references([references.head, references.next, references.kept])
      isProposed = said.has(references.next) || said.has(references.kept)
      return said.get(references.head) ?? null
    },
  }
  const signing = await openSigning(remote.place, author.email, options.cacheFolder, options.sign)
  const ours: Ours = { email: author.email, ...(signing ? { signed: signing.signed } : {}) }
  const pace = createPace()
  let newest = nothing

  const proposedCommit = async () => {
    const said = await remote.references([references.head, references.next, references.kept])
    return (await readStanding(remote, references, said, ours)).commit
  }

  const readAt = async (head: string | null): Promise<Snapshot | 'moved'> => {
    if (head === null) return nothing
    if (newest.deployed.commit === head) return newest
    const snapshot = await withSoundClone(remote, async () => {
      if (!(await remote.bring(head))) return 'moved'
      return readSnapshot(remote.place, head, newest, ours, proposedCommit)
    })
    if (snapshot !== 'moved') newest = snapshot
    return snapshot
  }

  const bringHead = async (head: string | null): Promise<string | null | 'moved'> =>
    head === null || (await remote.bring(head)) ? head : 'moved'

  const publishAll = async ({ take, alone }: Batch<PublishRequest>): Promise<readonly Settled<Answer>[]> => {
    const limits = { ...swapLimits, ...options.limits }
    let settled: readonly Settled<Answer>[] = []
    const pushed = await swap(
      remote,
      options.branch,
      alone ? { ...limits, refusals: Math.min(limits.refusals, refusalsAlone) } : limits,
      async (head) => {
        const snapshot = await readAt(head)
        if (snapshot === 'moved') return snapshot
        const chain = await chainOf(snapshot, take(), options)
        settled = chain.settled([])
        if (chain.links.length === 0) return undefined
        let again = false
        const ids = await withSoundClone(remote, async () => {
          // A clone that was made anew has nothing yet.
          if (again && head !== null) await remote.bring(head)
          again = true
          return makeCommits(
            remote,
            signing,
            head,
            chain.links.map(({ made }) => made),
          )
        })
        return builtOf(chain, ids)
      },
      { assumed: newest.deployed.commit ?? undefined, pace },
    )
    if (!pushed) return settled
    newest = pushed.newest()
    await remote.tidy()
    return pushed.settled
  }
  const publish = createQueue(requestsOfOnePush, publishAll)
  const proposing: Proposing = {
    ...{ remote, references, ours, options, readAt },
    readOther: (commit) => readSnapshot(remote.place, commit, newest, ours, () => Promise.resolve(undefined)),
    begin: () => begin(remote, options, (parent, made) => makeOne(parent, made)),
    takeUp: () => publish({ source: null, change: () => undefined }),
    make: (parent, made) => makeOne(parent, made),
  }
  const makeOne = async (parent: string | null, made: NewCommit): Promise<string> => {
    // Of its own, so that no commit which is being published is taken for it.
    const apart = { ...remote, reference: `${remote.reference}-proposed` }
    const [id = ''] = await makeCommits(apart, signing, parent, [made])
    return id
  }
  // They meet at the same two references.
  const inTurn = createTurn()

  return {
    head: () => remote.head(),
    read: async () => (await settle(remote, readAt)).deployed,
    publish: async (request) => {
      const publication = await publish(request)
      // What cannot be carried now is made again when specs are compiled next: the operation is done all the same.
      if (publication && request.source === null && isProposed)
        await inTurn(() => carry(proposing)).catch(() => undefined)
      return publication
    },
    propose: async (request) => {
      if (isProposed === undefined) await remote.head()
      if (!request.asked && isProposed === false) return { kind: 'none' }
      const proposed = await inTurn(() => propose(proposing, request))
      isProposed = proposed.kind === 'waiting' || proposed.kind === 'foreign'
      return proposed
    },
    waiting: () => withSoundClone(remote, () => readWaiting(proposing)),
    log: (after, without = []) =>
      withSoundClone(remote, async () => {
        const commit = await settle(remote, bringHead)
        if (commit === null) return []
        return readPublications(remote.place, commit, { after, without }, ours, ownedFolders)
      }),
    ledgerHistory: async () => {
      const head = await withSoundClone(remote, () => settle(remote, bringHead))
      return openLedgerHistory(remote, head, ours)
    },
  }
}

/**
 * The commit at the head of a branch of a bare repository on this machine, without a process, where it alone decides what is published there;
 * undefined where only Git can tell, and while something waits to be merged, for that decides whose a commit is.
 * @throws Fault SETTINGS_INVALID for a branch that Git must not see
 */
export function headOnDisk(path: string, branch: string): string | undefined {
  const { head, kept } = proposalReferences(checkedBranch(branch))
  return readReference(path, kept) === undefined ? readReference(path, head) : undefined
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

/** What a request comes to: undefined when there was nothing to change. */
type Answer = Publication | undefined

interface Chain {
  readonly links: readonly Link[]
  readonly parent: string | null
  /** The answer to each request, once the links have their commits. */
  settled(ids: readonly string[]): readonly Settled<Answer>[]
}

/** Folds requests into commits, each asked for on top of what those before it leave. A request that is refused leaves no commit. */
async function chainOf(
  snapshot: Snapshot,
  requests: readonly PublishRequest[],
  options: DeployOptions,
): Promise<Chain> {
  const links: Link[] = snapshot.merged === null ? [] : [takingUp(snapshot, snapshot.merged, options)]
  const outcomes: (number | undefined | { readonly error: unknown })[] = []
  for (const request of requests) {
    try {
      const link = await linkFor(links.at(-1)?.after() ?? snapshot, request, options)
      outcomes.push(link && links.push(link) - 1)
    } catch (error) {
      outcomes.push({ error })
    }
  }
  const parent = snapshot.deployed.commit
  const settled = (ids: readonly string[]): readonly Settled<Answer>[] =>
    outcomes.map((outcome) => {
      if (typeof outcome === 'object') return { kind: 'refused', error: outcome.error }
      const about = outcome === undefined ? undefined : links[outcome]?.about
      if (outcome === undefined || about === undefined) return { kind: 'done', value: undefined }
      const value = {
        ...about,
        commit: ids[outcome] ?? '',
        parent: outcome === 0 ? parent : (ids[outcome - 1] ?? null),
      }
      return { kind: 'done', value }
    })
  return { links, parent, settled }
}

async function makeCommits(
  remote: Pick<Remote, 'place' | 'reference'>,
  signing: Signing | undefined,
  parent: string | null,
  commits: readonly NewCommit[],
): Promise<readonly string[]> {
  const { place, reference } = remote
  const imported = await importCommits(place, reference, parent, commits)
  if (!signing) return imported
  const ids = await signing.sign(parent, imported, commits)
  await git(place, ['update-ref', reference, ids.at(-1) ?? ''])
  return ids
}

interface Pushed {
  newest(): Snapshot
  readonly settled: readonly Settled<Answer>[]
}

function builtOf(chain: Chain, ids: readonly string[]): Built<Pushed> {
  const commit = ids.at(-1) ?? ''
  const bytes = chain.links.reduce((sum, { made }) => sum + weightOf(made.files), 0)
  const last = chain.links.at(-1)
  const newest = (): Snapshot => (last ? snapshotOf(last.after(), commit) : nothing)
  return { commit, bytes, result: { newest, settled: chain.settled(ids) } }
}
