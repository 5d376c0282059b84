import { beforeAll, describe, expect, it } from 'vitest'
import { labels } from '../../../domain/names.ts'
import { auditPosition } from '../support/audit.ts'
import { type Cluster, hasRealNode, makeNamespace, realNodeOf, theCluster } from '../support/cluster.ts'
import { expectOneTrainerPerAttempt, type Place } from '../support/invariant.ts'
import { endOf, type Job, job, jobPath } from '../support/jobs.ts'

/* The check at the end of every test of a yard can fail: here are Jobs as Specyard never lets them start. */

describe.runIf(hasRealNode())('that one Job alone trains an attempt', () => {
  let cluster: Cluster
  let place: Place
  beforeAll(async () => {
    cluster = theCluster()
    place = { auditFrom: auditPosition(cluster), namespace: await makeNamespace(cluster, 'twice') }
  })

  async function train(name: string, attempt: number): Promise<void> {
    const { namespace } = place
    const { busybox: image } = realNodeOf(cluster).images
    const own = { [labels.jobId]: 'a-run', [labels.attempt]: String(attempt) }
    await cluster.kubernetes.apply(job({ namespace, name, image, command: ['true'], labels: own }))
    await cluster.kubernetes.until<Job>(jobPath(namespace, name), 'to end', endOf, 60)
  }

  it('is not said of a place where nothing trained', () => {
    expect(() => expectOneTrainerPerAttempt(cluster, place)).toThrow(/trainers that started/)
  })

  it('holds of attempts with a Job each', async () => {
    await train('first', 1)
    await train('second', 2)
    expect(expectOneTrainerPerAttempt(cluster, place)).toHaveLength(2)
  })

  it('is broken by a second Job of one attempt, and says which it is', async () => {
    await train('second-again', 2)
    expect(() => expectOneTrainerPerAttempt(cluster, place)).toThrow(/attempts that several Jobs trained/)
    expect(() => expectOneTrainerPerAttempt(cluster, place)).toThrow(/a-run attempt 2/)
  })
})
