import type { JsonObject } from './canonical.ts'

/** States of an endpoint's record, as the source document has them. An endpoint without a model has no record yet: it waits. */
export const endpointStatuses = ['deploying', 'healthy', 'degraded', 'failed'] as const
export type EndpointStatus = (typeof endpointStatuses)[number]

/** The record of an endpoint: one row of `serving_endpoints`, with `serving_deployments` where its resource exists. */
export interface Endpoint {
  readonly id: string
  readonly environment: string
  readonly project: string
  readonly name: string
  readonly route: string
  /** `waiting` has no status of the source document: nothing has been deployed yet. */
  readonly status: EndpointStatus | 'waiting'
  readonly reason: string
  readonly message: string
  readonly url: string | null
  readonly modelVersion: number | null
  readonly modelDigest: string | null
  readonly model: string
  readonly framework: string
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly specPath: string
  readonly specLine: number
  readonly deploymentSpec: JsonObject
  readonly lastHealthCheck: Date | null
  readonly revision: number
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}
