import { Fault } from '../domain/fault.ts'
import { publicUrl } from './git/address.ts'
import { blameLines, openArrivals } from './git/blame.ts'
import { type Commit, readCommits } from './git/history.ts'
import { listTree, objectSizes, readObjects } from './git/objects.ts'
import { openRemote, type Remote, type RemoteOptions, shown, withSoundClone } from './git/remote.ts'
import { runGit } from './git/run.ts'

/*
 * A deploy repository that Specyard does not write, read at the head of a branch: fetched into a folder of our own, and nothing is ever pushed.
 */

/** Of one repository: more is none of a deploy repository's, and is not read. */
const manifestBytesMax = 128 * 1024 * 1024
const manifestsMax = 50_000

export interface Inspected {
  /** Address as it may be shown. */
  readonly address: string
  /** Where a clone on this machine came from, as it may be shown; empty for what has no origin. */
  readonly origins: readonly string[]
  readonly commit: string
  /** Every path of the tree. */
  readonly paths: readonly string[]
  /** Contents of the files whose paths were wanted. */
  readonly files: ReadonlyMap<string, Buffer>
  /** The commit that each line of a file was written in, from line 1. @throws Fault GIT_FAILED */
  blame(path: string): Promise<readonly string[]>
  /** @throws Fault GIT_FAILED */
  commitOf(id: string): Promise<InspectedCommit>
}

export interface InspectedCommit extends Commit {
  /** The merge that brought it to the branch; null for what was made or pushed there itself. */
  readonly merge: Commit | null
}

export interface Inspection {
  /** The newest commit of the branch. @throws Fault GIT_UNREACHABLE, REVISION_UNKNOWN when the branch is not there */
  head(): Promise<string>
  /** @throws Fault as `head`, and GIT_FAILED, DISK_FULL */
  read(wanted: (path: string) => boolean): Promise<Inspected>
}

/** @throws Fault SETTINGS_INVALID, GIT_MISSING, DISK_FULL, FILE_FAILED */
export async function openInspection(options: RemoteOptions): Promise<Inspection> {
  const remote = await openRemote(options)
  const head = async (): Promise<string> => {
    const commit = await remote.head()
    if (commit !== null) return commit
    throw new Fault('REVISION_UNKNOWN', `the repository ${shown(remote.address)} has no branch ${options.branch}`, {
      retry: 'never',
      hint: 'name the branch that Argo CD follows with --branch',
    })
  }
  return {
    head,
    read: async (wanted) => {
      const commit = await head()
      if (!(await remote.bring(commit))) return inspect(remote, await head(), wanted)
      return withSoundClone(remote, () => inspect(remote, commit, wanted))
    },
  }
}

async function inspect(remote: Remote, commit: string, wanted: (path: string) => boolean): Promise<Inspected> {
  const { place, address } = remote
  await remote.bring(commit)
  const entries = (await listTree(place, commit, [])).filter(({ kind }) => kind === 'file')
  const chosen = entries.filter(({ path }) => wanted(path)).slice(0, manifestsMax)
  const sizes = await objectSizes(place, [...new Set(chosen.map(({ object }) => object))])
  let room = manifestBytesMax
  const fitting = chosen.filter(({ object }) => {
    room -= sizes.get(object) ?? 0
    return room >= 0
  })
  const contents = await readObjects(place, [...new Set(fitting.map(({ object }) => object))])
  const arrivals = openArrivals(place, commit)
  const told = new Map<string, Promise<InspectedCommit>>()
  const tell = async (id: string): Promise<InspectedCommit> => {
    const merge = await arrivals.mergeOf(id)
    const [own, merging] = await readCommits(place, merge === null ? [id] : [id, merge])
    return { ...(own as Commit), merge: merging ?? null }
  }
  return {
    address: shown(address),
    origins: await originsOf(remote),
    commit,
    paths: entries.map(({ path }) => path),
    files: new Map(fitting.map(({ path, object }) => [path, contents.get(object) ?? Buffer.alloc(0)])),
    blame: (path) => blameLines(place, commit, path),
    commitOf: (id) => {
      const known = told.get(id) ?? tell(id)
      told.set(id, known)
      return known
    },
  }
}

/** A clone on this machine says where it came from: Applications name that address, not the folder. */
async function originsOf({ place, address }: Remote): Promise<readonly string[]> {
  if (address.folder === null) return []
  const asked = await runGit({ ...place, folder: address.folder }, ['config', '--get', 'remote.origin.url'])
  const url = asked.code === 0 ? publicUrl(asked.stdout.toString('utf8').trim()) : null
  return url === null ? [] : [url]
}
