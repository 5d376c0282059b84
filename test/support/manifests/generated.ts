import type { Json } from '../../../domain/canonical.ts'
import { changed, type Change } from './change.ts'
import { changes } from './changes.ts'
import { renderedJob } from './rendered.ts'

/** Numbers between 0 and 1 that are the same in every run. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Every change alone, and by a seed so many of two or three at once. */
export function generated(namespace: string, mixed: number, seed: number): readonly (readonly [string, Json])[] {
  const base = renderedJob(namespace)
  const random = randomOf(seed)
  const pick = (): Change => changes[Math.floor(random() * changes.length)] as Change
  const sets = [
    [],
    ...changes.map((one) => [one]),
    ...Array.from({ length: mixed }, () => Array.from({ length: 2 + Math.floor(random() * 2) }, pick)),
  ]
  return sets.flatMap((set) => {
    try {
      const object = set.reduce(changed, base)
      return [
        [set.map(([pointer, value]) => `${pointer} = ${JSON.stringify(value)?.slice(0, 100)}`).join(' and '), object],
      ]
    } catch {
      // The first change took away what the second one is about.
      return []
    }
  })
}
