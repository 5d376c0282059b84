import { describe, expect, it } from 'vitest'
import { needsBedAlone } from './alone.ts'
import { createTurns } from './turns.ts'

/** Asks in the order of the names; those in capitals want the bed to themselves. */
function ask(...names: readonly string[]) {
  const turns = createTurns()
  const begun: string[] = []
  const ends = new Map(
    names.map((name) => [name, turns.ask(name === name.toUpperCase(), () => void begun.push(name))] as const),
  )
  return { begun, end: (name: string) => ends.get(name)?.() }
}

describe('turns at the test bed', () => {
  it('those that leave it as it is go on beside each other', () => {
    expect(ask('a', 'b', 'c').begun).toEqual(['a', 'b', 'c'])
  })

  it('one that breaks it waits for all before it', () => {
    const { begun, end } = ask('a', 'b', 'X')
    end('a')
    expect(begun).toEqual(['a', 'b'])
    end('b')
    expect(begun).toEqual(['a', 'b', 'X'])
  })

  it('those after one that breaks it wait for its end, also where they would fit beside those before', () => {
    const { begun, end } = ask('a', 'X', 'b', 'c', 'Y')
    expect(begun).toEqual(['a'])
    end('a')
    expect(begun).toEqual(['a', 'X'])
    end('X')
    expect(begun).toEqual(['a', 'X', 'b', 'c'])
  })

  it('two that break it never go on at once', () => {
    const { begun, end } = ask('X', 'Y')
    expect(begun).toEqual(['X'])
    end('X')
    expect(begun).toEqual(['X', 'Y'])
  })

  it('one that dies while it waits holds up nobody', () => {
    const { begun, end } = ask('a', 'X', 'b')
    end('X')
    expect(begun).toEqual(['a', 'b'])
  })

  it('an end that is told twice ends nobody else’s turn', () => {
    const { begun, end } = ask('X', 'Y', 'Z')
    end('X')
    end('X')
    expect(begun).toEqual(['X', 'Y'])
  })

  it('a file says by its name that it breaks the bed', () => {
    expect(needsBedAlone('/test/cluster/bed/lost-kubelet.alone.cluster.test.ts')).toBe(true)
    expect(needsBedAlone('/test/cluster/bed/pods.cluster.test.ts')).toBe(false)
  })
})
