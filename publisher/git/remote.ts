import { randomUUID } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, isFault } from '../../domain/fault.ts'
import { type Address, checkedAddress, checkedBranch, withoutCredentials } from './address.ts'
import { dropClone, openClone, tidy } from './clone.ts'
import { connect, type ConnectionBounds, connectionBounds } from './connect.ts'
import { hasCommit } from './objects.ts'
import { readReference } from './references.ts'
import { type GitEnvironment, type GitOutput, type GitPlace, gitFailed, gitSaid, hasRoom, orDiskFull } from './run.ts'
import { createTurn } from '../turn.ts'

/** So often the head may be gone again when it is fetched. */
const movesMax = 10

export interface RemoteOptions {
  readonly url: string
  readonly branch: string
  /** Holds a bare clone and nothing else; may be deleted at any time, and shared with other processes. */
  readonly cacheFolder: string
  readonly environment: GitEnvironment
  /** What one connection may cost at most; the usual bounds where they are left out. */
  readonly bounds?: Partial<ConnectionBounds>
}

export interface Move {
  /** Its whole name. */
  readonly reference: string
  readonly expected: string | null
  readonly commit: string | null
}

/** One branch of a repository elsewhere, with a bare clone beside us in which commits are read and made. */
export interface Remote {
  readonly address: Address
  readonly cacheFolder: string
  /** The clone. */
  readonly place: GitPlace
  /** A reference of the clone that nobody else uses. */
  readonly reference: string
  /** The commit at the head of the branch, null while there is none. @throws Fault GIT_UNREACHABLE */
  head(): Promise<string | null>
  /** Brings whatever is the head into the clone; null while there is none. Costs one connection. @throws Fault as `bring` */
  bringHead(): Promise<string | null>
  /** Brings a commit into the clone; false when the branch moved away from it meanwhile. @throws Fault GIT_UNREACHABLE, DISK_FULL */
  bring(commit: string): Promise<boolean>
  /** What references of the remote say, by their whole names; those that are not there are left out. Costs one connection. @throws Fault GIT_UNREACHABLE */
  references(names: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** As `bring`, of a commit that another reference than the branch leads to. */
  bringFrom(reference: string, commit: string): Promise<boolean>
  /** Moves references, all of them or none, each only while it is as expected; null where there is none. Exit code 0 when they were moved. */
  move(moves: readonly Move[]): Promise<GitOutput>
  /** Offers a commit that descends from `expected` as the new head: accepted only while the head is just that. Exit code 0 when it was. */
  push(commit: string, expected: string | null): Promise<GitOutput>
  /** Asks what a push to a reference would be answered, by its whole name, and pushes nothing. */
  tryPush(commit: string, reference: string): Promise<GitOutput>
  /** How often the clone was started anew. */
  renewals(): number
  /** Starts the clone anew, for when it turns out to be damaged; once for all who ask for it meanwhile. */
  renew(): Promise<void>
  /** Deletes the clone; it is made anew when it is needed. */
  drop(): Promise<void>
  /** Now and then packs what has gathered in the clone. */
  tidy(): Promise<void>
}

/** @throws Fault SETTINGS_INVALID, GIT_MISSING, DISK_FULL; a remote that does not answer shows only when it is asked */
export async function openRemote(options: RemoteOptions): Promise<Remote> {
  const address = checkedAddress(options.url)
  const branch = `refs/heads/${checkedBranch(options.branch)}`
  const session = `refs/specyard/${randomUUID()}`
  const place: GitPlace = {
    folder: join(options.cacheFolder, 'clone.git'),
    environment: options.environment,
    globalConfiguration: join(options.cacheFolder, 'gitconfig'),
    secrets: address.secrets,
  }
  await openClone(options.cacheFolder, place)
  const bounds = { ...connectionBounds, ...options.bounds }
  const connectTo = (args: readonly string[]): Promise<GitOutput> => connect(place, args, bounds)

  const unreachable = (what: string, output: GitOutput): Fault =>
    new Fault(
      'GIT_UNREACHABLE',
      `the repository ${shown(address)} ${what}: ${gitSaid(output.stderr, address.secrets)}`,
      {
        retry: 'later',
        hint: 'check the address, the network and the credentials: git ls-remote must work for this user',
      },
    )

  const references = async (names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const output = await connectTo(['ls-remote', '--', address.url, ...names])
    if (output.code !== 0) throw unreachable('cannot be reached', output)
    const lines = output.stdout.toString('utf8').split('\n')
    // A name matches every reference that ends with it.
    const all = new Map(lines.map((line) => line.split('\t')).map(([commit = '', name = '']) => [name, commit]))
    for (const name of names) if (!all.has(name) && all.has(`refs/heads/${name}`)) throw mistaken(name, address)
    return new Map([...all].filter(([name]) => names.includes(name)))
  }
  const head = async (): Promise<string | null> => (await references([branch])).get(branch) ?? null

  const fetched = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', address.url]
  const fetchBranch = (): Promise<GitOutput> => connectTo([...fetched, `+${branch}:${session}/head`])
  // All write one reference of the clone: two at once would each take the lock of the other for a damaged clone.
  const inTurn = createTurn()

  const drop = (): Promise<void> => dropClone(options.cacheFolder, place)
  let renewals = 0
  let renewing: Promise<void> | undefined
  const renewOnce = async (): Promise<void> => {
    await drop()
    await openClone(options.cacheFolder, place)
    renewals += 1
  }
  const renew = (): Promise<void> =>
    (renewing ??= renewOnce().finally(() => {
      renewing = undefined
    }))

  const bringHeadNow = async (): Promise<string | null> => {
    for (let tries = 0; tries < movesMax; tries += 1) {
      const output = await fetchBranch()
      const brought = output.code === 0 ? readReference(place.folder, `${session}/head`) : undefined
      if (brought !== undefined) return brought
      // There is no branch, no server or no room, or the clone is damaged: asked step by step it shows which.
      const commit = await head()
      if (commit === null || (await bringNow(commit))) return commit
    }
    throw new Fault('GIT_FAILED', `the branch ${options.branch} is rewritten again and again`, { retry: 'soon' })
  }

  const bringNow = async (commit: string): Promise<boolean> => {
    if (await hasCommit(place, commit)) return true
    let output = await fetchBranch()
    // The remote answered a moment ago: what fails now may be the clone.
    if (output.code !== 0 && (await head()) !== null) {
      const fault = await orDiskFull(unreachable('cannot be fetched from', output), [options.cacheFolder])
      if (fault.code === 'DISK_FULL') throw fault
      await renew()
      output = await fetchBranch()
      if (output.code !== 0) throw await orDiskFull(gitFailed(place, 'fetch', output.stderr), [options.cacheFolder])
    }
    return hasCommit(place, commit)
  }

  return {
    address,
    cacheFolder: options.cacheFolder,
    place,
    reference: `${session}/next`,
    head,
    bringHead: () => inTurn(bringHeadNow),
    bring: async (commit) => (await hasCommit(place, commit)) || (await inTurn(() => bringNow(commit))),
    references,
    bringFrom: async (reference, commit) => {
      if (await hasCommit(place, commit)) return true
      // Kept under no name of the clone: two that are fetched at once would be in each other's way.
      const output = await connectTo([...fetched, reference])
      if (output.code !== 0 && (await references([reference])).has(reference))
        throw await orDiskFull(unreachable('cannot be fetched from', output), [options.cacheFolder])
      return hasCommit(place, commit)
    },
    move: (moves) => {
      const leases = moves.map((one) => `--force-with-lease=${one.reference}:${one.expected ?? ''}`)
      const wanted = moves.map((one) => `${one.commit ?? ''}:${one.reference}`)
      return connectTo(['push', '--quiet', '--no-verify', '--atomic', ...leases, '--', address.url, ...wanted])
    },
    push: (commit, expected) => {
      // Without a lease Git compares with whatever the branch is at that moment: a commit that a person took back would come back with ours.
      // Ours descends from what is expected, so the lease never lets anything be overwritten.
      const lease = `--force-with-lease=${branch}:${expected ?? ''}`
      return connectTo(['push', '--quiet', '--no-verify', lease, '--', address.url, `${commit}:${branch}`])
    },
    tryPush: (commit, reference) =>
      connectTo(['push', '--dry-run', '--quiet', '--no-verify', '--', address.url, `${commit}:${reference}`]),
    renewals: () => renewals,
    renew,
    drop,
    tidy: () => tidy(place),
  }
}

/** Where a reference is not there, Git reads and writes a branch that has all of its name for a name. */
function mistaken(name: string, address: Address): Fault {
  return new Fault(
    'GIT_FAILED',
    `${shown(address)} has no ${name}, and a branch with that name: Git takes one for the other`,
    {
      retry: 'never',
      hint: `look what is there, and take it away: git push <repository> :refs/heads/${name}`,
    },
  )
}

/**
 * Runs what needs the clone. It is only a copy: where it fails with room on the disk, it is made anew, once, unless somebody else did that meanwhile and so
 * took it away from under the work.
 */
export async function withSoundClone<Value>(remote: Remote, work: () => Promise<Value>): Promise<Value> {
  const before = remote.renewals()
  try {
    return await work()
  } catch (error) {
    if (!isFault(error, 'GIT_FAILED') || error.retry === 'never') throw error
    const fault = await orDiskFull(error, [remote.cacheFolder])
    if (fault.code === 'DISK_FULL') {
      // What a failed command left there is part of what fills the disk.
      await remote.drop()
      throw fault
    }
    if (remote.renewals() === before) await remote.renew()
    return work()
  }
}

/** The address as messages may show it. */
export function shown(address: Address): string {
  return withoutCredentials(address.url, address.secrets)
}

const serverLockMilliseconds = 10_000

/**
 * Frees a branch of a repository on this machine from the lock of a killed server process, which Git itself would keep for ever.
 * @returns whether a lock stood in the way, removed or still too young to be
 */
export async function freeBranch(address: Address, branch: string): Promise<boolean> {
  if (address.folder === null) return false
  const folder = address.folder
  let locked = false
  for (const lock of [join(folder, 'refs', 'heads', `${branch}.lock`), join(folder, 'HEAD.lock')]) {
    const before = await stat(lock).catch(() => undefined)
    if (!before || !(await hasRoom(folder, 0))) continue
    locked = true
    const probe = join(folder, `.age-${randomUUID()}`)
    try {
      await writeFile(probe, '')
      if ((await stat(probe)).mtimeMs - before.mtimeMs > serverLockMilliseconds) await rm(lock, { force: true })
    } catch {
      // Not ours to write: its owner has to.
    } finally {
      await rm(probe, { force: true }).catch(() => undefined)
    }
  }
  return locked
}
