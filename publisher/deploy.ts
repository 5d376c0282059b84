import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { Fault } from '../domain/fault.ts'
import { type DriftedFile, driftPath, ownedFolders, type SourceRecord, sourcePath } from '../domain/ledger.ts'
import { compareText } from '../domain/problem.ts'
import {
  type Change,
  type Deployed,
  type Publication,
  type PublishedChange,
  type PublishRequest,
  trailers,
} from '../domain/publication.ts'
import {
  checkedAddress,
  type GitEnvironment,
  type GitPlace,
  git,
  gitFailed,
  lastWords,
  runGit,
  withoutCredentials,
} from './git.ts'
import { type Author, findDrift, readPublications } from './history.ts'
import { importStream, isOwned, listTree, readBlobs } from './objects.ts'

export interface DeployOptions {
  /** Absolute path, or https, ssh or file URL. */
  readonly url: string
  readonly branch: string
  /** A bare clone that may be deleted at any time. */
  readonly cacheFolder: string
  readonly author: Author
  readonly environment: GitEnvironment
  readonly now: () => Date
}

/** The deploy repository: read at its head, written one commit at a time by compare-and-swap. */
export interface DeployRepository {
  /** The commit at the head of the branch; null while there is none. @throws Fault GIT_UNREACHABLE */
  head(): Promise<string | null>
  read(): Promise<Deployed>
  /**
   * Publishes a change as one commit on top of the head; asks for the change again when the branch moved meanwhile.
   * @returns undefined when there was nothing to change
   * @throws Fault GIT_OVERTAKEN, GIT_PUSH_REJECTED, GIT_UNREACHABLE, DISK_FULL, GIT_FAILED
   */
  publish(request: PublishRequest): Promise<Publication | undefined>
  /** Commits of ours after a commit, oldest first. */
  log(after: string | null): Promise<readonly Publication[]>
}

const triesMax = 50

export async function openDeployRepository(options: DeployOptions): Promise<DeployRepository> {
  const url = checkedAddress(options.url)
  const reference = `refs/heads/${options.branch}`
  const place: GitPlace = { folder: options.cacheFolder, environment: options.environment }
  await openCache(place, url)
  let cached: { head: string; deployed: Deployed; objects: ReadonlyMap<string, string> } | undefined
  let turn: Promise<unknown> = Promise.resolve()

  const head = async (): Promise<string | null> => {
    const output = await runGit(place, ['ls-remote', '--', url, reference])
    if (output.code !== 0) throw unreachable(url, output.stderr)
    return output.stdout.toString('utf8').split('\t')[0] || null
  }

  const read = async (): Promise<Deployed> => {
    const commit = await head()
    if (commit === null) return { commit: null, files: new Map(), drifted: [] }
    if (cached?.head === commit) return cached.deployed
    await fetchCommit(place, url, reference, commit)
    const entries = (await listTree(place, commit, ownedFolders)).filter(
      (entry) => entry.mode === '100644' || entry.mode === '100755',
    )
    const known = new Map<string, string>()
    for (const [path, object] of cached?.objects ?? []) known.set(object, cached?.deployed.files.get(path) ?? '')
    const missing = [...new Set(entries.map((entry) => entry.object).filter((object) => !known.has(object)))]
    for (const [object, bytes] of await readBlobs(place, missing)) known.set(object, bytes.toString('utf8'))
    const files = new Map(entries.map((entry) => [entry.path, known.get(entry.object) ?? '']))
    const drifted = await findDrift(place, commit, options.author, (ours) => driftOf(place, ours))
    const deployed: Deployed = { commit, files, drifted }
    cached = { head: commit, deployed, objects: new Map(entries.map((entry) => [entry.path, entry.object])) }
    return deployed
  }

  const publishOnce = async (request: PublishRequest): Promise<Publication | undefined | 'moved'> => {
    const deployed = await read()
    await refuseOvertaken(deployed, request)
    const wanted = request.change(deployed)
    if (!wanted) return undefined
    const files = effectiveChange(deployed, wanted.files, request.source)
    if (files.size === 0) return undefined
    const requestId = randomUUID()
    const commit = await writeCommit(place, options, deployed.commit, message(wanted, request.source, requestId), files)
    const pushed = await runGit(place, ['push', '--quiet', '--', url, `${commit}:${reference}`])
    if (pushed.code !== 0) {
      // How a rejection is worded differs between servers; whether the branch moved is a fact.
      if ((await head()) !== deployed.commit) return 'moved'
      throw new Fault('GIT_PUSH_REJECTED', `the deploy repository refused the push: ${lastWords(pushed.stderr)}`, {
        retry: 'soon',
        hint: 'may this identity push to the branch?',
      })
    }
    return publicationOf(commit, deployed.commit, wanted, request.source, requestId, files.size, options.now())
  }

  const publish = async (request: PublishRequest): Promise<Publication | undefined> => {
    let refusal: unknown
    for (let attempt = 0; attempt < triesMax; attempt += 1) {
      try {
        const result = await publishOnce(request)
        if (result !== 'moved') return result
      } catch (error) {
        // A server may refuse for a moment (a lock, a hook); the next try reads the branch again.
        if (!(error instanceof Fault) || error.code !== 'GIT_PUSH_REJECTED' || attempt >= 8) throw error
        refusal = error
      }
      await pause(Math.min(1000, 20 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random()))
    }
    throw new Fault('GIT_PUSH_REJECTED', `the deploy branch moved ${triesMax} times while publishing`, {
      retry: 'soon',
      cause: refusal,
    })
  }

  return {
    head,
    read,
    publish: (request) => {
      const result = turn.then(() => publish(request))
      turn = result.catch(() => undefined)
      return result
    },
    log: async (after) => {
      const commit = await head()
      if (commit === null) return []
      await fetchCommit(place, url, reference, commit)
      return readPublications(place, commit, after, options.author)
    },
  }
}

/** Makes a bare repository where there is none yet: the deploy repository of the embedded default. */
export async function initBareRepository(path: string, branch: string, environment: GitEnvironment): Promise<void> {
  await mkdir(path, { recursive: true })
  await git({ folder: path, environment }, ['init', '--quiet', '--bare', `--initial-branch=${branch}`, '.'])
}

async function openCache(place: GitPlace, url: string): Promise<void> {
  await mkdir(place.folder, { recursive: true })
  const usable = await runGit(place, ['rev-parse', '--is-bare-repository'])
  const own =
    usable.code === 0 && (await runGit(place, ['config', 'specyard.url'])).stdout.toString('utf8').trim() === url
  if (own) return
  // A cache of another repository, or one that a killed process left half made: it holds nothing that cannot be fetched again.
  await rm(place.folder, { recursive: true, force: true })
  await mkdir(place.folder, { recursive: true })
  await git(place, ['init', '--quiet', '--bare', '.'])
  await git(place, ['config', 'specyard.url', url])
}

async function fetchCommit(place: GitPlace, url: string, reference: string, commit: string): Promise<void> {
  if ((await runGit(place, ['cat-file', '-e', `${commit}^{commit}`])).code === 0) return
  const output = await runGit(place, ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', url, reference])
  if (output.code !== 0) throw unreachable(url, output.stderr)
}

async function driftOf(place: GitPlace, commit: string): Promise<readonly DriftedFile[]> {
  const output = await runGit(place, ['cat-file', 'blob', `${commit}:${driftPath}`])
  if (output.code !== 0) return []
  return (JSON.parse(output.stdout.toString('utf8')) as { files: DriftedFile[] }).files
}

async function refuseOvertaken(deployed: Deployed, request: PublishRequest): Promise<void> {
  const text = deployed.files.get(sourcePath)
  const ours = request.source?.commit
  if (!ours || text === undefined || request.allowDiverged) return
  const published = (JSON.parse(text) as SourceRecord).commit
  if (published === null || published === ours) return
  if ((await request.descends?.(published, ours)) === true) return
  throw new Fault(
    'GIT_OVERTAKEN',
    `the deploy repository holds specs of commit ${published.slice(0, 10)}, which ${ours.slice(0, 10)} does not descend from`,
    {
      retry: 'never',
      hint: 'somebody published newer specs: bring your branch up to date and publish again',
    },
  )
}

/** What really changes: owned files alone, none that somebody else changed, and the source and drift files that go with them. */
function effectiveChange(deployed: Deployed, wanted: Change, source: SourceRecord | null): Change {
  const drifted = new Map(deployed.drifted.map((file) => [file.path, file]))
  const files = new Map<string, string | null>()
  for (const [path, text] of [...wanted].sort(([left], [right]) => compareText(left, right))) {
    if (!isOwned(path)) throw new Error(`a change of ${path}, which is in no folder of ours, was asked for`)
    const before = deployed.files.get(path) ?? null
    if (before === text) drifted.delete(path)
    else if (!drifted.has(path)) files.set(path, text)
  }
  const driftText = drifted.size === 0 ? null : `${JSON.stringify({ files: [...drifted.values()] }, null, 2)}\n`
  if ((deployed.files.get(driftPath) ?? null) !== driftText && (files.size > 0 || driftText === null))
    files.set(driftPath, driftText)
  if (files.size > 0 && source) {
    const text = `${JSON.stringify(source, null, 2)}\n`
    if (deployed.files.get(sourcePath) !== text) files.set(sourcePath, text)
  }
  return files
}

async function writeCommit(
  place: GitPlace,
  options: DeployOptions,
  parent: string | null,
  text: string,
  files: Change,
): Promise<string> {
  const reference = `refs/specyard/${randomUUID()}`
  const stream = importStream({ reference, parent, author: options.author, at: options.now(), message: text, files })
  const output = await runGit(place, ['fast-import', '--quiet', '--done', '--date-format=raw'], stream)
  if (output.code !== 0) throw gitFailed('fast-import', output)
  const commit = (await git(place, ['rev-parse', '--verify', reference])).trim()
  await git(place, ['update-ref', '-d', reference])
  return commit
}

function message(wanted: PublishedChange, source: SourceRecord | null, requestId: string): string {
  const lines: [string, string | null][] = [
    [trailers.request, requestId],
    [trailers.action, wanted.action],
    [trailers.sourceRepository, source?.repository ?? null],
    [trailers.sourceCommit, source?.commit ?? null],
    [trailers.sourceDirty, source ? String(source.dirty) : null],
    ...wanted.subjects.map((subject): [string, string] => [trailers.subject, subject]),
  ]
  const trailing = lines.flatMap(([key, value]) => (value === null ? [] : [`${key}: ${oneLine(value)}`]))
  return `${[oneLine(wanted.subject), wanted.body.trim(), trailing.join('\n')].filter((part) => part !== '').join('\n\n')}\n`
}

function publicationOf(
  commit: string,
  parent: string | null,
  wanted: PublishedChange,
  source: SourceRecord | null,
  requestId: string,
  files: number,
  at: Date,
): Publication {
  return {
    commit,
    parent,
    action: wanted.action,
    subject: oneLine(wanted.subject),
    subjects: wanted.subjects,
    sourceRepository: source?.repository ?? null,
    sourceCommit: source?.commit ?? null,
    sourceDirty: source?.dirty ?? false,
    requestId,
    files,
    at,
  }
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').trim()
}

function unreachable(url: string, stderr: string): Fault {
  return new Fault(
    'GIT_UNREACHABLE',
    `the repository ${withoutCredentials(url)} cannot be reached: ${lastWords(stderr)}`,
    {
      retry: 'later',
      hint: 'check the address in specyard.yaml, the network and the credentials',
    },
  )
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
