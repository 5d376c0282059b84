import { expect } from 'vitest'
import type { Cluster } from './cluster.ts'
import { trainerStarts } from './invariant.ts'
import { endOf, type Job } from './jobs.ts'
import type { RunAnswer, Yard } from './yard.ts'
import { podsOfRun, untilTold } from './yard-objects.ts'

/*
 * What holds of every Job that was created again for an attempt that has had its Job: it ends by itself and at once, because its init container
 * is refused the lease, and its run tells of it once.
 */

/** A kubelet that found no lease looks for it again after some seconds. */
const placeHeldMilliseconds = 45_000

export async function expectGhostStopped(cluster: Cluster, yard: Yard, run: RunAnswer, ghost: Job): Promise<void> {
  const end = endOf(ghost)
  expect(end).toMatchObject({ type: 'Failed', reason: 'PodFailurePolicy' })
  const lived = Date.parse(end?.lastTransitionTime ?? '') - Date.parse(String(ghost.metadata['creationTimestamp']))
  expect(lived).toBeLessThan(placeHeldMilliseconds)
  const pods = (await podsOfRun(cluster, yard, run)).filter(
    ({ metadata }) => metadata.labels?.['batch.kubernetes.io/controller-uid'] === ghost.metadata.uid,
  )
  // Its place on the node is free: nothing of it is pending or running any more.
  expect(pods.map(({ status }) => status.phase)).toEqual(['Failed'])
  expect(pods[0]?.status.initContainerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 75 })
  expect(trainerStarts(cluster, yard).filter(({ jobUid }) => jobUid === ghost.metadata.uid)).toEqual([])
  const told = await untilTold(yard, run, 'GhostJob')
  expect(told.filter(({ message }) => message.includes(ghost.metadata.uid))).toHaveLength(1)
}
