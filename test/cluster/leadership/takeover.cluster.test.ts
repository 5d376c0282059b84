import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endOf } from '../../support/main-job/program.ts'
import { until } from '../base/wait.ts'
import { attemptsStartedTwice, containerStarts, readAudit } from '../support/audit.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type HeldTraining, holdTraining } from '../support/held.ts'
import { openYard, trainingSpec, type Yard } from '../support/yard.ts'
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
    await yard.untilRun('handbook-lm', 'to run', ({ state }) => state === 'RUNNING', 90)
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

  it('one pass without a leader does it all, as a CronJob would: the next training starts, ends and is recorded', async () => {
    const { environment } = yard
    await yard.merge({
      'training.yaml': trainingSpec(cluster, { environment, command: held.command, seed: 2 }),
    })
    // What is merged is published by whoever leads; passes alone publish no specs.
    const publisher = await startReconciler(yard)
    await yard.untilRun('handbook-lm', 'to be committed', ({ attempts }) => attempts[0]?.job_name.endsWith('-1'), 60)
    publisher.kill('SIGKILL')
    await publisher.ended
    let passes = 0
    const run = await until(
      'passes to bring the run to its end',
      async () => {
        const { code, stdout, stderr } = await reconcileOnce(yard)
        expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'reconciled\n' })
        passes += 1
        const one = await yard.newestRun('handbook-lm')
        return one?.state === 'SUCCEEDED' && one
      },
      { seconds: 90 },
    )
    expect(passes).toBeGreaterThan(0)
    expect(run.attempts[0]?.evidence).toMatchObject({ exit_code: 0, unobtainable: [] })
  })

  it('no attempt was started by two Jobs, and no trainer twice', () => {
    const starts = containerStarts(readAudit(cluster, yard.auditFrom), 'trainer').filter(
      ({ namespace }) => namespace === yard.namespace,
    )
    const attemptOf = (labels: Readonly<Record<string, string>>) =>
      `${labels['job-id']} ${labels['specyard.dev/attempt']}`
    expect(attemptsStartedTwice(starts, attemptOf)).toEqual(new Map())
    expect(starts).toHaveLength(2)
  })
})
