import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endOf, untilSaid } from '../../support/main-job/program.ts'
import { openTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type HeldTraining, holdTraining } from '../support/held.ts'
import { expectOneTrainerPerAttempt } from '../support/invariant.ts'
import { openYard, type RunAnswer, trainingSpec, type Yard } from '../support/yard.ts'
import {
  type LeadingProcess,
  leaseOf,
  newestToken,
  reconcileOnce,
  startReconciler,
  takeoverSecondsMax,
} from './reconcilers.ts'

describe.runIf(hasRealNode())('of several reconcilers one leads', () => {
  let cluster: Cluster
  let yard: Yard
  let held: HeldTraining
  let first: LeadingProcess
  let second: LeadingProcess
  let firstRun: RunAnswer
  beforeAll(async () => {
    cluster = theCluster()
    held = await holdTraining(cluster)
    yard = await openYard(cluster, { reconcile: false })
  })
  afterAll(async () => {
    await yard?.close()
    await held?.close()
  })

  it('the first one leads, the second one waits and says for whom', async () => {
    first = await startReconciler(yard)
    await first.untilLeads(10)
    second = await startReconciler(yard)
    expect(await second.leads()).toBe(false)
    const holder = (await leaseOf(cluster, yard))?.spec.holderIdentity ?? ''
    expect(first.said()).toContain(`${holder} leads by the Lease`)
    expect(second.said()).toContain(`info  ${holder} leads by the Lease ${yard.namespace}/reconciler; `)
  })

  it('the leader publishes what is merged, and it trains', async () => {
    const { environment } = yard
    await yard.merge({ 'training.yaml': trainingSpec(cluster, { environment, command: held.command }) })
    firstRun = await yard.untilRun('handbook-lm', 'to run', ({ state }) => state === 'RUNNING', 90)
  })

  it('one pass beside a leader does nothing and says so', async () => {
    const token = await newestToken(yard)
    const { code, stdout, stderr } = await reconcileOnce(yard)
    expect({ code, stdout }, stderr).toEqual({
      code: 0,
      stdout: 'nothing done: another process leads, and reconciles\n',
    })
    expect(await newestToken(yard)).toBe(token)
    expect(await first.leads()).toBe(true)
  })

  it('a leader that is killed is replaced within 20 s, and the training goes on', async () => {
    const token = await newestToken(yard)
    const from = performance.now()
    first.kill('SIGKILL')
    await second.untilLeads(takeoverSecondsMax)
    expect((performance.now() - from) / 1000).toBeLessThan(takeoverSecondsMax)
    expect(await newestToken(yard)).toBeGreaterThan(token)
    held.let('exit')
    const run = await yard.untilRun('handbook-lm', 'to end', ({ state }) => /SUCCEEDED|FAILED/.test(state), 60)
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1, disruption_count: 0 })
  })

  it('a leader that ends in order is replaced at once', async () => {
    const third = await startReconciler(yard)
    expect(await third.leads()).toBe(false)
    second.kill('SIGTERM')
    const { code } = await endOf(second, 30)
    expect(code).toBe(0)
    await third.untilLeads(5)
    third.kill('SIGTERM')
    await endOf(third, 30)
    expect((await leaseOf(cluster, yard))?.spec.holderIdentity).toBe('')
  })

  it('one that comes to lead while the database is away tries again, and does not die of it', async () => {
    const way = await openTcpProxy(yard.database.url)
    try {
      const [leader, next] = [await startReconciler(yard), await startReconciler(yard, { DATABASE_URL: way.url })]
      await leader.untilLeads(5)
      await way.cut()
      leader.kill('SIGTERM')
      await endOf(leader, 30)
      await untilSaid(next, /no term begins, and it is tried again: the database does not answer/)
      expect(await next.leads()).toBe(false)
      await way.restore()
      await next.untilLeads(10)
      next.kill('SIGTERM')
      expect((await endOf(next, 30)).code).toBe(0)
    } finally {
      await way.close()
    }
  })

  it('one pass without a leader does it all, as a CronJob would: what is merged is published, trained and recorded', async () => {
    const { environment } = yard
    await yard.merge({
      'training.yaml': trainingSpec(cluster, { environment, command: held.command, seed: 2 }),
    })
    const run = await until(
      'passes to bring the next run to its end',
      async () => {
        const { code, stdout, stderr } = await reconcileOnce(yard)
        expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'reconciled\n' })
        const newest = await yard.newestRun('handbook-lm')
        return newest?.id !== firstRun.id && newest?.state === 'SUCCEEDED' && newest
      },
      { seconds: 90 },
    )
    expect(run.attempts[0]?.evidence).toMatchObject({ exit_code: 0, unobtainable: [] })
  })

  it('no attempt was started by two Jobs, and no trainer twice', () => {
    const starts = expectOneTrainerPerAttempt(cluster, yard)
    expect(starts).toHaveLength(2)
  })
})
