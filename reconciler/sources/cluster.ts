import type { EndpointKey } from '../../domain/names.ts'
import type { ServerLog } from '../../domain/server-log.ts'
import type { ClusterView, SeenEvent, SeenPod, SeenRefusal } from '../../domain/observation.ts'

/** A connected cluster, as the reconciler sees it: it looks, and writes nothing there but leases and the refresh annotation. */
export interface ClusterSource {
  /** Environments that this cluster serves. */
  readonly environments: readonly string[]
  /**
   * @param leasesOf attempts whose leases are to be in the view although no Job of theirs is there any more: a cluster may only read leases by
   * their names
   * @param only runs whose leases are to be in the view, where not all are: each may be a request
   * @throws Fault CLUSTER_UNREACHABLE, CLUSTER_REFUSED
   */
  view(environment: string, leasesOf?: readonly LeaseName[], only?: ReadonlySet<string>): Promise<ClusterView>
  /** Hears keys of what may have changed, never a decision. Returns what ends it. */
  watch(changed: (key: ChangedKey) => void): () => void
  /** The last lines of the trainer's log; empty when there is none. @throws Fault when they cannot be had now */
  logTail(pod: SeenPod, lines: number): Promise<readonly string[]>
  /** What serves an endpoint said last, pod by pod, the newest pods first. @throws Fault when the pods cannot be listed now */
  serverLogs(endpoint: EndpointKey, lines: number): Promise<readonly ServerLog[]>
  /**
   * What the cluster's parts told of a Job or pod, oldest first, at most `eventsMax`; empty when nothing was, or nothing is left of it.
   * @throws Fault when they cannot be had now
   */
  events(of: { readonly namespace: string; readonly uid: string }): Promise<readonly SeenEvent[]>
  /**
   * What was said when pods of Jobs in a namespace were refused, the last word of each Job; at most some seconds old. Left out where a cluster
   * never refuses one.
   * @throws Fault when it cannot be had now
   */
  refusals?(namespace: string): Promise<readonly SeenRefusal[]>
  /** Creates the lease Secret; one that exists for another Job is left as it is (the lease was granted already). */
  grantLease(lease: LeaseGrant): Promise<void>
  /** Puts a fresh token into the lease, where it is still for this Job. */
  rotateToken(lease: LeaseGrant): Promise<void>
  removeLease(lease: LeaseName): Promise<void>
  /** Asks for the Applications to be synced soon. */
  refresh(applications: readonly string[]): Promise<void>
}

/** The newest of them are kept. */
export const eventsMax = 30

export type ChangedKey = { readonly runId: string } | { readonly endpoint: string } | { readonly everything: true }

/** Which lease it is. */
export type LeaseName = Pick<LeaseGrant, 'namespace' | 'runId' | 'attempt'>

export interface LeaseGrant {
  readonly namespace: string
  readonly runId: string
  readonly attempt: number
  readonly jobUid: string
  readonly token: string
  readonly tokenExpiresAt: Date
}
