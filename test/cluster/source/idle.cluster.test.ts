import { beforeAll, describe, expect, it } from 'vitest'
import { projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { until } from '../base/wait.ts'
import { auditPosition, readAudit, writesBy } from '../support/audit.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { makeIdentity } from '../support/identities.ts'
import { applyServingDefinitions, followedKinds } from '../support/serving-crds.ts'
import { follow, untilEqual } from './following.ts'
import { begin, train } from './trainings.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = theCluster()
  await applyServingDefinitions(cluster.kubernetes, followedKinds)
})

describe('a cluster in which nothing happens', () => {
  it('is written nothing to, listed nothing of, and stays known as fresh', async () => {
    const namespace = await makeNamespace(cluster, 'idle')
    const { user, kubeconfig } = await makeIdentity(cluster, namespace, 'specyard', projectRules)
    const following = await follow(cluster, [namespace], { kubeconfig, argocd: false })
    await begin(cluster, following.source, { namespace, name: 'running', script: 'sleep 3600' })
    await train(cluster, { namespace, name: 'waiting' })
    const settled = async () => {
      const { jobs, pods } = await following.view()
      const waiting = pods.some((pod) => pod.containers[0]?.reason === 'CreateContainerConfigError')
      return waiting && jobs.some((job) => job.ready === 1)
    }
    await until('one trainer to run and one to wait', settled, { seconds: 60 })
    await untilEqual(cluster, following, namespace)

    const from = auditPosition(cluster)
    const keys = following.keys.length
    const watches = () => Math.min(...following.staleness().map((one) => one.watches))
    const before = watches()
    let oldest = 0
    // As long as three watches last; the view is looked at all the while, as the reconciler does.
    const look = async () => {
      await following.view()
      oldest = Math.max(oldest, ...following.staleness().map((one) => one.ageSeconds ?? Infinity))
      return watches() >= before + 3
    }
    await until('three more watches', look, { seconds: 90, everyMilliseconds: 500 })

    const events = readAudit(cluster, from)
    expect(writesBy(events, user)).toEqual([])
    const asked = events.filter((one) => one.user.username === user)
    expect(new Set(asked.map((one) => `${one.verb} ${one.objectRef?.resource}`))).toEqual(
      new Set([
        ...['watch jobs', 'watch pods', 'watch deployments', 'watch workloads', 'get secrets'],
        ...followedKinds.map((kind) => `watch ${kind}`),
      ]),
    )
    expect(following.keys).toHaveLength(keys)
    expect(oldest).toBeLessThan(15)
    await removeNamespace(cluster, namespace)
  })
})
