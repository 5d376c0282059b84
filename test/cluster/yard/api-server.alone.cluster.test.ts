import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { restartApiServer } from '../support/faults.ts'
import { type HeldTraining, holdTraining } from '../support/held.ts'
import { expectOneTrainerPerAttempt } from '../support/invariant.ts'
import { openYard, trainingSpec, type Yard } from '../support/yard.ts'
import { stepOf } from '../support/yard-objects.ts'

/* The service is killed as in kills.cluster.test.ts, and the API server with it. */

describe.runIf(hasRealNode())('the service and the API server, killed and started again', () => {
  let cluster: Cluster
  let yard: Yard
  let held: HeldTraining
  beforeAll(async () => {
    cluster = theCluster()
    held = await holdTraining(cluster)
    yard = await openYard(cluster)
    const { environment } = yard
    await yard.merge({ 'training.yaml': trainingSpec(cluster, { environment, name: 'killed', command: held.command }) })
    // Its report may be there before the reconciler has seen its pod run.
    await yard.untilRun('killed', 'to run and report', (run) => run.state === 'RUNNING' && stepOf(run) > 0, 90)
  })
  afterAll(async () => {
    await yard?.close()
    await held?.close()
  })

  it('while it trains: the training goes on, is followed, and ends well in its first attempt', async () => {
    const service = yard.service()
    service?.kill('SIGKILL')
    await service?.ended
    await restartApiServer(cluster)
    await yard.start()
    const first = await yard.untilRun('killed', 'to report again', (run) => stepOf(run) > 0, 60)
    const next = await yard.untilRun('killed', 'to go on', (run) => stepOf(run) > stepOf(first), 30)
    expect(next).toMatchObject({ state: 'RUNNING', attempt: 1, disruption_count: 0 })
    held.let('exit')
    const ended = await yard.untilRun('killed', 'to end', ({ state }) => /SUCCEEDED|FAILED/.test(state), 60)
    expect(ended).toMatchObject({ state: 'SUCCEEDED', attempt: 1, retry_count: 0, disruption_count: 0 })
    expect(expectOneTrainerPerAttempt(cluster, yard)).toHaveLength(1)
  })
})
