import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from '../../../reconciler/sources/kubernetes/api/api.ts'
import { loadCredentials } from '../../../reconciler/sources/kubernetes/api/credentials.ts'
import { type Attempt, createCandidate } from '../../../reconciler/sources/kubernetes/candidate.ts'
import { leadershipRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { type Identity, makeIdentity } from '../support/identities.ts'

/*
 * Least privilege of those who choose a leader: what no longer works without a verb on their Lease.
 */

let cluster: Cluster
let namespace: string
beforeAll(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'leading')
})
afterAll(() => removeNamespace(cluster, namespace))

let identities = 0
function identityWith(verbs: readonly string[]): Promise<Identity> {
  identities += 1
  const rules = leadershipRules.map((rule) => ({ ...rule, verbs }))
  return makeIdentity(cluster, namespace, `reconciler-${identities}`, rules)
}

/** Tries to take a Lease that is not there yet, and one that is there and free. */
async function tryBoth({ kubeconfig }: Identity): Promise<{ readonly first: Attempt; readonly next: Attempt }> {
  const api = createApi(await loadCredentials({ kubeconfig, context: null }))
  const free = `free-${identities}`
  await cluster.kubernetes.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: free, namespace },
    spec: { holderIdentity: '', leaseDurationSeconds: 15 },
  })
  const take = (name: string) =>
    createCandidate(api, { lease: { namespace, name }, identity: 'one', leaseMilliseconds: 15_000 }).tryToLead({
      milliseconds: 10_000,
      stopped: new AbortController().signal,
    })
  try {
    return { first: await take(`new-${identities}`), next: await take(free) }
  } finally {
    api.close()
  }
}

const verbs = leadershipRules.flatMap((rule) => rule.verbs)
const mine = { outcome: 'mine' }
const cannot = (verb: string) => ({
  outcome: 'unknown',
  fault: { code: 'CLUSTER_REFUSED', message: expect.stringContaining(`cannot ${verb} resource "leases"`) as string },
})

const table: readonly (readonly [verb: string, sentence: string, first: object, next: object])[] = [
  ['get', 'nobody leads', cannot('get'), cannot('get')],
  ['create', 'nobody leads where nobody has led before', cannot('create'), mine],
  ['update', 'nobody leads longer than once', mine, cannot('update')],
]

describe('the rules for choosing a leader', () => {
  it('are enough', async () => {
    expect(await tryBoth(await identityWith(verbs))).toMatchObject({ first: mine, next: mine })
  })

  it('are all tried here', () => {
    expect([...verbs].sort()).toEqual(table.map(([verb]) => verb).sort())
  })

  it.each(table)('without "%s" %s', async (verb, _sentence, first, next) => {
    expect(await tryBoth(await identityWith(verbs.filter((one) => one !== verb)))).toMatchObject({ first, next })
  })
})
