import { expect, it } from 'vitest'
import type { SeenJob, SeenPod } from '../../../domain/observation.ts'
import { wantedLeases } from '../../../reconciler/sources/kubernetes/wanted-leases.ts'
import { complete, container, job, pod } from '../../support/reconciler.ts'

const compared = container({ name: 'lease', init: true, state: 'terminated', exitCode: 0 })
const refused = { ...compared, exitCode: 75 }
const waiting = container({ name: 'lease', init: true, state: 'waiting' })

const table: readonly (readonly [
  sentence: string,
  job: Partial<SeenJob>,
  pods: readonly SeenPod[],
  urgency: string,
])[] = [
  ['without a pod may need it', {}, [], 'live'],
  ['whose pod waits for it may need it', {}, [pod({ containers: [waiting] })], 'live'],
  ['whose lease was compared has begun by it', {}, [pod({ containers: [compared, container()] })], 'begun'],
  ['whose lease was compared and belongs to another may need it', {}, [pod({ containers: [refused] })], 'live'],
  ['whose trainer runs without having compared it may need it', {}, [pod()], 'live'],
  ['beside the pod of another Job may need it', {}, [pod({ jobUid: 'another', containers: [compared] })], 'live'],
  ['that has ended needs it no more', { conditions: [complete(9)] }, [pod({ containers: [compared] })], 'none'],
]
it.each(table)('a Job %s', (_sentence, fields, pods, urgency) => {
  expect(wantedLeases([job(fields)], pods, [])).toMatchObject([{ jobUid: 'job-1', attempt: 1, urgency }])
})

it('attempts that are named must be known', () => {
  const named = { namespace: 'n', runId: 'a', attempt: 2 }
  expect(wantedLeases([], [], [named])).toEqual([{ ...named, jobUid: '', urgency: 'once' }])
})
