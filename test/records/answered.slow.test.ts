import { setImmediate, setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { answered } from '../../records/redis/answered.ts'

function holdUp(milliseconds: number): void {
  const began = performance.now()
  while (performance.now() - began < milliseconds);
}

describe('a request of Redis', () => {
  it('is answered where this process was held up, sent it only then, and heard of it some turns of the loop later', async () => {
    const ask = async () => {
      await setImmediate()
      return setTimeout(200, 'PONG')
    }
    const asked = answered(ask())
    holdUp(2500)
    expect(await asked).toEqual({ value: 'PONG' })
  })

  it('that is refused has an answer, and one that is never answered is met with silence', async () => {
    expect(await answered(Promise.reject(new Error('refused')))).toEqual({ value: undefined })
    expect(await answered(new Promise(() => {}))).toBe('silent')
  })
})
