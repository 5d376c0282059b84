import { leaseSecretName } from '../domain/names.ts'
import type { ClusterSource, LeaseGrant } from '../reconciler/sources/cluster.ts'
import type { Kubelet } from './kubelet/kubelet.ts'
import type { SecretObject } from './store/objects.ts'
import type { World } from './world.ts'

/** The Secrets that hold the token and the lease of each attempt; readable by this user alone. */
export function openLeases(
  parts: () => { readonly world: World; readonly kubelet: Kubelet },
): Pick<ClusterSource, 'grantLease' | 'rotateToken' | 'removeLease'> {
  const put = (lease: LeaseGrant, environment: string | null): void => {
    const { world, kubelet } = parts()
    const secret = secretOf(lease, environment)
    world.store.putSecret(secret)
    world.changed({ runId: lease.runId })
    kubelet.secretChanged(secret.namespace, secret.name)
  }
  const existing = ({ namespace, runId, attempt }: Pick<LeaseGrant, 'namespace' | 'runId' | 'attempt'>) =>
    parts().world.store.secret(namespace, leaseSecretName(runId, attempt))
  return {
    grantLease: async (lease) => {
      if (existing(lease)) return
      const job = parts()
        .world.store.jobs()
        .find((one) => one.uid === lease.jobUid)
      put(lease, job?.environment ?? null)
    },
    rotateToken: async (lease) => {
      const before = existing(lease)
      if (before?.data['job-uid'] === lease.jobUid) put(lease, before.lease?.environment ?? null)
    },
    removeLease: async (lease) => {
      if (!existing(lease)) return
      parts().world.store.removeSecret(lease.namespace, leaseSecretName(lease.runId, lease.attempt))
      parts().world.changed({ runId: lease.runId })
    },
  }
}

function secretOf(lease: LeaseGrant, environment: string | null): SecretObject {
  return {
    format: 1,
    name: leaseSecretName(lease.runId, lease.attempt),
    namespace: lease.namespace,
    data: { token: lease.token, 'job-uid': lease.jobUid },
    lease: {
      environment,
      runId: lease.runId,
      attempt: lease.attempt,
      jobUid: lease.jobUid,
      tokenExpiresAt: lease.tokenExpiresAt.toISOString(),
    },
  }
}
