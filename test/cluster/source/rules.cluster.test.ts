import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseSecretName } from '../../../domain/names.ts'
import type { ClusterView, SeenJob, SeenPod } from '../../../domain/observation.ts'
import { type AccessRule, argocdRules, projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import type { MirrorTimes } from '../../../reconciler/sources/kubernetes/watch/mirror.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { applicationPath, createApplication } from '../support/applications.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { makeIdentity } from '../support/identities.ts'
import { createRepository } from '../support/repositories.ts'
import { applyServingDefinitions, followedKinds } from '../support/serving-crds.ts'
import { follow, type Following } from './following.ts'
import { begin, leaseOf } from './trainings.ts'

/*
 * Least privilege: with the rules of rules.ts everything works; without any one verb of them exactly what needs it does not.
 */

const everything = ['look', 'log', 'events', 'refusals', 'grant', 'renew', 'remove', 'refresh'] as const
type Deed = (typeof everything)[number]

/** What no longer works without a verb. */
const broken: readonly (readonly [verb: string, resource: string, sentence: string, deeds: readonly Deed[]])[] = [
  ['list', 'jobs', 'no training is seen', ['look']],
  ['watch', 'jobs', 'no change of a training is seen', ['look']],
  ['list', 'pods', 'no pod is seen', ['look']],
  ['watch', 'pods', 'no change of a pod is seen', ['look']],
  ['get', 'pods/log', 'no log is kept as evidence', ['log']],
  ['list', 'events', 'no event is kept as evidence, and nobody says why a pod is refused', ['events', 'refusals']],
  ['get', 'secrets', 'no lease is seen, and none renewed', ['look', 'renew']],
  ['create', 'secrets', 'no lease is granted', ['grant']],
  ['patch', 'secrets', 'no token is renewed', ['renew']],
  ['delete', 'secrets', 'no lease is removed', ['remove']],
  ['list', 'deployments', 'no endpoint is seen', ['look']],
  ['watch', 'deployments', 'no change of an endpoint is seen', ['look']],
  ['list', 'inferenceservices', 'no endpoint of KServe is seen', ['look']],
  ['watch', 'inferenceservices', 'no change of an endpoint of KServe is seen', ['look']],
  ['list', 'rayservices', 'no endpoint of Ray is seen', ['look']],
  ['watch', 'rayservices', 'no change of an endpoint of Ray is seen', ['look']],
  ['list', 'workloads', 'no reason of a queue is seen', ['look']],
  ['watch', 'workloads', 'no change in a queue is seen', ['look']],
  ['list', 'applications', 'no sync is seen', ['look']],
  ['watch', 'applications', 'no change of a sync is seen', ['look']],
  ['patch', 'applications', 'no sync is asked for', ['refresh']],
]

/** A watch of a second and tries without long pauses: what is refused shows at once. */
const quick: Partial<MirrorTimes> = {
  watchSeconds: 1,
  silenceMilliseconds: 10_000,
  backoff: { leastMilliseconds: 50, mostMilliseconds: 500 },
  refusedMilliseconds: 500,
  shortestMilliseconds: 200,
}

let cluster: Cluster
let namespace: string
let job: SeenJob
let pod: SeenPod
beforeAll(async () => {
  cluster = theCluster()
  await applyServingDefinitions(cluster.kubernetes, followedKinds)
  namespace = await makeNamespace(cluster, 'rules')
  const repository = await createRepository(cluster, namespace)
  await repository.commit('Begin the folder', { 'jobs/README.md': 'The placeholder.\n' })
  const name = `${namespace}.language.jobs`
  await createApplication(cluster, { name, url: repository.url, path: 'jobs', namespace })
  const managed = { 'app.kubernetes.io/managed-by': 'specyard' }
  await cluster.kubernetes.patch(applicationPath(name), { metadata: { labels: managed } })
  const administrator = await follow(cluster, [namespace], { environment: namespace })
  await begin(cluster, administrator.source, { namespace, name: 'ended', script: 'echo its words' })
  const ended = async () => {
    const { jobs, pods } = await administrator.view()
    return jobs[0]?.succeeded === 1 && pods[0]?.phase === 'Succeeded' && { job: jobs[0], pod: pods[0] }
  }
  ;({ job, pod } = await until('a training to end', ended, { seconds: 60 }))
})
afterAll(async () => {
  await cluster.kubernetes.remove(applicationPath(`${namespace}.language.jobs`))
  await removeNamespace(cluster, namespace)
})

let identities = 0

/** Follows as an identity that has these rules and no other. */
async function followAs(project: readonly AccessRule[], argocd: readonly AccessRule[]): Promise<Following> {
  identities += 1
  const name = `specyard-${identities}`
  const { kubeconfig } = await makeIdentity(cluster, namespace, name, project)
  const group = 'rbac.authorization.k8s.io'
  const metadata = { name: `${namespace}-${name}`, namespace: argocdNamespace }
  await cluster.kubernetes.apply({ apiVersion: `${group}/v1`, kind: 'Role', metadata, rules: argocd })
  await cluster.kubernetes.apply({
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  })
  const following = await follow(cluster, [namespace], { kubeconfig, environment: namespace, times: quick })
  const settled = () =>
    following.staleness().every((one) => (one.watches >= 2 && one.error === null) || one.failures >= 6)
  await until('every collection to be followed or refused', settled, { seconds: 60 })
  return following
}

/** Does everything that a reconciler does. @returns what was refused, with the API server's words */
async function tryEverything(following: Following): Promise<ReadonlyMap<Deed, string>> {
  const { source } = following
  const lease = (runId: string) => leaseOf({ namespace, runId, attempt: 1, uid: job.uid })
  const [granted, renewed, removed] = [randomUUID(), randomUUID(), randomUUID()]
  for (const one of [renewed, removed]) await byHand(one)
  const deeds: Readonly<Record<Deed, () => Promise<unknown>>> = {
    look: async () => checkView(await source.view(namespace, [{ namespace, runId: renewed, attempt: 1 }]), renewed),
    log: async () => expect(await source.logTail(pod, 5)).toEqual(['its words']),
    events: async () => expect(await source.events(pod)).not.toEqual([]),
    refusals: async () => expect(await source.refusals?.(namespace)).toEqual([]),
    grant: () => source.grantLease(lease(granted)),
    renew: () => source.rotateToken(lease(renewed)),
    remove: () => source.removeLease({ namespace, runId: removed, attempt: 1 }),
    refresh: () => source.refresh([`${namespace}.language.jobs`]),
  }
  const refused = new Map<Deed, string>()
  for (const deed of everything) {
    await deeds[deed]().catch((error: { code?: string; message: string }) => {
      if (error.code !== 'CLUSTER_REFUSED') throw error
      refused.set(deed, error.message)
    })
  }
  return refused
}

/** A lease as an administrator makes it. */
async function byHand(runId: string): Promise<void> {
  const annotations = { 'specyard.dev/job-uid': job.uid }
  const metadata = { name: leaseSecretName(runId, 1), namespace, annotations }
  await cluster.kubernetes.apply({ apiVersion: 'v1', kind: 'Secret', metadata })
}

function checkView(view: ClusterView, leaseOfRun: string): void {
  expect(view.jobs.map((one) => one.uid)).toEqual([job.uid])
  expect(view.pods.map((one) => one.uid)).toEqual([pod.uid])
  expect(view.applications.map((one) => one.name)).toEqual([`${namespace}.language.jobs`])
  expect(view.leases.map((one) => one.runId)).toContain(leaseOfRun)
}

function without(rules: readonly AccessRule[], verb: string, resource: string): readonly AccessRule[] {
  return rules
    .map((rule) =>
      rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
    )
    .filter((rule) => rule.verbs.length > 0)
}

describe('the rules that Specyard asks for', () => {
  it('are enough for all that it does', async () => {
    expect(await tryEverything(await followAs(projectRules, argocdRules))).toEqual(new Map())
  })

  it('name each verb whose absence is tried here, and no other', () => {
    const asked = [...projectRules, ...argocdRules].flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    )
    expect([...asked].sort()).toEqual(broken.map(([verb, resource]) => `${verb} ${resource}`).sort())
  })

  it.each(broken)('without "%s" on %s %s', async (verb, resource, _sentence, deeds) => {
    const project = without(projectRules, verb, resource)
    const refused = await tryEverything(await followAs(project, without(argocdRules, verb, resource)))
    expect([...refused.keys()].sort()).toEqual([...deeds].sort())
    // Who reads it learns which rule is missing.
    const [kind, subresource] = resource.split('/')
    for (const message of refused.values())
      expect(message).toContain(`cannot ${verb} resource "${subresource ? `${kind}/${subresource}` : kind}"`)
  })
})
