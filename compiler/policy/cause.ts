import type { Json } from '../../domain/canonical.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Place } from '../../domain/problem.ts'
import { escapePointer } from '../load/walk.ts'
import { type RenderedAttempt, shapeJob } from '../render/job.ts'
import { causeAt } from '../shape/apply.ts'
import type { Shape } from '../shape/shapes.ts'

/** Whether a policy would deny this object in the place of the one that it denied. */
export type Denies = (object: unknown) => boolean

/** Parts of an object that are looked at one by one; beyond that the part above them is named. */
const looksMax = 200

/**
 * Where the template or patch stands that a denial comes from: the first step after which the object is denied until the end, and of what that step
 * changed the part without which it is not.
 * @param index of the denied object among those of the file
 * @returns undefined where Specyard's own manifest is denied too
 */
export function shapedCause(
  plan: TrainingPlan,
  attempt: RenderedAttempt,
  { shape, index, denies }: { readonly shape: Shape; readonly index: number; readonly denies: Denies },
): Place | undefined {
  const shaped = shapeJob(plan, attempt)
  const { steps } = shaped
  const kind = kindOf(steps.at(-1)?.objects[index])
  const own = shaped.own().find((one) => kindOf(one) === kind)
  const states = [own, ...steps.map(({ objects }) => objects[index])]
  let first = states.length
  while (first > 0 && denies(states[first - 1] ?? {})) first -= 1
  const step = steps[first - 1]
  if (!step) return undefined
  const pointer = narrowed(states[first - 1], states[first] as Json, denies)
  return shape.locate(causeAt(step.cause, shaped, index, pointer), { pointer, object: states[first] })
}

/** The smallest part that a step changed and without whose change nothing is denied, as a pointer. */
function narrowed(before: Json | undefined, after: Json, denies: Denies): string {
  const path: string[] = []
  let looks = 0
  for (;;) {
    const [old, now] = [partAt(before, path), partAt(after, path)]
    const changed = keysOf(now, old).filter((key) => !isSame(partAt(old, [key]), partAt(now, [key])))
    const key = changed.find(
      (one) => (looks += 1) <= looksMax && !denies(put(after, [...path, one], partAt(old, [one]))),
    )
    if (key === undefined) return path.map((one) => `/${escapePointer(one)}`).join('')
    path.push(key)
  }
}

/** Keys of a part as it is, and those of a mapping that are gone. */
function keysOf(now: Json | undefined, old: Json | undefined): readonly string[] {
  const keys = (one: Json | undefined): readonly string[] => (typeof one === 'object' && one ? Object.keys(one) : [])
  return Array.isArray(now) ? keys(now) : [...new Set([...keys(now), ...(Array.isArray(old) ? [] : keys(old))])]
}

function isSame(one: Json | undefined, other: Json | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function partAt(object: Json | undefined, path: readonly string[]): Json | undefined {
  let at: unknown = object
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Readonly<Record<string, unknown>>)[key]
  }
  return at as Json | undefined
}

/** A copy with another value at a path; undefined takes it away. */
export function put(object: Json, path: readonly string[], value: Json | undefined): Json {
  const copy = structuredClone(object)
  const parent = partAt(copy, path.slice(0, -1)) as Record<string, Json> | Json[] | undefined
  const key = path.at(-1) ?? ''
  if (Array.isArray(parent)) parent.splice(Number(key), 1, ...(value === undefined ? [] : [value]))
  else if (parent && value === undefined) delete parent[key]
  else if (parent && value !== undefined) parent[key] = value
  return copy
}

function kindOf(object: Json | undefined): unknown {
  return partAt(object, ['kind'])
}
