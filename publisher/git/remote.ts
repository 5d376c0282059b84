import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { simpleGit } from 'simple-git'
import { Fault, isFault } from '../../domain/fault.ts'
import { type Address, checkedAddress, checkedBranch, withoutCredentials } from './address.ts'
import { openClone, tidy } from './clone.ts'
import { hasCommit, isCommitId } from './objects.ts'
import {
  fixedSettings,
  type GitEnvironment,
  type GitOutput,
  type GitPlace,
  gitFailed,
  gitSaid,
  gitVariables,
  hasRoom,
  notStarted,
  orDiskFull,
} from './run.ts'

export interface RemoteOptions {
  readonly url: string
  readonly branch: string
  /** Holds a bare clone and nothing else; may be deleted at any time, and shared with other processes. */
  readonly cacheFolder: string
  readonly environment: GitEnvironment
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
  /** Offers a commit that descends from `expected` as the new head: accepted only while the head is just that. Exit code 0 when it was. */
  push(commit: string, expected: string | null): Promise<GitOutput>
  /** Asks what a push would be answered, and pushes nothing. */
  tryPush(commit: string): Promise<GitOutput>
  /** Starts the clone anew, for when it turns out to be damaged. */
  renew(): Promise<void>
  /** Deletes the clone; it is made anew when it is needed. */
  drop(): Promise<void>
  /** Now and then packs what has gathered in the clone. */
  tidy(): Promise<void>
}

/** No output for this long, and the connection counts as dead. */
const silenceMilliseconds = 5 * 60_000

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

  const unreachable = (what: string, output: GitOutput): Fault =>
    new Fault(
      'GIT_UNREACHABLE',
      `the repository ${shown(address)} ${what}: ${gitSaid(output.stderr, address.secrets)}`,
      {
        retry: 'later',
        hint: 'check the address, the network and the credentials: git ls-remote must work for this user',
      },
    )

  const head = async (): Promise<string | null> => {
    const output = await connect(place, ['ls-remote', '--', address.url, branch])
    if (output.code !== 0) throw unreachable('cannot be reached', output)
    for (const line of output.stdout.toString('utf8').split('\n')) {
      const [commit = '', name] = line.split('\t')
      if (name === branch) return commit
    }
    return null
  }

  const fetchBranch = (): Promise<GitOutput> =>
    connect(place, [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--',
      address.url,
      `+${branch}:${session}/head`,
    ])

  const drop = (): Promise<void> => rm(place.folder, { recursive: true, force: true }).catch(() => undefined)
  const renew = async (): Promise<void> => {
    await drop()
    await openClone(options.cacheFolder, place)
  }

  const bringHead = async (): Promise<string | null> => {
    const output = await fetchBranch()
    const brought = output.code === 0 ? await readReference(place, `${session}/head`) : undefined
    if (brought !== undefined) return brought
    // There is no branch, no server or no room, or the clone is damaged: asked step by step it shows which.
    const commit = await head()
    return commit === null || (await bring(commit)) ? commit : bringHead()
  }

  const bring = async (commit: string): Promise<boolean> => {
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
    bringHead,
    bring,
    push: (commit, expected) => {
      // Without a lease Git compares with whatever the branch is at that moment: a commit that a person took back would come back with ours.
      // Ours descends from what is expected, so the lease never lets anything be overwritten.
      const lease = `--force-with-lease=${branch}:${expected ?? ''}`
      return connect(place, ['push', '--quiet', '--no-verify', lease, '--', address.url, `${commit}:${branch}`])
    },
    tryPush: (commit) =>
      connect(place, ['push', '--dry-run', '--quiet', '--no-verify', '--', address.url, `${commit}:${branch}`]),
    renew,
    drop,
    tidy: () => tidy(place),
  }
}

/** What a reference of the clone says, read as Git wrote it; undefined when it is packed away or not there. */
async function readReference(place: GitPlace, name: string): Promise<string | undefined> {
  const text = await readFile(join(place.folder, ...name.split('/')), 'utf8').catch(() => '')
  return isCommitId(text.trim()) ? text.trim() : undefined
}

/** Runs what needs the clone. It is only a copy: where it fails with room on the disk, it is made anew, once. */
export async function withSoundClone<Value>(remote: Remote, work: () => Promise<Value>): Promise<Value> {
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
    await remote.renew()
    return work()
  }
}

/** The address as messages may show it. */
export function shown(address: Address): string {
  return withoutCredentials(address.url, address.secrets)
}

/**
 * Runs one of the commands that talk to a server. A terminal's interrupt reaches every process in front of it, Git's too, while we go on to
 * stop in order: what a signal has ended is done once more. Each of these commands may be repeated.
 */
async function connect(place: GitPlace, args: readonly string[]): Promise<GitOutput> {
  const signalled: GitOutput = { code: 128, stdout: Buffer.alloc(0), stderr: 'git was ended by a signal' }
  return (await connectOnce(place, args)) ?? (await connectOnce(place, args)) ?? signalled
}

/** Undefined when a signal ended it. simple-git watches over silence; the arguments are ours alone. */
async function connectOnce(place: GitPlace, args: readonly string[]): Promise<GitOutput | undefined> {
  let code = 0
  let signalled = false
  let stderr = ''
  await mkdir(place.folder, { recursive: true })
  const variables = gitVariables(place)
  const client = simpleGit({
    baseDir: place.folder,
    config: [...fixedSettings],
    timeout: { block: silenceMilliseconds },
    // Both are checked: the variables by `gitVariables`, the settings are the fixed ones.
    allowEnvironment: Object.keys(variables),
    unsafe: {
      allowUnsafeConfigPaths: true,
      allowUnsafeHooksPath: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeAskPass: true,
      allowUnsafeSshCommand: true,
    },
    errors: (error, result) => {
      // No code at all: a signal ended it, which simple-git takes for a success.
      signalled = (result.exitCode as number | null) === null
      code = result.exitCode
      stderr = Buffer.concat(result.stdErr).toString('utf8')
      return error
    },
  })
  try {
    const text = await client.env(variables).raw([...args])
    return signalled ? undefined : { code, stdout: Buffer.from(text), stderr }
  } catch {
    // A negative code is the error number of a program that could not be started; its error names arguments, so it goes no further.
    if (code < 0) throw await notStarted(place, code === -2 ? 'ENOENT' : String(code))
    const silence = `no answer in ${silenceMilliseconds / 1000} seconds`
    return { code: code || 128, stdout: Buffer.alloc(0), stderr: stderr || (code === 0 ? silence : '') }
  }
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
