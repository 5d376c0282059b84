import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ImpactStatement, KnownRuns, RunProgress } from '../../compiler/impact/statement.ts'
import { isFault } from '../../domain/fault.ts'
import { keyText, type RunKey } from '../../domain/names.ts'
import type { Run } from '../../domain/run.ts'
import { openDatabase } from '../../records/database.ts'
import { checkSchema } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import { expectOk, withApi } from '../house/client.ts'
import type { Settings } from '../house/settings.ts'
import type { World } from '../world.ts'

/** What is remembered of runs, wherever that is. */
export interface RunMemory {
  /** Undefined for a run that is not known. */
  progress(runId: string): Promise<RunProgress | undefined>
  /** Hours that the successful runs of a name took, newest first, at most ten. */
  pastHours(key: RunKey): Promise<readonly number[]>
}

const pastRunsMax = 10
/** A change of a thousand specs does not ask a thousand questions: those runs are looked for that have the most GPUs, or would take the most of them. */
export const askedMax = 200

/**
 * What records know of the runs that a change starts and stops; undefined where there are no records, or somebody else holds them.
 * @throws Fault DATABASE_UNREACHABLE, DATABASE_SCHEMA_OLD and others for a DATABASE_URL that does not answer
 */
export async function recall(
  settings: Settings,
  world: World,
  { starts, stops }: Pick<ImpactStatement, 'starts' | 'stops'>,
): Promise<KnownRuns | undefined> {
  return withRunMemory(settings, world, (memory) => remembered(memory, { starts, stops }))
}

/** What a memory knows of the runs that count most. */
export async function remembered(
  memory: RunMemory,
  { starts, stops }: Pick<ImpactStatement, 'starts' | 'stops'>,
): Promise<KnownRuns> {
  const heaviest = [...stops].sort((left, right) => right.gpus - left.gpus)
  const progress = new Map<string, RunProgress>()
  for (const { runId } of heaviest.slice(0, askedMax)) {
    const known = await memory.progress(runId)
    if (known) progress.set(runId, known)
  }
  const dearest = [...starts].sort((left, right) => right.estimate.gpuHours.high - left.estimate.gpuHours.high)
  const pastHours = new Map<string, readonly number[]>()
  for (const { key } of dearest.slice(0, askedMax)) pastHours.set(keyText(key), await memory.pastHours(key))
  return { progress, unasked: new Set(heaviest.slice(askedMax).map(({ runId }) => runId)), pastHours }
}

async function withRunMemory<Result>(
  settings: Settings,
  world: World,
  use: (memory: RunMemory) => Promise<Result>,
): Promise<Result | undefined> {
  if (settings.databaseUrl !== undefined) return withDatabase(settings.databaseUrl, use)
  // Nothing is made by looking: without a database of this folder there is none.
  if (!existsSync(join(settings.stateFolder, 'database'))) return undefined
  try {
    return await withApi(settings, world, (ask) =>
      use({
        progress: async (runId) => {
          const answer = await ask('GET', `/v1/jobs/${runId}`)
          return answer.status === 404 ? undefined : progressOf(expectOk(answer) as AnsweredRun)
        },
        pastHours: async ({ environment, project, name }) => {
          const query = new URLSearchParams({ environment, project, name, state: 'SUCCEEDED', limit: '10' })
          const { items } = expectOk(await ask('GET', `/v1/jobs?${query.toString()}`)) as { items: AnsweredRun[] }
          return items.flatMap((one) => hoursBetween(one.started_at, one.completed_at))
        },
      }),
    )
  } catch (error) {
    if (!isFault(error, 'ALREADY_RUNNING')) throw error
    world.stderr.write('note: another process works with the database; how far runs are is not told\n')
    return undefined
  }
}

/** Reads a PostgreSQL and changes nothing in it, not even its schema. */
async function withDatabase<Result>(url: string, use: (memory: RunMemory) => Promise<Result>): Promise<Result> {
  const pool = await openDatabase(url)
  try {
    await checkSchema(pool)
    const { runs } = openRecords(pool)
    return await use({
      progress: async (runId) => {
        const run = await runs.get(runId)
        return run && progressOf(answered(run))
      },
      pastHours: async ({ environment, project, name }) => {
        const past = await runs.list({ environment, project, name, states: ['SUCCEEDED'], limit: pastRunsMax })
        return past.map(answered).flatMap((one) => hoursBetween(one.started_at, one.completed_at))
      },
    })
  } finally {
    await pool.end()
  }
}

/** What the API says of a run, as far as it is needed here. */
interface AnsweredRun {
  readonly state: Run['state']
  readonly reason: string
  readonly attempt: number
  readonly progress: {
    readonly step: number | null
    readonly epoch: number | null
    readonly total_epochs: number | null
    readonly percentage: number | null
  } | null
  readonly started_at: string | null
  readonly completed_at: string | null
}

function answered({ state, reason, attempt, progress, startedAt, completedAt }: Run): AnsweredRun {
  return {
    ...{ state, reason, attempt },
    progress: progress && { ...progress, total_epochs: progress.totalEpochs },
    started_at: startedAt?.toISOString() ?? null,
    completed_at: completedAt?.toISOString() ?? null,
  }
}

function progressOf({ state, reason, attempt, progress, started_at: startedAt }: AnsweredRun): RunProgress {
  return {
    ...{ state, reason, attempt, startedAt },
    step: progress?.step ?? null,
    epoch: progress?.epoch ?? null,
    totalEpochs: progress?.total_epochs ?? null,
    percentage: progress?.percentage ?? null,
  }
}

function hoursBetween(from: string | null, to: string | null): readonly number[] {
  if (from === null || to === null) return []
  const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000
  return hours >= 0 ? [hours] : []
}
