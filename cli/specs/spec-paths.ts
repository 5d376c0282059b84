import type { ModelLedger } from '../../domain/ledger.ts'
import { compareText } from '../../domain/problem.ts'
import type { Change, Files } from '../../domain/publication.ts'

/*
 * Which specs a commit is about is read from the ledger entries that it changes: they keep where their spec stood, also for operations, which
 * compile nothing, and for what is removed.
 */

/** The paths of the specs that a change is about, each once, in their order. */
export function specPathsOf(change: Change, deployed: Files): readonly string[] {
  const paths = new Set<string>()
  for (const [path, text] of change) {
    const noun = /^\.specyard\/ledger\/(runs|endpoints|models)\/.+\.json$/.exec(path)?.[1]
    const [before, after] = [entryOf(deployed.get(path)), entryOf(text ?? undefined)]
    for (const entry of [after, ...(after === undefined ? [before] : [])]) {
      if (noun === 'runs') add(paths, pathIn(entry, 'runs', 0))
      if (noun === 'endpoints') add(paths, pathIn(entry, 'plan'))
      if (noun === 'models')
        for (const found of specsOfVersions(entry as ModelLedger | undefined, deployed)) add(paths, found)
    }
  }
  return [...paths].sort(compareText)
}

/** The specs of the runs that made the newest version of a model. */
function specsOfVersions(entry: ModelLedger | undefined, deployed: Files): readonly (string | undefined)[] {
  const run = entry?.versions.at(-1)?.run
  if (!run) return []
  const found: (string | undefined)[] = []
  for (const [path, text] of deployed) {
    if (!path.startsWith(`.specyard/ledger/runs/${run.environment}/`) || !text.includes(run.id)) continue
    const ledger = entryOf(text) as { readonly runs?: readonly { readonly id: string }[] } | undefined
    found.push(pathIn(ledger?.runs?.find(({ id }) => id === run.id)))
  }
  return found
}

function pathIn(entry: unknown, ...way: readonly (string | number)[]): string | undefined {
  let at: unknown = entry
  for (const step of [...way, 'source', 'path']) at = (at as Record<string | number, unknown> | undefined)?.[step]
  return typeof at === 'string' ? at : undefined
}

function add(paths: Set<string>, path: string | undefined): void {
  if (path !== undefined) paths.add(path)
}

/** A file that cannot be read is somebody else's matter: the commit then says less. */
function entryOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}
