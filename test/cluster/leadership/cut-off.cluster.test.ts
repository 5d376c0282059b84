import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ended } from '../../support/main-job/program.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { kubeconfigThrough, layLine, type Line } from '../support/connections.ts'
import { type HeldTraining, holdTraining } from '../support/held.ts'
import { expectOneTrainerPerAttempt } from '../support/invariant.ts'
import { openYard, type RunAnswer, trainingSpec, type Yard } from '../support/yard.ts'
import { type LeadingProcess, reconcileOnce, startReconciler, takeoverSecondsMax } from './reconcilers.ts'

describe.runIf(hasRealNode())('a leader that is cut off from the API server, and not from the database', () => {
  let cluster: Cluster
  let yard: Yard
  let held: HeldTraining
  let line: Line
  let run: RunAnswer
  let one: LeadingProcess
  let two: LeadingProcess
  const bothLed: string[] = []
  let dead: Line
  /** Begun early, since it takes its time. */
  let unheard: Promise<Ended>
  beforeAll(async () => {
    cluster = theCluster()
    held = await holdTraining(cluster)
    yard = await openYard(cluster, { reconcile: false })
    ;[line, dead] = [await layLine(cluster.apiServer), await layLine(cluster.apiServer)]
    dead.cut('all')
    unheard = reconcileOnce(yard, { KUBECONFIG: kubeconfigThrough(cluster, cluster.kubeconfig, dead) })
    unheard.catch(() => undefined)
    one = await startReconciler(yard, { KUBECONFIG: kubeconfigThrough(cluster, cluster.kubeconfig, line) })
    await one.untilLeads(10)
    two = await startReconciler(yard)
    const { environment } = yard
    await yard.merge({ 'training.yaml': trainingSpec(cluster, { environment, command: held.command }) })
    run = await yard.untilRun('handbook-lm', 'to run', ({ state }) => state === 'RUNNING', 90)
  })
  afterAll(async () => {
    line?.mend()
    await yard?.close()
    await line?.remove()
    await dead?.remove()
    await held?.close()
  })

  it('gives up before another one takes over, within 20 s', async () => {
    line.silence('all')
    const isReplaced = async () => {
      const [first, second] = await Promise.all([one.leads(), two.leads()])
      if (first && second) bothLed.push(new Date().toISOString())
      return second
    }
    await until('the other one to lead', isReplaced, { seconds: takeoverSecondsMax })
    expect(bothLed).toEqual([])
    expect(one.said()).toContain('leads no longer: its Lease was not renewed in time')
  })

  it('is not ready as long as it cannot tell who leads', async () => {
    const isNotReady = async () => (await one.notReady()).some((why) => why.startsWith('leadership: the Lease '))
    await until('it not to be ready', isNotReady, { seconds: 20 })
    expect(await two.notReady()).toEqual([])
  })

  it('is seen to go on as one that waits when they speak again', async () => {
    line.cut('open')
    line.mend()
    const [holder = ''] = /\S+(?= leads by the Lease \S+\n)/.exec(two.said()) ?? []
    await until('it to wait', () => one.said().includes(`${holder} leads by the Lease`), { seconds: 20 })
    expect([await one.leads(), await two.leads()]).toEqual([false, true])
    expect(one.hasEnded()).toBe(false)
    expect(await one.notReady()).toEqual([])
  })

  it('loses nothing of the training', async () => {
    held.let('exit')
    const ended = await yard.untilRun('handbook-lm', 'to end', ({ state }) => /SUCCEEDED|FAILED/.test(state), 60)
    expect(ended).toMatchObject({ id: run.id, state: 'SUCCEEDED', attempt: 1, disruption_count: 0 })
    expect(expectOneTrainerPerAttempt(cluster, yard)).toHaveLength(1)
  })

  it('one pass that reaches no API server ends with exit code 3 and says why, instead of that another one leads', async () => {
    const { code, stdout, stderr } = await unheard
    expect({ code, stdout }, stderr).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain('CLUSTER_UNREACHABLE')
  })
})
