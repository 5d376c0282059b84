import type { Action } from '../../domain/action.ts'
import type { OurLedgerCommit, LedgerCommit } from '../../domain/ledger-history.ts'
import { type LedgerView, readLedger } from '../../domain/ledger-files.ts'
import { type ModelLedger, paths } from '../../domain/ledger.ts'
import { keyText } from '../../domain/names.ts'
import type { Run } from '../../domain/run.ts'
import type { Records } from '../../records/records.ts'
import { type EndpointStep, foldEndpoints, recordOfRelease } from './fold-endpoints.ts'
import { type FoldedRun, foldRuns, type Moment } from './fold-runs.ts'
import { eventOfFolded, lacksFailureClass, recordOfFolded } from './record.ts'

export interface RebuildPorts {
  /** Fenced. What is there already is left as it is. */
  readonly records: Records
  readonly history: AsyncIterable<LedgerCommit>
  /** Ends it between two commits: runs that the ledger still has at that place are then not written, for how they go on is not known. */
  readonly stopped: AbortSignal
  /** Hears how far the history has been read. */
  progress(commits: number, runs: number): void
}

/** What came of a rebuild; lists with a count beside them hold at most `toldMax`, the count is of all. */
export interface Rebuilt {
  /** False when it was stopped before the end of the history. */
  readonly complete: boolean
  /** Ids of the runs that were added, in the order in which they were written. */
  readonly runIds: readonly string[]
  /** Runs that the records had already. */
  readonly known: number
  /** Of the added ones: how many have not ended, and how many the ledger itself has dropped since. */
  readonly goingOn: number
  readonly dropped: number
  readonly attempts: number
  readonly modelVersions: number
  readonly releases: number
  readonly first: Moment | null
  readonly last: Moment | null
  /** Of the added ones: those whose last attempt failed and no commit says why. */
  readonly withoutFailureClass: readonly string[]
  readonly withoutFailureClassCount: number
  /** Runs that could not be made records of. */
  readonly left: readonly { readonly runId: string; readonly name: string; readonly why: string }[]
  readonly leftCount: number
  /** Ledger files that somebody else changed; what they wrote is not believed. */
  readonly disbelieved: readonly { readonly commit: string; readonly author: string; readonly path: string }[]
  readonly disbelievedCount: number
}

export const toldMax = 100

/**
 * Makes records of everything that the history of the ledger says: runs with their attempts and outcomes, model versions, releases of endpoints.
 * A run is written when the ledger drops it or the history ends. Doing it again changes nothing.
 * @throws Fault LEDGER_UNREADABLE, LEDGER_VERSION_UNKNOWN for a commit of ours that this version cannot read; what records and history throw
 */
export async function rebuildRecords({ records, history, stopped, progress }: RebuildPorts): Promise<Rebuilt> {
  const result = emptyResult()
  const runs = foldRuns()
  const endpoints = foldEndpoints()
  const models = foldModels()
  const revisions = new Map((await records.endpoints.list({})).map((one) => [keyText(one), one.revision]))
  const write = async (run: FoldedRun, isDropped: boolean): Promise<void> => {
    const why = hindrance(run, isDropped)
    if (why !== undefined || run.plan === null) return leave(result, run, why ?? '')
    const record = recordOfFolded(run, run.outcome === 'SUCCEEDED' ? models.metricsOf(run.id) : null)
    if (!(await records.runs.create(record, run.plan, eventOfFolded(run)))) {
      result.known += 1
      return
    }
    count(result, run, isDropped)
    const links = run.plan.tracker === undefined ? [] : linksOf(record)
    if (links.length > 0) await records.actions.add(links)
  }
  let position = 0
  for await (const commit of history) {
    if (stopped.aborted) return result
    position = commit.position
    progress(position, result.runIds.length)
    if (!commit.ours) {
      for (const path of commit.paths) disbelieve(result, { commit: commit.commit, author: commit.author, path })
      continue
    }
    const moment = { commit: commit.commit, at: commit.at }
    result.first ??= moment
    result.last = moment
    const steps = stepsOf(commit)
    for (const { path, entry } of steps.runs) for (const run of runs.take(path, entry, moment)) await write(run, true)
    for (const { entry } of steps.models) {
      const { project, model } = entry
      result.modelVersions += await records.models.absorb(project, model, null, models.take(entry), moment.at)
    }
    for (const { path, entry } of steps.endpoints) {
      const step = endpoints(path, entry, moment)
      if (step && !isPast(step, revisions)) result.releases += await putEndpoint(records, step)
    }
  }
  for (const run of runs.rest()) {
    if (stopped.aborted) return result
    progress(position, result.runIds.length)
    await write(run, false)
  }
  return { ...result, complete: true }
}

type Counted = { -readonly [Key in keyof Rebuilt]: Rebuilt[Key] extends readonly (infer One)[] ? One[] : Rebuilt[Key] }

function emptyResult(): Counted {
  return {
    complete: false,
    ...{ runIds: [], known: 0, goingOn: 0, dropped: 0, attempts: 0, modelVersions: 0, releases: 0 },
    ...{
      first: null,
      last: null,
      withoutFailureClass: [],
      withoutFailureClassCount: 0,
      left: [],
      leftCount: 0,
      disbelieved: [],
      disbelievedCount: 0,
    },
  }
}

function count(result: Counted, run: FoldedRun, isDropped: boolean): void {
  result.runIds.push(run.id)
  result.attempts += run.attempts.length
  if (run.outcome === null) result.goingOn += 1
  if (isDropped) result.dropped += 1
  if (!lacksFailureClass(run)) return
  result.withoutFailureClassCount += 1
  if (result.withoutFailureClass.length < toldMax) result.withoutFailureClass.push(run.id)
}

/** Why no record can be made of a run: nobody would ever end it, or know what it was. */
function hindrance(run: FoldedRun, isDropped: boolean): string | undefined {
  if (run.plan === null) return 'no commit of Specyard has its plan'
  if (isDropped && run.outcome === null) return 'it left the ledger before a commit said how it ended'
  return undefined
}

function leave(result: Counted, run: FoldedRun, why: string): void {
  result.leftCount += 1
  if (result.left.length < toldMax) result.left.push({ runId: run.id, name: keyText(run), why })
}

function disbelieve(result: Counted, change: Rebuilt['disbelieved'][number]): void {
  result.disbelievedCount += 1
  if (result.disbelieved.length < toldMax) result.disbelieved.push(change)
}

/** What ran and ended before these records knew of it: its tracker still has what it measured. */
function linksOf({ id: runId, environment, attempts }: Run): readonly Action[] {
  const ended = attempts.filter((one) => one.endedAt !== null)
  return ended.map(({ attempt }) => ({ kind: 'link-tracker', environment, runId, attempt }))
}

/** Whether the records have gone beyond a step already. */
function isPast(step: EndpointStep, revisions: ReadonlyMap<string, number>): boolean {
  const revision = revisions.get(keyText(step.kind === 'released' ? step.entry : step.key))
  return revision !== undefined && (step.kind === 'removed' || step.entry.revision <= revision)
}

/** @returns the number of releases that were written */
async function putEndpoint(records: Records, step: EndpointStep): Promise<number> {
  if (step.kind === 'removed') {
    await records.endpoints.remove(step.key)
    return 0
  }
  const record = recordOfRelease(step.entry, step.since, step.at)
  await records.endpoints.put(record, null, step.entry.plan)
  return record.revision > 0 && record.status !== 'waiting' ? 1 : 0
}

/** Tells new versions from those that a file had before, and what their runs measured. */
function foldModels() {
  const taken = new Set<string>()
  const metrics = new Map<string, Run['finalMetrics']>()
  return {
    take: ({ project, model, versions }: ModelLedger) => {
      const fresh = versions.filter(({ version }) => !taken.has(`${project}/${model}@${version}`))
      for (const one of fresh) {
        taken.add(`${project}/${model}@${one.version}`)
        metrics.set(one.run.id, one.metrics)
      }
      return fresh
    },
    metricsOf: (runId: string) => metrics.get(runId) ?? null,
  }
}

interface Steps {
  readonly runs: readonly { readonly path: string; readonly entry: LedgerView['runs'][number] | null }[]
  readonly endpoints: readonly { readonly path: string; readonly entry: LedgerView['endpoints'][number] | null }[]
  readonly models: readonly { readonly entry: ModelLedger }[]
}

function stepsOf({ files }: OurLedgerCommit): Steps {
  const present = new Map([...files].filter((pair): pair is [string, string] => pair[1] !== null))
  const removed = [...files].filter(([, text]) => text === null).map(([path]) => path)
  const view = readLedger(present)
  const gone = (noun: string) =>
    removed.filter((path) => path.startsWith(`.specyard/ledger/${noun}/`)).map((path) => ({ path, entry: null }))
  return {
    runs: [...view.runs.map((entry) => ({ path: paths.runLedger(entry), entry })), ...gone('runs')],
    endpoints: [...gone('endpoints'), ...view.endpoints.map((entry) => ({ path: paths.endpointLedger(entry), entry }))],
    models: view.models.map((entry) => ({ entry })),
  }
}
