import { pointerSteps } from '../load/walk.ts'
import type { Origin, Origins } from '../resolve/origins.ts'
import { below } from '../resolve/origins.ts'

/** What was heard while one spec was resolved for one environment. */
export interface Heard extends Origins {
  /** The origin of a value, or of what it is a part of. @param target as `Leaf.named`, into the plan */
  originOf(target: string): Origin | undefined
  /** What the overlay did to a value of the spec; undefined where it left it alone. */
  overlayAt(pointer: string): 'set' | 'removed' | undefined
}

export function listen(): Heard {
  const notes = new Map<string, Origin>()
  const overlaid = new Map<string, 'set' | 'removed'>()
  return {
    note: (target, origin) => notes.set(target, origin),
    overlay: (pointer, did) => overlaid.set(pointer, did),
    originOf: (target) => {
      const [prefix, rest] = nearest(notes, target)
      const origin = prefix === undefined ? undefined : notes.get(prefix)
      if (origin === undefined || rest === '' || !('pointer' in origin)) return origin
      return { ...origin, pointer: `${origin.pointer ?? ''}${rest}` }
    },
    overlayAt: (pointer) => {
      const [prefix] = nearest(overlaid, pointer)
      return prefix === undefined ? undefined : overlaid.get(prefix)
    },
  }
}

/** The longest prefix of a pointer that is known, and what of the pointer follows it. */
function nearest(known: ReadonlyMap<string, unknown>, pointer: string): readonly [string | undefined, string] {
  const steps = pointerSteps(pointer)
  for (let length = steps.length; length >= 0; length -= 1) {
    const prefix = steps.slice(0, length).reduce(below, '')
    if (known.has(prefix)) return [prefix, steps.slice(length).reduce(below, '')]
  }
  return [undefined, '']
}
