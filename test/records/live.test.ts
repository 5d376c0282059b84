import { describe, expect, it } from 'vitest'
import { memoryLiveState } from '../../local/live.ts'
import { describeLiveState, sampleStatus } from './suite/live.ts'

describeLiveState('memory', async () => memoryLiveState(() => new Date()))

describe('live state in memory', () => {
  it('forgets a status after 24 hours and metrics after one', async () => {
    let seconds = 0
    const live = memoryLiveState(() => new Date(seconds * 1000))
    await live.setStatus('run', sampleStatus)
    await live.setMetrics('run', { loss: 1 })
    seconds = 3599
    expect(await live.metrics('run')).toEqual({ loss: 1 })
    seconds = 3600
    expect(await live.metrics('run')).toBeUndefined()
    seconds = 24 * 3600 - 1
    expect(await live.status('run')).toEqual(sampleStatus)
    seconds = 24 * 3600
    expect(await live.status('run')).toBeUndefined()
  })

  it('of which one listener fails is still told to the others, and to the one who publishes nothing is said of it', async () => {
    const live = memoryLiveState(() => new Date())
    const heard: string[] = []
    await live.subscribe(() => {
      throw new Error('a listener failed')
    })
    await live.subscribe((runId) => void heard.push(runId))
    await live.publish('run', { type: 'event', data: {} })
    expect(heard).toEqual(['run'])
  })
})
