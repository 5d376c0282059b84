import { posix } from 'node:path'
import { isFault } from '../../domain/fault.ts'
import { type LedgerView, readLedger } from '../../domain/ledger-files.ts'
import type { Inspected, InspectedCommit } from '../../publisher/inspect.ts'
import type { Change, DeclaredObject, DeployFiles, Template } from '../../reconciler/observed/files.ts'
import { readKustomization, readManifest, readTemplate, type ReadObject } from './manifests.ts'

/** Who wrote which line is asked for so many files; of more, files are told without it. */
const blamedFilesMax = 1000
const blamedAtOnce = 4

const kustomizationName = /(^|\/)(kustomization\.ya?ml|Kustomization)$/
const ledgerFolder = '.specyard/ledger/'

/** Files that are read of a deploy repository. */
export function isWanted(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path) || kustomizationName.test(path)
}

/** Reads what a deploy repository asks for, and who wrote it. @throws Fault GIT_FAILED */
export async function readDeployFiles(inspected: Inspected, branch: string): Promise<DeployFiles> {
  const charts = inspected.paths.filter((path) => /(^|\/)Chart\.yaml$/.test(path)).map(folderOf)
  const objects: ReadObject[] = []
  const templates: Omit<Template, 'change'>[] = []
  const unreadable: DeployFiles['unreadable'][number][] = []
  const ledger = new Map<string, string>()
  for (const [path, bytes] of inspected.files) {
    if (path.startsWith(ledgerFolder)) ledger.set(path, bytes.toString('utf8'))
    else if (charts.some((chart) => path.startsWith(chart === '' ? 'templates/' : `${chart}/templates/`)))
      templates.push(...[readTemplate(path, bytes)].filter((one) => one !== undefined))
    else {
      const read = readManifest(path, bytes)
      objects.push(...read.objects)
      if (read.unreadable) unreadable.push(read.unreadable)
    }
  }
  const changes = await readChanges(inspected, [...objects, ...templates])
  return {
    repository: inspected.address,
    aliases: inspected.origins,
    branch,
    head: inspected.commit,
    objects: objects.map(({ lastLine, ...one }): DeclaredObject => ({
      ...one,
      change: changes.of(one.path, one.line, lastLine),
    })),
    templates: templates.map((one) => ({ ...one, change: changes.of(one.path, 1, Number.MAX_SAFE_INTEGER) })),
    charts,
    kustomizations: readKustomizations(inspected),
    unreadable,
    runOf: runsOf(ledger),
  }
}

function folderOf(path: string): string {
  const folder = posix.dirname(path)
  return folder === '.' ? '' : folder
}

/** Of each folder with a kustomization all files that it is made of, over any number of others. */
function readKustomizations({ files }: Inspected): ReadonlyMap<string, readonly string[]> {
  const direct = new Map<string, readonly string[]>()
  for (const [path, bytes] of files) {
    if (!kustomizationName.test(path)) continue
    const folder = folderOf(path)
    direct.set(
      folder,
      readKustomization(path, bytes).map((one) => posix.normalize(posix.join(folder, one)).replace(/\/$/, '')),
    )
  }
  const all = (folder: string, seen: Set<string>): readonly string[] => {
    if (seen.has(folder)) return []
    seen.add(folder)
    return (direct.get(folder) ?? []).flatMap((one) => (direct.has(one) ? all(one, seen) : files.has(one) ? [one] : []))
  }
  return new Map([...direct.keys()].map((folder) => [folder, all(folder, new Set())]))
}

interface Changes {
  /** The newest change of any of these lines. */
  of(path: string, from: number, to: number): Change | null
}

async function readChanges(inspected: Inspected, wanted: readonly { readonly path: string }[]): Promise<Changes> {
  const paths = [...new Set(wanted.map(({ path }) => path))].slice(0, blamedFilesMax)
  const lines = new Map<string, readonly string[]>()
  for (let from = 0; from < paths.length; from += blamedAtOnce) {
    const some = paths.slice(from, from + blamedAtOnce)
    const told = await Promise.all(some.map((path) => inspected.blame(path)))
    told.forEach((blamed, index) => lines.set(some[index] ?? '', blamed))
  }
  const commits = new Map<string, Change>()
  for (const id of new Set([...lines.values()].flat()))
    if (id !== '') commits.set(id, changeOf(await inspected.commitOf(id)))
  return {
    of: (path, from, to) => {
      const written = [...new Set((lines.get(path) ?? []).slice(from - 1, to))].flatMap((id) => commits.get(id) ?? [])
      return written.reduce<Change | null>((newest, one) => (newest && newest.at >= one.at ? newest : one), null)
    },
  }
}

/** What a commit says of who wrote it and who let it in. */
export function changeOf({ id, author, at, message, merge }: InspectedCommit): Change {
  const [subject = ''] = message.split('\n')
  const trailers = (message.trimEnd().split(/\n\n+/).slice(1).at(-1) ?? '').split('\n')
  const approvedBy = trailers.flatMap((line) => /^(?:Reviewed|Approved|Acked)-by: (.+)$/i.exec(line)?.[1] ?? [])
  return {
    commit: id,
    subject,
    author,
    at,
    approvedBy,
    merged: merge && { commit: merge.id, by: merge.author },
    request: requestOf(merge?.message ?? '') ?? requestOf(message),
  }
}

/** The pull or merge request as the forges write it into what they merge. */
function requestOf(message: string): string | null {
  const [subject = ''] = message.split('\n')
  const pull = /^Merge pull request (#\d+) /.exec(subject)?.[1] ?? /\((#\d+)\)$/.exec(subject.trim())?.[1]
  return pull ?? /^See merge request \S*(![0-9]+)$/m.exec(message)?.[1] ?? null
}

function runsOf(files: ReadonlyMap<string, string>): DeployFiles['runOf'] {
  let view: LedgerView
  try {
    view = readLedger(files)
  } catch (error) {
    // A ledger of another version is none that can be read here; what else there is says enough.
    if (!isFault(error)) throw error
    return () => undefined
  }
  const runs = new Map(view.runs.flatMap((one) => one.runs.map((run) => [run.id, run.source] as const)))
  return (id) => {
    const source = runs.get(id)
    return source && { spec: `${source.path}:${source.line}`, sourceCommit: source.commit }
  }
}
