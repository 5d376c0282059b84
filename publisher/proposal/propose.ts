import { Fault } from '../../domain/fault.ts'
import { sourcePath } from '../../domain/ledger.ts'
import type { Proposal, Proposed, ProposeRequest, Waiting } from '../../domain/proposal.ts'
import { type LinkOptions, type Link, linkFor, refuseOvertaken } from '../chain/links.ts'
import type { Snapshot } from '../chain/snapshot.ts'
import { type Ours, publicationOf, readCommits } from '../git/history.ts'
import type { NewCommit } from '../git/import.ts'
import { type Move, type Remote, shown, withSoundClone } from '../git/remote.ts'
import { gitSaid } from '../git/run.ts'
import type { ProposalReferences } from './references.ts'
import { proposalOf, readStanding, type Standing } from './waiting.ts'

/** What proposals are made with. */
export interface Proposing {
  readonly remote: Remote
  readonly references: ProposalReferences
  readonly ours: Ours
  readonly options: LinkOptions
  /** What is known of the head of the branch. */
  readAt(head: string | null): Promise<Snapshot | 'moved'>
  /** What is known of another commit that is in the clone. */
  readOther(commit: string): Promise<Snapshot>
  /** Begins a branch that has no commit yet, for without one nothing can be merged. */
  begin(): Promise<void>
  /** Takes up into the history what was merged as a squash or a rebase: the references keep it only until something else is proposed. */
  takeUp(): Promise<unknown>
  /** Makes a commit in the clone, signed where ours are. */
  make(parent: string | null, commit: NewCommit): Promise<string>
}

const triesMax = 10

/**
 * Puts what specs ask for, and a person has to merge, as one commit over the head of the branch on the branch beside it. The commit there before is
 * replaced by compare-and-swap where it is ours, and left alone where it is somebody else's. The head must be there.
 * @throws Fault GIT_OVERTAKEN, GIT_PUSH_REJECTED, GIT_UNREACHABLE, GIT_FAILED
 */
export async function propose(on: Proposing, request: ProposeRequest): Promise<Proposed> {
  let refused = ''
  for (let tries = 0; tries < triesMax; tries += 1) {
    const answer = await withSoundClone(on.remote, () => proposeOnce(on, request))
    if (answer === 'merged') await on.takeUp()
    else if (answer !== 'moved' && !('refused' in answer)) return answer
    else if (answer !== 'moved') refused = answer.refused
  }
  const { remote, references } = on
  const words = refused === '' ? 'it moved again and again' : refused
  throw new Fault(
    'GIT_PUSH_REJECTED',
    `${shown(remote.address)} refused the proposal on ${references.nextBranch}: ${words}`,
    {
      retry: 'later',
      hint: `this identity must be allowed to create, replace and delete the branch ${references.nextBranch} and the reference ${references.kept}`,
    },
  )
}

/** What waits now. @throws Fault as `propose` */
export async function readWaiting(
  on: Pick<Proposing, 'remote' | 'references' | 'ours' | 'readAt' | 'readOther'>,
): Promise<Waiting> {
  const said = await readReferences(on)
  const standing = await readStanding(on.remote, on.references, said, on.ours)
  if (standing.foreign) return { kind: 'foreign', foreign: standing.foreign }
  if (!standing.commit || standing.isMerged) return { kind: 'none' }
  // What was merged as a squash waits no longer, although nobody has taken it up yet.
  const snapshot = await on.readAt(said.get(on.references.head) ?? null)
  if (snapshot !== 'moved' && snapshot.merged === standing.commit.id) return { kind: 'none' }
  return { kind: 'waiting', proposal: await told(on, standing.commit.id) }
}

type Once = Proposed | 'moved' | 'merged' | { readonly refused: string }

async function proposeOnce(on: Proposing, request: ProposeRequest): Promise<Once> {
  const said = await readReferences(on)
  const head = said.get(on.references.head) ?? null
  const snapshot = await on.readAt(head)
  if (snapshot === 'moved') return 'moved'
  if (snapshot.merged !== null) return 'merged'
  const standing = await readStanding(on.remote, on.references, said, on.ours)
  const link = await linkFor(snapshot, request, proposedOptions(on))
  if (standing.foreign) return link ? { kind: 'foreign', foreign: standing.foreign } : { kind: 'none' }
  const waits = standing.commit !== undefined && !standing.isMerged
  if (standing.commit && waits) {
    // Older specs take back nothing that newer ones ask for.
    const before = await on.readOther(standing.commit.id)
    await refuseOvertaken(before.source, request)
    if (
      link &&
      standing.commit.parents[0] === head &&
      isSame(before, link.after()) &&
      standing.next === standing.commit.id
    )
      return { kind: 'waiting', proposal: await told(on, standing.commit.id), made: false }
  }
  return link ? advance(on, head, link, standing) : takeAway(on, request, standing, waits)
}

/**
 * Makes a waiting proposal again over a head that an operation moved, from what it changes: no spec is compiled. Where the operation wrote one of its
 * files it stays as it is until specs are compiled again.
 */
export async function carry(on: Proposing): Promise<void> {
  for (let tries = 0; tries < triesMax; tries += 1)
    if ((await withSoundClone(on.remote, () => carryOnce(on))) !== 'moved') return
}

async function carryOnce(on: Proposing): Promise<unknown> {
  const said = await readReferences(on)
  const head = said.get(on.references.head) ?? null
  const snapshot = await on.readAt(head)
  if (snapshot === 'moved') return snapshot
  const standing = await readStanding(on.remote, on.references, said, on.ours)
  const { commit, foreign, isMerged } = standing
  const [below] = commit?.parents ?? []
  if (!commit || below === undefined || foreign || isMerged || snapshot.merged === commit.id || below === head) return
  const proposal = await told(on, commit.id)
  const before = (await on.readOther(below)).deployed.files
  const { files } = snapshot.deployed
  if ([...proposal.files.keys()].some((path) => files.get(path) !== before.get(path))) return
  const publication = publicationOf(commit, on.ours.email, 0)
  const words = { subject: proposal.subject, body: commit.message.trimEnd().split(/\n\n+/).slice(1, -1).join('\n\n') }
  const about = {
    action: publication?.action ?? 'publication',
    subjects: proposal.subjects,
    specs: publication?.specs ?? [],
  }
  const request = {
    ...{ source: proposal.source, descends: () => Promise.resolve(true) },
    change: () => ({ files: proposal.files, ...words, ...about }),
  }
  const link = await linkFor(snapshot, request, proposedOptions(on))
  return link && move(on, standing, await on.make(head, link.made))
}

async function advance(on: Proposing, head: string | null, link: Link, standing: Standing): Promise<Once> {
  if (head === null) {
    await on.begin()
    return 'moved'
  }
  const commit = await on.make(head, link.made)
  const answer = await move(on, standing, commit)
  return answer ?? { kind: 'waiting', proposal: await told(on, commit), made: true }
}

async function takeAway(on: Proposing, request: ProposeRequest, standing: Standing, waits: boolean): Promise<Once> {
  if (!standing.commit) return { kind: 'none' }
  const proposal = await told(on, standing.commit.id)
  if (waits) await request.withdrawing?.(proposal)
  const answer = await move(on, standing, null)
  return answer ?? { kind: waits ? 'withdrawn' : 'merged', proposal }
}

/** Moves both references, or removes them. Undefined when that was done. */
async function move(
  on: Proposing,
  standing: Standing,
  commit: string | null,
): Promise<'moved' | { refused: string } | undefined> {
  const { next, kept } = on.references
  const moves: Move[] = [
    { reference: next, expected: standing.next, commit },
    { reference: kept, expected: standing.kept, commit },
  ]
  // A server refuses to delete what is not there, and has nothing to do for what is there already.
  const needed = moves.filter(({ expected }) => expected !== commit)
  const output = await on.remote.move(needed)
  if (output.code === 0) return undefined
  const now = await readReferences(on)
  const isMoved = needed.some(({ reference, expected }) => (now.get(reference) ?? null) !== expected)
  return isMoved ? 'moved' : { refused: gitSaid(output.stderr, on.remote.address.secrets) }
}

function proposedOptions({ options, references }: Proposing): LinkOptions {
  return { ...options, proposedTo: references.branch }
}

function readReferences({ remote, references }: Pick<Proposing, 'remote' | 'references'>) {
  return remote.references([references.head, references.next, references.kept])
}

async function told(on: Pick<Proposing, 'remote' | 'references' | 'readOther'>, id: string): Promise<Proposal> {
  const [commit] = await readCommits(on.remote.place, [id])
  if (!commit) throw new Fault('GIT_FAILED', `the commit ${id} of a proposal is gone`, { retry: 'soon' })
  return proposalOf(on.remote, on.references, commit, (await on.readOther(id)).source)
}

/** Whether two trees are the same; what they were compiled from makes no commit alone, and so no other proposal. */
function isSame(one: Snapshot, other: Snapshot): boolean {
  const paths = new Set([...one.entries.keys(), ...other.entries.keys()])
  paths.delete(sourcePath)
  return [...paths].every((path) => {
    const [left, right] = [one.entries.get(path), other.entries.get(path)]
    return left?.kind === right?.kind && left?.object === right?.object
  })
}
