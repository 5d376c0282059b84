import type { DeploymentStatus, HealthStatus } from '../../domain/deployment.ts'
import type { EndpointStatus } from '../../domain/endpoint.ts'
import type { EndpointRelease } from '../../domain/ledger.ts'
import type { SeenApplication, SeenCandidate } from '../../domain/observation.ts'
import type { EndpointPlan } from '../../domain/plan.ts'

/*
 * How a release stands. First line that holds:
 *
 * its files could not be rendered or applied, and it is not what runs    failed       with the words of Helm or the API server
 * nothing of it is there                                                 deploying    validating
 * another release is there still                                         deploying    validating
 * enough of it answers, and nothing older does                           healthy      active
 * it crashes, does not load, is refused; something answers               degraded     failed, or active where it had come up
 * it crashes, does not load, is refused; nothing answers                 failed       failed
 * it had come up, and too few answer                                     degraded     active
 * anything else                                                          deploying    deploying
 *                                                                        (endpoint)   (its row in deployments)
 */

export interface Standing {
  readonly status: EndpointStatus
  readonly release: DeploymentStatus
  readonly health: HealthStatus | null
  readonly reason: string
  readonly message: string
}

/**
 * @param seen the workload under the name of the release; of the release or of the one before it
 * @param hadComeUp whether this very release is recorded as one that served
 */
export function standingOf(
  { revision, plan, pin }: EndpointRelease,
  seen: SeenCandidate | undefined,
  application: SeenApplication | undefined,
  hadComeUp: boolean,
): Standing {
  const isOlder = seen !== undefined && seen.revision != null && seen.revision !== revision
  const isThis = seen !== undefined && seen.modelDigest === pin.digest && !isOlder
  const isKnownToRun = isThis && (seen.revision === revision || hadComeUp)
  if (application?.phase === 'Failed' && !isKnownToRun) return failed('SyncFailed', application.message)
  if (!seen) return coming('validating', 'Published', 'published; the cluster has not made it yet')
  if (isOlder)
    return coming('validating', 'Published', `release ${revision} is published; ${earlier(seen.revision)} still runs`)
  const { reason, message } = seen
  if (isThis && seen.current && seen.readyReplicas >= needed(plan, seen.replicas))
    return { status: 'healthy', release: 'active', health: 'healthy', reason: '', message: '' }
  const cameUp = isThis && hadComeUp
  if (seen.failing && seen.readyReplicas === 0) return failed(reason, message)
  if (seen.failing)
    return cameUp
      ? { ...degraded(reason, message), release: 'active' }
      : { ...degraded(reason, message), release: 'failed', health: 'unhealthy' }
  if (cameUp && seen.current) return { ...degraded(reason || 'NotReady', message), release: 'active' }
  return coming('deploying', reason || 'Starting', message)
}

/** @param revision 0 where a workload is only known to be of an earlier release */
function earlier(revision: number | null | undefined): string {
  return revision ? `release ${revision}` : 'the one before'
}

/** None of an endpoint that may go down to zero, and has. */
function needed(plan: EndpointPlan, replicas: number): number {
  return plan.replicas.min === 0 && replicas === 0 ? 0 : Math.max(1, Math.min(plan.replicas.min, replicas))
}

function coming(release: 'validating' | 'deploying', reason: string, message: string): Standing {
  return { status: 'deploying', release, health: null, reason, message }
}

function failed(reason: string, message: string): Standing {
  return { status: 'failed', release: 'failed', health: 'unhealthy', reason, message }
}

function degraded(reason: string, message: string): Omit<Standing, 'release'> {
  return { status: 'degraded', health: 'degraded', reason, message }
}
