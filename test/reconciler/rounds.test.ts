import { beforeEach, describe, expect, it } from 'vitest'
import { createRounds } from '../../reconciler/rounds.ts'

let begun: string[]
let failures: unknown[]
let letGo: (error?: Error) => void
let signal: AbortSignal

function rounds(everyMilliseconds: number) {
  return createRounds<string>({
    everyMilliseconds,
    round: (asked, ending) => {
      begun.push(asked)
      signal = ending
      return new Promise((resolve, reject) => {
        letGo = (error) => (error ? reject(error) : resolve())
      })
    },
    failed: (error) => failures.push(error),
  })
}

beforeEach(() => {
  begun = []
  failures = []
})

describe('a round', () => {
  it('is not begun while one is under way, and is after it has ended', async () => {
    const one = rounds(0)
    one.wake('first')
    one.wake('second')
    letGo()
    await one.settled()
    one.wake('third')
    expect(begun).toEqual(['first', 'third'])
  })

  it('is not begun sooner than asked for after the last one began', async () => {
    const one = rounds(3_600_000)
    one.wake('first')
    letGo()
    await one.settled()
    one.wake('second')
    expect(begun).toEqual(['first'])
  })

  it('that fails is told, and the next one is begun all the same', async () => {
    const one = rounds(0)
    one.wake('first')
    letGo(new Error('the registry is away'))
    await one.settled()
    one.wake('second')
    expect(failures).toEqual([new Error('the registry is away')])
    expect(begun).toEqual(['first', 'second'])
  })

  it('under way is told that all stops, waited for, and its failure then is no news', async () => {
    const one = rounds(0)
    one.wake('first')
    const stopped = one.stop()
    expect(signal.aborted).toBe(true)
    letGo(new Error('stopped'))
    await stopped
    one.wake('second')
    expect({ begun, failures }).toEqual({ begun: ['first'], failures: [] })
  })
})
