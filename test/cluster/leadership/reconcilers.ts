import { type Ended, endOf, type Running, untilSaid } from '../../support/main-job/program.ts'
import { queryOnce } from '../../../records/pool.ts'
import { argocdRules, leadershipRules, projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { resource } from '../base/kubernetes.ts'
import { freePort } from '../base/ports.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { readAudit, writesBy } from '../support/audit.ts'
import type { Cluster } from '../support/cluster.ts'
import { type Identity, makeIdentity } from '../support/identities.ts'
import type { Yard } from '../support/yard.ts'

/*
 * `specyard reconcile` as its Deployment runs it: several processes with a state folder each, of which one leads by a Lease.
 */

/** By the usual times a Lease runs out after 15 s, and who waits looks again within 2.4 s. */
export const takeoverSecondsMax = 20

export interface LeadingProcess extends Running {
  /** By its own metrics. False also when it does not answer. */
  leads(): Promise<boolean>
  untilLeads(seconds: number): Promise<void>
  /** Why it is not ready; empty when it is. */
  notReady(): Promise<readonly string[]>
}

export function leaseNameOf({ namespace }: Yard): string {
  return `${namespace}/reconciler`
}

export async function startReconciler(
  yard: Yard,
  environment: Readonly<Record<string, string>> = {},
): Promise<LeadingProcess> {
  const address = `127.0.0.1:${await freePort()}`
  const running = yard.beside(['reconcile', '--lease', leaseNameOf(yard), '--health', address], environment)
  const leads = async (): Promise<boolean> => {
    const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(2000) }).catch(
      () => undefined,
    )
    return (await answer?.text())?.includes('\nspecyard_leading 1\n') ?? false
  }
  const notReady = async (): Promise<readonly string[]> => {
    const answer = await fetch(`http://${address}/readyz`, { signal: AbortSignal.timeout(5000) })
    return ((await answer.json()) as { reasons?: readonly string[] }).reasons ?? []
  }
  await untilSaid(running, /leads by the Lease/)
  return {
    ...running,
    leads,
    notReady,
    untilLeads: async (seconds) => {
      await until('it to lead', leads, { seconds }).catch((cause: unknown) => {
        throw new Error(`${String(cause)}; it said:\n${running.said()}`, { cause })
      })
    },
  }
}

/** `specyard reconcile --once --lease`, as its CronJob runs it. */
export function reconcileOnce(yard: Yard, environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return endOf(yard.beside(['reconcile', '--once', '--lease', leaseNameOf(yard)], environment), 60)
}

export interface LeaseObject {
  readonly metadata: { readonly resourceVersion: string }
  readonly spec: { readonly holderIdentity: string; readonly leaseTransitions: number; readonly renewTime: string }
}

export function leaseOf(cluster: Cluster, yard: Yard): Promise<LeaseObject | undefined> {
  return cluster.kubernetes.get<LeaseObject>(resource('coordination.k8s.io/v1', 'leases', yard.namespace, 'reconciler'))
}

/** Freezes a leader just after it has renewed its Lease: when it thaws, its passes are due before its next renewal. */
export async function freezeAfterRenewal(cluster: Cluster, yard: Yard, leader: LeadingProcess): Promise<void> {
  const before = await leaseOf(cluster, yard)
  const isRenewed = async () =>
    (await leaseOf(cluster, yard))?.metadata.resourceVersion !== before?.metadata.resourceVersion
  await until('the Lease to be renewed', isRenewed, { ...often, seconds: 10 })
  leader.kill('SIGSTOP')
}

/** The token of the newest term, which grows with every one. */
export async function newestToken({ database }: Yard): Promise<number> {
  const rows = await queryOnce<{ token: number }>(database.pool, 'select token from reconciler_fence')
  return rows[0]?.token ?? 0
}

/** A service account of its own for one process, with what a reconciler needs and no more, so that the audit log tells who did what. */
export async function reconcilerIdentity(cluster: Cluster, { namespace }: Yard, name: string): Promise<Identity> {
  const identity = await makeIdentity(cluster, namespace, name, [...projectRules, ...leadershipRules])
  const group = 'rbac.authorization.k8s.io'
  const metadata = { name: `${namespace}-${name}`, namespace: argocdNamespace }
  await cluster.kubernetes.apply({ apiVersion: `${group}/v1`, kind: 'Role', metadata, rules: argocdRules })
  await cluster.kubernetes.apply({
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  })
  return identity
}

/** How many lease Secrets somebody made. */
export function grantsBy(cluster: Cluster, { auditFrom, namespace }: Yard, { user }: Identity): number {
  return writesBy(readAudit(cluster, auditFrom), user).filter(
    ({ verb, objectRef, responseStatus }) =>
      verb === 'create' &&
      objectRef?.resource === 'secrets' &&
      objectRef.namespace === namespace &&
      responseStatus?.code === 201,
  ).length
}

/**
 * Freezes a process in the middle of a write: it holds the lock by which it made sure that it may write, and says no more.
 * @param name by which its sessions are known to the database
 */
export async function freezeWhileWriting({ database }: Yard, running: LeadingProcess, name: string): Promise<void> {
  const isThere = (how: string) => async () => {
    const sessions = `select 1 from pg_stat_activity where application_name = $1 and datname = current_database() and ${how}`
    return (await queryOnce(database.pool, sessions, [name])).length > 0
  }
  const session = await database.pool.connect()
  try {
    await session.query('begin', [])
    await session.query('select 1 from reconciler_fence for update', [])
    await until(`${name} to wait for the fence`, isThere(`wait_event_type = 'Lock'`), { ...often, seconds: 8 })
    running.kill('SIGSTOP')
    await session.query('commit', [])
  } finally {
    session.release()
  }
  await until(`${name} to be silent in a transaction`, isThere(`state = 'idle in transaction'`), {
    ...often,
    seconds: 5,
  })
}

const often = { everyMilliseconds: 20 }
