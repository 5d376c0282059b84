import { canonicalJsonLines, type Json } from './canonical.ts'
import { Fault } from './fault.ts'
import {
  type BranchesLedger,
  branchesPath,
  type DriftedFile,
  type EndpointLedger,
  type EnvironmentLedger,
  type ModelLedger,
  paths,
  type RunLedger,
} from './ledger.ts'
import { compareText } from './problem.ts'
import type { Files } from './publication.ts'

export type LedgerEntry = RunLedger | EndpointLedger | ModelLedger | EnvironmentLedger | BranchesLedger

/** The whole ledger, each list in the order of its paths. */
export interface LedgerView {
  readonly runs: readonly RunLedger[]
  readonly endpoints: readonly EndpointLedger[]
  readonly models: readonly ModelLedger[]
  readonly environments: readonly EnvironmentLedger[]
  /** Owned files that somebody else changed and nobody adopted or discarded yet, where that is known. */
  readonly drifted?: readonly DriftedFile[]
}

/** @throws Fault LEDGER_UNREADABLE, LEDGER_VERSION_UNKNOWN naming the file */
export function readLedger(files: Files): LedgerView {
  const view = {
    runs: [] as RunLedger[],
    endpoints: [] as EndpointLedger[],
    models: [] as ModelLedger[],
    environments: [] as EnvironmentLedger[],
  }
  for (const path of [...files.keys()].sort(compareText)) {
    const noun = /^\.specyard\/ledger\/(runs|endpoints|models|environments)\/.+\.json$/.exec(path)?.[1]
    if (noun === 'runs') view.runs.push(parse<RunLedger>(path, files))
    if (noun === 'endpoints') view.endpoints.push(parse<EndpointLedger>(path, files))
    if (noun === 'environments') view.environments.push(parse<EnvironmentLedger>(path, files))
    if (noun === 'models') view.models.push(parse<ModelLedger>(path, files))
  }
  return view
}

export function readRunLedger(files: Files, key: Parameters<typeof paths.runLedger>[0]): RunLedger | undefined {
  return parse<RunLedger | undefined>(paths.runLedger(key), files)
}

export function readEndpointLedger(
  files: Files,
  key: Parameters<typeof paths.endpointLedger>[0],
): EndpointLedger | undefined {
  return parse<EndpointLedger | undefined>(paths.endpointLedger(key), files)
}

export function readModelLedger(files: Files, project: string, model: string): ModelLedger | undefined {
  return parse<ModelLedger | undefined>(paths.modelLedger(project, model), files)
}

export function readBranchesLedger(files: Files): BranchesLedger | undefined {
  return parse<BranchesLedger | undefined>(branchesPath, files)
}

/** Where an entry stands in the deploy repository. */
export function ledgerPath(entry: LedgerEntry): string {
  if ('branches' in entry) return branchesPath
  if ('runs' in entry) return paths.runLedger(entry)
  if ('versions' in entry) return paths.modelLedger(entry.project, entry.model)
  return 'plan' in entry ? paths.endpointLedger(entry) : paths.environmentLedger(entry.environment)
}

/** The text of a ledger file: indented for people's diffs, keys in one order, so that equal entries have equal bytes. */
export function ledgerText(entry: LedgerEntry): string {
  return `${canonicalJsonLines(entry as unknown as Json)}\n`
}

function parse<Entry>(path: string, files: Files): Entry {
  const text = files.get(path)
  if (text === undefined) return undefined as Entry
  let entry: { format?: unknown }
  try {
    entry = JSON.parse(text) as { format?: unknown }
  } catch (cause) {
    throw new Fault('LEDGER_UNREADABLE', `the ledger file ${path} of the deploy repository is not JSON`, {
      retry: 'never',
      hint: `restore it from the deploy repository's history: git checkout <commit> -- ${path}`,
      cause,
    })
  }
  if (entry.format !== 1) {
    throw new Fault(
      'LEDGER_VERSION_UNKNOWN',
      `the ledger file ${path} has format ${String(entry.format)}; this version knows format 1`,
      {
        retry: 'never',
        hint: 'use the version of Specyard that wrote it, or a newer one',
      },
    )
  }
  return entry as Entry
}
