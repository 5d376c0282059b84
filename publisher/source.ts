import { access, readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Fault, isFault } from '../domain/fault.ts'
import type { SourceRecord } from '../domain/ledger.ts'
import { compareText, type Problem } from '../domain/problem.ts'
import type { SourceFile } from '../domain/publication.ts'
import { publicUrl } from './git/address.ts'
import { blobId, isAncestor, isCommitId, listTree, objectSizes, readObjects } from './git/objects.ts'
import { type GitEnvironment, type GitPlace, git, gitFailed, runGit } from './git/run.ts'
import {
  fileProblem,
  isSpecPath,
  isTemplatePath,
  isUnprintable,
  specBytesMax,
  specFilesMax,
  specsFolder,
  templatesFolder,
  tooLarge,
  tooMany,
  unprintable,
} from './spec-files.ts'
import { findSpecs, findTemplates, realPath, specReader } from './working-tree.ts'

const settingsFile = 'specyard.yaml'
const filesAtOnce = 64

export interface Sources {
  /** In the order of their paths, which start with `specs/` or `templates/` and have `/` between folders. */
  readonly files: readonly SourceFile[]
  readonly problems: readonly Problem[]
  /** `specyard.yaml` of the same state, which says of projects how they are rendered; left out where there is none. */
  readonly settingsSource?: SourceFile
}

/** Every file that has a part in a compilation: a problem may stand in each. */
export function filesRead({
  files,
  settingsSource,
}: {
  readonly files: readonly SourceFile[]
  readonly settingsSource?: SourceFile | undefined
}): readonly SourceFile[] {
  return settingsSource ? [...files, settingsSource] : files
}

/**
 * Reads the specs of a working tree: `specs/**` with the ending `.yaml` or `.yml`, without hidden names, which are editors' own.
 * Only regular files whose real path lies in the repository; one that is a link to such a file counts as that file.
 * @param isKnown asked once of each path of a spec: one of which it says so is not read, and is left out
 * @throws Fault NOT_A_SPEC_REPOSITORY when there is no folder `specs/`
 */
export async function readWorkingTree(root: string, isKnown?: (path: string) => boolean): Promise<Sources> {
  const realRoot = realPath(root) ?? root
  const problems: Problem[] = []
  const found = findSpecs(root, realRoot, problems)
  if (found.length > specFilesMax) return { files: [], problems: [tooMany()] }
  const files: SourceFile[] = []
  found.sort(compareText)
  for (let from = 0; from < found.length; from += filesAtOnce) {
    // Whoever else waits in this process has a turn between some files and the next.
    if (from > 0) await setImmediate()
    const readSpec = specReader(root, realRoot)
    for (const path of found.slice(from, from + filesAtOnce)) {
      if (isKnown?.(path)) continue
      const read = readSpec(path)
      if ('code' in read) problems.push(read)
      else files.push(read)
    }
  }
  // One that cannot be read is missing where it is named, and told there.
  const readSpec = specReader(root, realRoot)
  for (const read of findTemplates(root).map(readSpec)) if (!('code' in read)) files.push(read)
  const settings = readSpec(settingsFile)
  files.sort((left, right) => compareText(left.path, right.path))
  const told = problems.sort((left, right) => compareText(left.where.file, right.where.file))
  return { files, problems: told, ...('code' in settings ? {} : { settingsSource: settings }) }
}

/**
 * Reads the specs of a revision from Git's object database, without a checkout and whatever the working tree holds.
 * The root may be a folder inside a larger repository. A link or a submodule under `specs/` is a problem.
 * @throws Fault REVISION_UNKNOWN, GIT_FAILED, GIT_MISSING
 */
export async function readRevision(root: string, revision: string, environment: GitEnvironment): Promise<Sources> {
  const place = reading(root, environment)
  const commit = revision === '' || revision.startsWith('-') ? undefined : await resolve(place, revision)
  if (commit === undefined) {
    throw new Fault('REVISION_UNKNOWN', `${JSON.stringify(revision)} is no commit of the repository at ${root}`, {
      retry: 'never',
      hint: 'name a commit, branch or tag that is there; in a shallow clone older ones are not: git fetch --unshallow',
    })
  }
  return readSpecsAt(place, commit, await prefixOf(place))
}

/**
 * Reads the specs of a commit.
 * @param prefix the folder of the spec repository's root inside its Git repository, with a `/` at its end; empty at the top
 */
export async function readSpecsAt(place: GitPlace, commit: string, prefix: string): Promise<Sources> {
  const listed = await listTree(
    place,
    commit,
    [specsFolder, templatesFolder, settingsFile].map((one) => `${prefix}${one}`),
  )
  const entries = listed
    .map((entry) => ({ ...entry, path: entry.path.slice(prefix.length) }))
    .filter((entry) => !entry.path.split('/').some((part) => part.startsWith('.')))
    .sort((left, right) => compareText(left.path, right.path))
  const specs = entries.filter(({ kind, path }) => kind === 'file' && isRead(path))
  if (specs.length > specFilesMax) return { files: [], problems: [tooMany()] }
  const sizes = await objectSizes(place, [...new Set(specs.map((entry) => entry.object))])
  const readable = [...sizes].filter(([, size]) => size <= specBytesMax).map(([object]) => object)
  const contents = await readObjects(place, readable)
  const files: SourceFile[] = []
  const problems: Problem[] = []
  let settings: SourceFile | undefined
  for (const { path, kind, object } of entries) {
    const bytes = contents.get(object)
    const size = sizes.get(object)
    if (path === settingsFile || path.startsWith(`${templatesFolder}/`)) {
      if (kind !== 'file' || !isRead(path) || !bytes) continue
      const file = { path, bytes: new Uint8Array(bytes) }
      if (path === settingsFile) settings = file
      else files.push(file)
    } else if (isUnprintable(path)) problems.push(unprintable(path))
    else if (kind === 'link')
      problems.push(fileProblem('FILE_OUTSIDE', path, 'it is a symbolic link', 'put the file itself here'))
    else if (kind === 'submodule')
      problems.push(fileProblem('FILE_OUTSIDE', path, 'it is a submodule', 'put the files themselves here'))
    else if (!isSpecPath(path)) continue
    else if (size !== undefined && size > specBytesMax) problems.push(tooLarge(path, size))
    else if (bytes === undefined) problems.push(fileProblem('FILE_UNREADABLE', path, 'Git lacks the bytes of the file'))
    else files.push({ path, bytes: new Uint8Array(bytes) })
  }
  return { files, problems, ...(settings ? { settingsSource: settings } : {}) }
}

function isRead(path: string): boolean {
  if (path === settingsFile) return true
  return path.startsWith(`${templatesFolder}/`) ? isTemplatePath(path) : isSpecPath(path)
}

/**
 * Which state of which repository a working tree is: its remote without credentials, its commit, and whether the spec files and
 * `specyard.yaml` on the disk are something else than in that commit. Outside Git, and before the first commit: dirty, and no commit.
 * Compares bytes and starts no filter, hook or monitor that the repository's own configuration may name.
 * @param tree what the working tree holds, where it is read already
 * @throws Fault GIT_FAILED, GIT_MISSING
 */
export async function describeSource(
  root: string,
  environment: GitEnvironment,
  tree: Promise<Sources> = readWorkingTree(root),
): Promise<SourceRecord> {
  // Nobody may be there to hear of it when there is no Git to ask.
  tree.catch(() => undefined)

  if (!(await isInsideGit(root))) return { format: 1, repository: null, commit: null, dirty: true }
  const place = reading(root, environment)
  // At once, and while the files are read: to wait for one after the other takes longer than to compile a thousand specs.
  const [inside, repository, commit] = await Promise.all([
    runGit(place, ['rev-parse', '--show-prefix']),
    remoteOf(place),
    resolve(place, 'HEAD'),
  ])
  if (inside.code !== 0) throw gitFailed(place, 'rev-parse', inside.stderr)
  if (commit === undefined) return { format: 1, repository, commit: null, dirty: true }
  const prefix = inside.stdout.toString('utf8').replace(/\n$/, '')
  return { format: 1, repository, commit, dirty: await isDirty(root, place, { commit, prefix }, tree) }
}

/**
 * Tells whether a commit of a spec repository has another one among its ancestors; `unknown` when a commit is not there, or when the
 * history was cut off (a shallow clone) before it could show.
 */
export function descends(
  root: string,
  environment: GitEnvironment,
): (ancestor: string, descendant: string) => Promise<boolean | 'unknown'> {
  return async (ancestor, descendant) => {
    if (!isCommitId(ancestor) || !isCommitId(descendant)) return 'unknown'
    if (ancestor === descendant) return true
    const place = reading(root, environment)
    const answer = await isAncestor(place, ancestor, descendant)
    if (answer !== false) return answer ?? 'unknown'
    const shallow = await runGit(place, ['rev-parse', '--is-shallow-repository'])
    return shallow.stdout.toString('utf8').trim() === 'false' ? false : 'unknown'
  }
}

/** Nothing but the object database is read, so the user's own configuration is not needed. */
function reading(root: string, environment: GitEnvironment): GitPlace {
  return { folder: root, environment, globalConfiguration: null, secrets: [] }
}

async function resolve(place: GitPlace, revision: string): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
  const output = await runGit(place, args)
  const commit = output.stdout.toString('utf8').trim()
  return output.code === 0 && isCommitId(commit) ? commit : undefined
}

/** The folder of the root inside its repository, with a `/` at its end; empty at the top. */
async function prefixOf(place: GitPlace): Promise<string> {
  return (await git(place, ['rev-parse', '--show-prefix'])).replace(/\n$/, '')
}

async function isInsideGit(root: string): Promise<boolean> {
  for (let folder = await realpath(root).catch(() => root); ; folder = dirname(folder)) {
    const found = await access(join(folder, '.git')).then(
      () => true,
      () => false,
    )
    if (found) return true
    if (dirname(folder) === folder) return false
  }
}

async function remoteOf(place: GitPlace): Promise<string | null> {
  const output = await runGit(place, ['config', '--null', '--get-regexp', '^remote\\..*\\.url$'])
  const urls = new Map<string, string>()
  for (const line of output.code === 0 ? output.stdout.toString('utf8').split('\0') : []) {
    const [, name, url] = /^remote\.([^\n]*)\.url\n([^]*)$/.exec(line) ?? []
    if (name !== undefined && url !== undefined) urls.set(name, url)
  }
  const url = urls.get('origin') ?? urls.get([...urls.keys()].sort(compareText)[0] ?? '')
  return url === undefined ? null : publicUrl(url)
}

async function isDirty(
  root: string,
  place: GitPlace,
  { commit, prefix }: { readonly commit: string; readonly prefix: string },
  reading: Promise<Sources>,
): Promise<boolean> {
  const committed = new Map<string, string>()
  for (const entry of await listTree(
    place,
    commit,
    [specsFolder, templatesFolder, settingsFile].map((one) => `${prefix}${one}`),
  )) {
    const path = entry.path.slice(prefix.length)
    if (isRead(path)) committed.set(path, entry.object)
  }
  const tree = await reading.catch((error: unknown): Sources => {
    if (isFault(error, 'NOT_A_SPEC_REPOSITORY')) return { files: [], problems: [] }
    throw error
  })
  if (tree.problems.length > 0) return true
  const settings = await readSettings(root)
  const present = [...tree.files, ...(settings ? [settings] : [])]
  if (present.length !== committed.size) return true
  return present.some(({ path, bytes }) => !isSame(bytes, committed.get(path)))
}

/** Whether bytes are those of a blob, as they are or with the line ends that Git may have converted at checkout. */
function isSame(bytes: Uint8Array, object: string | undefined): boolean {
  const text = Buffer.from(bytes)
  if (object === undefined) return false
  return (
    object === blobId(text) ||
    object === blobId(Buffer.from(text.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'))
  )
}

async function readSettings(root: string): Promise<SourceFile | undefined> {
  const bytes = await readFile(join(root, settingsFile)).catch(() => undefined)
  return bytes && { path: settingsFile, bytes }
}
