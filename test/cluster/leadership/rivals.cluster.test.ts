import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { saysItSucceeded, shellTraining } from '../support/shell-training.ts'
import { openYard, type Yard } from '../support/yard.ts'
import { type LeadingProcess, newestToken, startReconciler } from './reconcilers.ts'

/*
 * `serve` reconciles beside who leads by a Lease, because somebody forgot `--no-reconcile`. Both take the fence of the one database: they come to
 * rest, each says who the other is, and all is served meanwhile.
 */

describe.runIf(hasRealNode())('a service that reconciles beside the holder of a Lease', () => {
  let cluster: Cluster
  let yard: Yard
  let leader: LeadingProcess
  const service = (): string => yard.service()?.said() ?? ''
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster)
    leader = await startReconciler(yard)
  })
  afterAll(() => yard?.close())

  it('gives way once, names who reconciles now and goes on answering', async () => {
    await until('the service to give way', () => service().includes('reconciles no more'), { seconds: 90 })
    expect(service()).toMatch(/error {2}FENCE_LOST: .*Now reconciles: \S+ by the Lease \S+\/reconciler, since /)
    expect(service()).toContain('serve --no-reconcile')
    expect(yard.service()?.hasEnded()).toBe(false)
    await leader.untilLeads(30)
    expect(await yard.ask('/v1/jobs')).toMatchObject({ items: [] })
  })

  it('takes nothing from it any more: what is merged trains under one term', async () => {
    const token = await newestToken(yard)
    const { environment } = yard
    await yard.merge({ 'one.yaml': shellTraining(cluster, { environment, name: 'one', script: saysItSucceeded }) })
    const ended = await yard.untilRun('one', 'to succeed', ({ state }) => state === 'SUCCEEDED', 120)
    expect(ended).toMatchObject({ attempt: 1, retry_count: 0 })
    expect(await newestToken(yard)).toBe(token)
  })

  it('started anew says from whom it takes over; the other waits, says what to do, and is the one in the end', async () => {
    const before = await newestToken(yard)
    yard.service()?.kill('SIGTERM')
    await yard.service()?.ended
    await yard.start()
    const takesOver = /warn {2}this process reconciles without a Lease and takes over from \S+ by the Lease/
    await until('the service to say from whom it takes over', () => takesOver.test(service()), { seconds: 60 })
    // Something to write, by which the other one learns that it was replaced.
    const { environment } = yard
    await yard.merge({ 'two.yaml': shellTraining(cluster, { environment, name: 'two', script: saysItSucceeded }) })
    const told = () => leader.said().includes('FENCE_LOST: the fence of the records was taken past the Lease')
    await until('the leader to say so', told, { seconds: 120 })
    expect(leader.said()).toMatch(/error {2}FENCE_LOST: .* without a Lease, since .*serve --no-reconcile/)
    await until('the service to give way', () => service().includes('reconciles no more'), { seconds: 120 })
    await yard.untilRun('two', 'to succeed', ({ state }) => state === 'SUCCEEDED', 120)
    await leader.untilLeads(30)
    // One term of the service, one of the leader after it.
    expect(await newestToken(yard)).toBeGreaterThan(before)
    const settled = await newestToken(yard)
    await yard.merge({ 'three.yaml': shellTraining(cluster, { environment, name: 'three', script: saysItSucceeded }) })
    await yard.untilRun('three', 'to succeed', ({ state }) => state === 'SUCCEEDED', 120)
    expect(await newestToken(yard)).toBe(settled)
  })
})
