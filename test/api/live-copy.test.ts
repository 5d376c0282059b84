import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createLiveCopy } from '../../api/callbacks/live-copy.ts'
import { memoryLiveState } from '../../local/live.ts'
import type { LiveState } from '../../records/live.ts'
import { heartbeat, sampleRun, trainerEvent } from '../support/records.ts'

/* What is committed is carried into the live state behind the requests' backs. */

const answerMilliseconds = 20

/** A live state whose every answer takes its time, as over a network. */
function farAway(live: LiveState): LiveState {
  const slow = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    const value = await answer
    await pause(answerMilliseconds)
    return value
  }
  return {
    ...live,
    status: (runId) => slow(live.status(runId)),
    setStatus: (runId, status) => slow(live.setStatus(runId, status)),
    setMetrics: (runId, metrics) => slow(live.setMetrics(runId, metrics)),
    publish: (runId, message) => slow(live.publish(runId, message)),
  }
}

describe('what trainers say', () => {
  it('is carried at once, however much waits: no message waits for the answers to all before it, and each keeps its place', async () => {
    const live = memoryLiveState(() => new Date())
    const copy = createLiveCopy({ live: farAway(live), changed: () => {}, log: () => {} })
    const run = sampleRun({ state: 'RUNNING' })
    const other = sampleRun({ state: 'RUNNING' })
    const heard: unknown[] = []
    await live.subscribe((runId, { type, data }) => {
      if (runId === run.id && type === 'event') heard.push((data as { step?: number }).step)
    })
    const steps = Array.from({ length: 1000 }, (_, number) => number + 1)
    const began = performance.now()
    for (const step of steps)
      copy.tell(run, trainerEvent(run.id, { sequence: step, step, type: 'log', message: 'a line' }))
    copy.tell(other, heartbeat(other.id, { sequence: 1, step: 7 }))
    await copy.settled()
    // One by one it would be twenty seconds.
    expect(performance.now() - began).toBeLessThan(5000)
    expect(heard).toEqual(steps)
    expect(await live.status(other.id)).toMatchObject({ step: 7 })
  })
})
