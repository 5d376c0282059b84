import type { ForeignLedgerCommit, LedgerCommit, LedgerHistory, OurLedgerCommit } from '../../domain/ledger-history.ts'
import { type Commit, openRecognition, type Ours, publicationOf, readCommits } from './history.ts'
import { listRange, readArrivals } from './merges.ts'
import { blobBytesMax, objectSizes, readObjects } from './objects.ts'
import { type Remote, withSoundClone } from './remote.ts'
import { oursIn, writtenBy } from './written.ts'
import { type GitPlace, gitFailed, runGit } from './run.ts'

const ledgerFolder = '.specyard/ledger'
/** Commits whose changes are asked for in one call: a long history takes a few processes for each so many, never one for each commit. */
const commitsOfOneRead = 500
/** Ledger files that are held in memory at once, unless one commit alone changed more. */
const textBytesMax = 32 * 1024 * 1024

/** A file that a commit changed; without an object it is gone, or is none. */
interface ChangedFile {
  readonly path: string
  readonly object: string | null
}

/**
 * The history of the ledger up to a commit of the remote's branch. The clone may be made anew while it is read.
 * @param head null where the branch has no commit
 * @param ours by what our own commits are known
 */
export async function openLedgerHistory(remote: Remote, head: string | null, ours: Ours): Promise<LedgerHistory> {
  const inClone = <Value>(work: () => Promise<Value>): Promise<Value> =>
    withSoundClone(remote, async () => {
      if (head !== null) await remote.bring(head)
      return work()
    })
  const range = head === null ? undefined : await inClone(() => listRange(remote.place, head, []))
  const ids = range?.ids ?? []
  return {
    commits: ids.length,
    read: async function* read() {
      const recognise = await openRecognition(remote.place, ours, null)
      const merged = head === null ? new Set<string>() : await inClone(() => mergedFiles(remote.place, head, ours))
      for (let from = 0; from < ids.length; from += commitsOfOneRead) {
        const some = ids.slice(from, from + commitsOfOneRead)
        const changed = await inClone(() => changedLedgerFiles(remote.place, some))
        const commits = await inClone(() => readCommits(remote.place, [...changed.keys()]))
        const positions = new Map(some.map((id, index) => [id, from + index + 1]))
        const [known, arrivals] = await inClone(async () => {
          const own = await recognise(commits)
          return [new Set(own), range && (await readArrivals(remote.place, range, own, ours))] as const
        })
        const said = commits.map((commit) => ({
          commit,
          at: arrivals?.get(commit.id)?.at ?? commit.at,
          position: positions.get(commit.id) ?? 0,
          action: known.has(commit) ? publicationOf(commit, ours.email, 0)?.action : undefined,
          files: changed.get(commit.id) ?? [],
        }))
        const believed = said.map((one) => (one.action === undefined ? withoutMerged(one, merged) : one))
        const own = believed.filter(({ action }) => action !== undefined)
        const sizes = await inClone(() => objectSizes(remote.place, [...new Set(own.flatMap(objectsOf))]))
        for (const batch of batches(believed, sizes)) {
          const objects = [...new Set(batch.filter(({ action }) => action !== undefined).flatMap(objectsOf))]
          const texts = await inClone(() =>
            readObjects(
              remote.place,
              objects.filter((one) => isReadable(one, sizes)),
            ),
          )
          for (const one of batch) yield tell(one, texts)
        }
      }
    },
  }
}

/**
 * The files, as `path object`, of what we proposed and then took up after somebody squashed or rebased it: what their commits say of these is what
 * ours say.
 */
async function mergedFiles(place: GitPlace, head: string, ours: Ours): Promise<ReadonlySet<string>> {
  const merges = await oursIn(place, ['--merges', head], ours)
  const proposals = await readCommits(
    place,
    merges.flatMap(({ parents }) => parents.slice(1)),
  )
  const files = new Set<string>()
  for (const proposal of proposals)
    for (const [path, entry] of await writtenBy(place, proposal)) files.add(`${path} ${entry?.object ?? null}`)
  return files
}

/** Without what is ours; nothing is left of a commit that did nothing else. */
function withoutMerged(said: Said, merged: ReadonlySet<string>): Said {
  return { ...said, files: said.files.filter(({ path, object }) => !merged.has(`${path} ${object}`)) }
}

interface Said {
  readonly commit: Commit
  /** When it came to the branch. */
  readonly at: Date
  readonly position: number
  /** Undefined for a commit that is none of ours. */
  readonly action: string | undefined
  readonly files: readonly ChangedFile[]
}

function tell({ commit, at, position, action, files }: Said, texts: ReadonlyMap<string, Buffer>): LedgerCommit {
  const place = { commit: commit.id, at, position }
  if (action === undefined) {
    const foreign: ForeignLedgerCommit = {
      ...place,
      ours: false,
      author: commit.author,
      paths: files.map(({ path }) => path),
    }
    return foreign
  }
  const read = new Map<string, string | null>()
  for (const { path, object } of files) {
    const bytes = object === null ? null : texts.get(object)
    // What is too large to be a ledger file is none, here as wherever the deploy repository is read.
    if (bytes !== undefined) read.set(path, bytes === null ? null : bytes.toString('utf8'))
  }
  const own: OurLedgerCommit = { ...place, ours: true, action, files: read }
  return own
}

/** Neighbouring commits whose ledger files fit into memory together. */
function* batches(said: readonly Said[], sizes: ReadonlyMap<string, number>): Generator<readonly Said[]> {
  let batch: Said[] = []
  let bytes = 0
  for (const one of said) {
    const weight =
      one.action === undefined ? 0 : objectsOf(one).reduce((sum, object) => sum + (sizes.get(object) ?? 0), 0)
    if (batch.length > 0 && bytes + weight > textBytesMax) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(one)
    bytes += weight
  }
  if (batch.length > 0) yield batch
}

function objectsOf({ files }: Pick<Said, 'files'>): readonly string[] {
  return files.flatMap(({ object }) => object ?? [])
}

function isReadable(object: string, sizes: ReadonlyMap<string, number>): boolean {
  return (sizes.get(object) ?? 0) <= blobBytesMax
}

/** The ledger files that each commit changed, in the order of the commits; a merge changed what is as in none of its parents. */
async function changedLedgerFiles(
  place: GitPlace,
  commits: readonly string[],
): Promise<ReadonlyMap<string, readonly ChangedFile[]>> {
  const options = ['--stdin', '--root', '-r', '-c', '-z', '--no-renames', '--raw', '--no-abbrev']
  const output = await runGit(place, ['diff-tree', ...options, '--', ledgerFolder], [`${commits.join('\n')}\n`])
  if (output.code !== 0) throw gitFailed(place, 'diff-tree', output.stderr)
  const asked = new Set(commits)
  const changed = new Map<string, ChangedFile[]>()
  let files: ChangedFile[] = []
  let object: string | null | undefined
  for (const token of output.stdout.toString('utf8').split('\0')) {
    // `:100644 100644 <old> <new> M`, with a colon, a mode and an object more for each further parent; then the path.
    if (object !== undefined) {
      files.push({ path: token, object })
      object = undefined
    } else if (token.startsWith(':')) {
      const parents = token.lastIndexOf(':') + 1
      const fields = token.slice(parents).split(' ')
      const isFile = fields[parents]?.startsWith('100') ?? false
      object = isFile ? (fields[2 * parents + 1] ?? null) : null
    } else if (asked.has(token)) {
      files = []
      changed.set(token, files)
    }
  }
  return changed
}
