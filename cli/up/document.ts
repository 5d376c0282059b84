import type { Publication } from '../../domain/publication.ts'
import type { State } from './state.ts'

/** The one JSON document of `up --until-settled --output json`. */
export interface UpDocument {
  readonly publications: readonly { commit: string; sourceCommit: string | null; files: number }[]
  readonly runs: readonly {
    id: string
    project: string
    name: string
    environment: string
    state: string
    reason: string | null
    attempts: number
    retryCount: number
    finalMetrics: Readonly<Record<string, number>> | null
    specPath: string
  }[]
  readonly modelVersions: readonly { model: string; version: number; digest: string; sizeBytes: number }[]
  readonly endpoints: readonly {
    project: string
    name: string
    environment: string
    status: string
    reason: string | null
    url: string | null
  }[]
  readonly seconds: number
  /** Why it did not settle or what failed; null when all is fine. */
  readonly reason: string | null
}

export function upDocument(
  publications: readonly Publication[],
  state: State,
  seconds: number,
  reason: string | null,
): UpDocument {
  return {
    publications: publications.map(({ commit, sourceCommit, files }) => ({ commit, sourceCommit, files })),
    runs: state.runs.map((run) => ({
      id: run.id,
      project: run.project,
      name: run.name,
      environment: run.environment,
      state: run.state,
      reason: run.reason || null,
      attempts: run.attempt,
      retryCount: run.retryCount,
      finalMetrics: run.finalMetrics,
      specPath: run.specPath,
    })),
    modelVersions: state.models.map(({ model, version, digest, sizeBytes }) => ({ model, version, digest, sizeBytes })),
    endpoints: state.endpoints.map((endpoint) => ({
      project: endpoint.project,
      name: endpoint.name,
      environment: endpoint.environment,
      status: endpoint.status,
      reason: endpoint.status === 'healthy' ? null : endpoint.message || endpoint.reason || null,
      url: endpoint.status === 'waiting' ? null : endpoint.url,
    })),
    seconds: Math.round(seconds * 10) / 10,
    reason,
  }
}
