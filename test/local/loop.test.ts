import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Loop, openLoop } from '../../local/loop.ts'

let looks = 0
let loop: Loop
beforeEach(() => {
  vi.useFakeTimers()
  looks = 0
  loop = openLoop({
    look: () => {
      looks += 1
    },
    // What a poll finds is looked at soon.
    poll: () => {
      loop.wake()
      return Promise.resolve()
    },
    busy: () => true,
    pollMilliseconds: 100_000,
    log: ({ message }) => {
      throw new Error(message)
    },
  })
})
afterEach(() => void vi.useRealTimers())

describe('a loop of looks', () => {
  it('goes on in one line, also where its first poll asked for a look', async () => {
    await loop.start()
    await vi.advanceTimersByTimeAsync(1000)
    const first = looks
    await vi.advanceTimersByTimeAsync(2000)
    expect(looks - first).toBe(10)
  })

  it('looks no more once it has stopped', async () => {
    await loop.start()
    await vi.advanceTimersByTimeAsync(50)
    await loop.stop()
    const until = looks
    await vi.advanceTimersByTimeAsync(10_000)
    expect(looks).toBe(until)
  })

  it('looks at once when it is woken, and once for all who wake it meanwhile', async () => {
    await loop.start()
    await vi.advanceTimersByTimeAsync(10)
    const before = looks
    for (let times = 0; times < 3; times += 1) loop.wake()
    await vi.advanceTimersByTimeAsync(10)
    expect(looks - before).toBe(1)
  })
})
