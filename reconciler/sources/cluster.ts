import type { ClusterView, SeenPod } from '../../domain/observation.ts'

/** A connected cluster, as the reconciler sees it: it looks, and writes nothing there but leases and the refresh annotation. */
export interface ClusterSource {
  /** Environments that this cluster serves. */
  readonly environments: readonly string[]
  /** @throws Fault CLUSTER_UNREACHABLE */
  view(environment: string): Promise<ClusterView>
  /** Hears keys of what may have changed, never a decision. Returns what ends it. */
  watch(changed: (key: ChangedKey) => void): () => void
  /** The last lines of the trainer's log; empty when there is none. @throws Fault when they cannot be had now */
  logTail(pod: SeenPod, lines: number): Promise<readonly string[]>
  /** Creates the lease Secret; one that exists for another Job is left as it is (the lease was granted already). */
  grantLease(lease: LeaseGrant): Promise<void>
  /** Puts a fresh token into the lease, where it is still for this Job. */
  rotateToken(lease: LeaseGrant): Promise<void>
  removeLease(lease: Pick<LeaseGrant, 'namespace' | 'runId' | 'attempt'>): Promise<void>
  /** Asks for the Applications to be synced soon. */
  refresh(applications: readonly string[]): Promise<void>
}

export type ChangedKey = { readonly runId: string } | { readonly endpoint: string } | { readonly everything: true }

export interface LeaseGrant {
  readonly namespace: string
  readonly runId: string
  readonly attempt: number
  readonly jobUid: string
  readonly token: string
  readonly tokenExpiresAt: Date
}
