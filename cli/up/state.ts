import type { Endpoint } from '../../domain/endpoint.ts'
import { isTerminal, type Run } from '../../domain/run.ts'
import type { ModelVersion, Records } from '../../records/records.ts'

/** All that `up` shows and waits for, in one look at the records. */
export interface State {
  readonly runs: readonly Run[]
  readonly endpoints: readonly Endpoint[]
  readonly models: readonly ModelVersion[]
}

export async function readState(records: Records): Promise<State> {
  const runs = await allRuns(records)
  const endpoints = await records.endpoints.list({})
  const models = await records.models.list({})
  return { runs: [...runs].reverse(), endpoints, models }
}

const pageSize = 500

/** Newest first. */
async function allRuns(records: Records): Promise<readonly Run[]> {
  const runs: Run[] = []
  for (;;) {
    const last = runs.at(-1)
    const page = await records.runs.list({ limit: pageSize, ...(last ? { after: last.id } : {}) })
    runs.push(...page)
    if (page.length < pageSize) return runs
  }
}

export interface Unsettled {
  readonly what: string
  readonly why: string
}

/**
 * What a connected cluster still has to do, from the records alone; empty when everything has settled.
 * @param connected whether a cluster is connected for an environment
 */
export function unsettled(state: State, connected: (environment: string) => boolean): readonly Unsettled[] {
  const runs = state.runs
    .filter((run) => connected(run.environment) && !isTerminal(run.state))
    .map((run) => ({ what: `run ${name(run)}`, why: `${run.state}${run.reason ? ` (${run.reason})` : ''}` }))
  const endpoints = state.endpoints
    .filter(
      (endpoint) =>
        connected(endpoint.environment) && (endpoint.status === 'deploying' || endpoint.status === 'degraded'),
    )
    .map((endpoint) => ({
      what: `endpoint ${name(endpoint)}`,
      why: `${endpoint.status}${endpoint.reason ? ` (${endpoint.reason})` : ''}`,
    }))
  return [...runs, ...endpoints]
}

/** What has ended badly in connected clusters: the newest run of a name that failed, an endpoint that failed. */
export function failures(state: State, connected: (environment: string) => boolean): readonly Unsettled[] {
  const newest = new Map(state.runs.map((run) => [name(run), run]))
  const runs = [...newest.values()]
    .filter((run) => connected(run.environment) && run.state === 'FAILED')
    .map((run) => ({ what: `run ${name(run)}`, why: `FAILED: ${run.message || run.reason}` }))
  const endpoints = state.endpoints
    .filter((endpoint) => connected(endpoint.environment) && endpoint.status === 'failed')
    .map((endpoint) => ({ what: `endpoint ${name(endpoint)}`, why: `failed: ${endpoint.message || endpoint.reason}` }))
  return [...runs, ...endpoints]
}

export function name(key: { environment: string; project: string; name: string }): string {
  return `${key.environment}/${key.project}/${key.name}`
}
