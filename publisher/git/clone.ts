import { randomUUID } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, isFault } from '../../domain/fault.ts'
import { createTurn } from '../turn.ts'
import { type GitEnvironment, type GitPlace, gitFailed, orDiskFull, runGit } from './run.ts'

/** So many processes may leave their references in the clone before all but the newest few are dropped. */
const sessionsMax = 16
const referencesKept = 8

type Turn = ReturnType<typeof createTurn>
const turns = new Map<string, Turn>()

/** Whoever makes a clone or takes it away in this process waits for the others: of a damaged one each would take away what another just made. */
function turnOf(cacheFolder: string): Turn {
  const turn = turns.get(cacheFolder) ?? createTurn()
  turns.set(cacheFolder, turn)
  return turn
}

/**
 * Makes the clone where there is none or a damaged one. It is empty at first: nothing in it that cannot be fetched again.
 * A new one gets its name when it is complete, so that neither a killed process nor one that opens it at the same time is in the way.
 * @throws Fault FILE_FAILED, DISK_FULL, GIT_MISSING, GIT_FAILED
 */
export function openClone(cacheFolder: string, place: GitPlace): Promise<void> {
  return turnOf(cacheFolder)(() => openInTurn(cacheFolder, place))
}

async function openInTurn(cacheFolder: string, place: GitPlace): Promise<void> {
  const making = join(cacheFolder, `making-${randomUUID()}`)
  try {
    await mkdir(cacheFolder, { recursive: true })
    await writeGlobalConfiguration(place.environment, join(cacheFolder, 'gitconfig'))
    await removeStale(cacheFolder, /^(making-|gone-|gitconfig\.|\.room-|age-)/)
    if (await isUsable(place)) {
      await removeStale(place.folder, /\.lock$|^gc\.pid$|^fast_import_crash_/)
      await dropOldReferences(place)
      return
    }
    await mkdir(making)
    const made = await runGit({ ...place, folder: making }, ['init', '--quiet', '--bare', '--template=', '.'])
    if (made.code !== 0) throw gitFailed(place, 'init', made.stderr)
    await putInPlace(making, cacheFolder, place)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    const failed = new Fault('FILE_FAILED', `the folder ${cacheFolder} cannot be written (${code})`, { retry: 'later' })
    throw await orDiskFull(error instanceof Fault ? error : failed, [cacheFolder])
  } finally {
    await rm(making, { recursive: true, force: true }).catch(() => undefined)
  }
}

const triesMax = 5

/** Gives a new clone its name. Where another process does so at the same time, its own may be there in the end: it is as good. */
async function putInPlace(making: string, cacheFolder: string, place: GitPlace): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await rename(making, place.folder)
    } catch (error) {
      if (await isUsable(place)) return
      if (tries === triesMax) throw error
    }
    await takeAway(cacheFolder, place, 'damaged')
  }
}

/** Deletes the clone; what works in it fails, and never in one that is half deleted. Never fails itself. */
export function dropClone(cacheFolder: string, place: GitPlace): Promise<void> {
  return turnOf(cacheFolder)(() => takeAway(cacheFolder, place, 'any'))
}

/** By another name first: file by file others would find half of it, or write into what is being deleted. */
async function takeAway(cacheFolder: string, place: GitPlace, which: 'damaged' | 'any'): Promise<void> {
  const gone = join(cacheFolder, `gone-${randomUUID()}`)
  try {
    await rename(place.folder, gone)
    // Since it was looked at somebody else may have put a new one there.
    if (which === 'damaged' && (await isUsable({ ...place, folder: gone }))) await rename(gone, place.folder)
  } catch {
    // It is gone already, or another one is there again.
  }
  await rm(gone, { recursive: true, force: true }).catch(() => undefined)
}

/** Whether there is a clone that is whole. Somebody else may take a damaged one away while it is looked at. */
async function isUsable(place: GitPlace): Promise<boolean> {
  if (!(await isFolder(place.folder))) return false
  try {
    await makePlain(place.folder)
    const said = await runGit(place, ['rev-parse', '--is-bare-repository', '--git-dir'])
    return said.code === 0 && said.stdout.toString('utf8') === 'true\n.\n'
  } catch (error) {
    if (isFault(error) || !(await isFolder(place.folder)) || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return false
    throw error
  }
}

/** What `git init --bare` makes where files have modes; it decides nothing that could run a program. */
const plainConfiguration = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n'
/** By these a repository names programs, other repositories and more configuration. */
const leadsElsewhere = [
  'hooks',
  'config.worktree',
  'commondir',
  'gitdir',
  'worktrees',
  'modules',
  'objects/info/alternates',
  'objects/info/http-alternates',
]

/** The clone is ours, and whoever else wrote into it, by a cache that was restored or by mistake, decides nothing. */
async function makePlain(folder: string): Promise<void> {
  const path = join(folder, 'config')
  if ((await readFile(path, 'utf8').catch(() => null)) !== plainConfiguration) {
    await rm(path, { recursive: true, force: true })
    await writeFile(path, plainConfiguration)
  }
  for (const name of leadsElsewhere) await rm(join(folder, name), { recursive: true, force: true })
}

/**
 * The global configuration of our calls. It reaches server processes on this machine too, which `-c` does not: that is how a deploy
 * repository of another owner can be used. The user's own follows, since credential helpers, proxies and certificates are there.
 */
async function writeGlobalConfiguration(environment: GitEnvironment, path: string): Promise<void> {
  const home = environment['HOME']
  const configurationHome = environment['XDG_CONFIG_HOME'] || (home ? join(home, '.config') : undefined)
  const candidates = environment['GIT_CONFIG_GLOBAL']
    ? [environment['GIT_CONFIG_GLOBAL']]
    : [
        ...(configurationHome ? [join(configurationHome, 'git', 'config')] : []),
        ...(home ? [join(home, '.gitconfig')] : []),
      ]
  const lines = ['[safe]', '\tdirectory = *', '[core]', '\tsshCommand = ssh -o BatchMode=yes']
  for (const candidate of candidates) {
    const readable = await access(candidate).then(
      () => true,
      () => false,
    )
    const quoted = candidate.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
    if (readable && !/[\n\0]/.test(candidate)) lines.push('[include]', `\tpath = "${quoted}"`)
  }
  const text = `${lines.join('\n')}\n`
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return
  const temporary = `${path}.${randomUUID()}`
  await writeFile(temporary, text, { mode: 0o600 })
  await rename(temporary, path)
}

const staleMilliseconds = 10 * 60_000

/** No command of ours holds a lock or needs a temporary file for minutes: an old one was left by a killed process. */
async function removeStale(folder: string, names: RegExp): Promise<void> {
  const probe = join(folder, `age-${randomUUID()}`)
  try {
    const stale = (await readdir(folder)).filter((name) => names.test(name))
    if (stale.length === 0) return
    // The disk's own clock dates its files: a new one tells what time that is.
    await writeFile(probe, '')
    const now = (await stat(probe)).mtimeMs
    for (const name of stale) {
      const path = join(folder, name)
      if (now - (await stat(path)).mtimeMs > staleMilliseconds) await rm(path, { recursive: true, force: true })
    }
  } catch {
    // A full or read-only disk shows itself in what is done next.
  } finally {
    await rm(probe, { force: true }).catch(() => undefined)
  }
}

/** References of earlier processes only tell the server what we have already; a few are enough for that. */
async function dropOldReferences(place: GitPlace): Promise<void> {
  const sessions = await readdir(join(place.folder, 'refs', 'specyard')).catch(() => [])
  if (sessions.length <= sessionsMax) return
  const listed = await runGit(place, ['for-each-ref', '--sort=-creatordate', '--format=%(refname)', 'refs/specyard'])
  const names = listed.stdout
    .toString('utf8')
    .split('\n')
    .filter((name) => name !== '')
  await runGit(
    place,
    ['update-ref', '--stdin'],
    names.slice(referencesKept).map((name) => `delete ${name}\n`),
  )
}

/** Packs loose objects and packs when there are as many as Git itself would mind (6,700 objects, 50 packs). */
export async function tidy(place: GitPlace): Promise<void> {
  const count = async (folder: string): Promise<number> =>
    (await readdir(join(place.folder, 'objects', folder)).catch(() => [])).length
  if ((await count('17')) > 27 || (await count('pack')) > 150) await runGit(place, ['gc', '--quiet'])
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (about) => about.isDirectory(),
    () => false,
  )
}
