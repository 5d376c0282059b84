/**
 * Statuses of a deployment, which is one release of an endpoint on its way, as the source document has them.
 *
 * pending     asked for, and waiting: for its pull request to be merged, or to be published
 * validating  in the deploy repository; the cluster has not made its objects yet
 * deploying   its objects are there and come up, or it is a rollout's candidate that does not have all traffic yet
 * active      it serves
 * failed      it did not come up, or does not serve any more
 * rollback    it was taken back: by a rollback, or as the candidate of a rollout that was aborted
 */
export const deploymentStatuses = ['pending', 'validating', 'deploying', 'active', 'failed', 'rollback'] as const
export type DeploymentStatus = (typeof deploymentStatuses)[number]

export const healthStatuses = ['healthy', 'degraded', 'unhealthy'] as const
export type HealthStatus = (typeof healthStatuses)[number]

/** What is decided of one release: a row of `deployments`. */
export interface ReleaseState {
  readonly revision: number
  readonly modelVersion: number
  readonly modelDigest: string
  readonly status: DeploymentStatus
  /** Null while it has not come up yet. */
  readonly health: HealthStatus | null
  readonly reason: string
  readonly message: string
  readonly url: string | null
  /** Its share of the traffic in per cent while a rollout is under way; null otherwise. */
  readonly weight: number | null
}

/** A release of an endpoint as it is recorded. */
export interface Deployment {
  readonly id: string
  readonly environment: string
  readonly project: string
  readonly endpoint: string
  readonly model: string
  /** Id of the recorded model version; of the model where that version is not recorded. */
  readonly modelId: string
  readonly modelVersion: number | null
  readonly modelDigest: string | null
  /** Null while it is `pending`. */
  readonly revision: number | null
  readonly status: DeploymentStatus
  readonly health: HealthStatus | null
  readonly reason: string
  readonly message: string
  readonly url: string | null
  readonly weight: number | null
  readonly createdBy: string
  readonly createdAt: Date
  readonly deployedAt: Date | null
  readonly supersededAt: Date | null
  /** What became of it, oldest first; the newest `deploymentLogMax` lines. */
  readonly log: readonly string[]
  readonly measured: Measured | null
  /** Commit of the repository that was changed to bring it about, where it was asked for over the API. */
  readonly commit: string | null
  readonly pullRequest: string | null
}

export const deploymentLogMax = 200

/** What callers met, as the cluster's monitoring counted it. */
export interface Measured {
  readonly requests: number
  /** 0 to 1. */
  readonly errorRate: number
  readonly averageLatencyMilliseconds: number
  readonly at: Date
}
