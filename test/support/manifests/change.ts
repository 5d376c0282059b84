import type { Json } from '../../../domain/canonical.ts'

/** What somebody may make of a manifest: the value at a JSON pointer becomes another one (`-` at the end appends, undefined removes). */
export type Change = readonly [pointer: string, value: Json | undefined]

export const pod = '/spec/template/spec'
export const trainer = `${pod}/containers/0`

/** At a pointer, one value after the other. */
export const at = (pointer: string, ...values: readonly (Json | undefined)[]): readonly Change[] =>
  values.map((value) => [pointer, value] as const)

/** A copy of an object with a change; parents that are missing are made. */
export function changed(object: Json, [pointer, value]: Change): Json {
  const copy = structuredClone(object) as Record<string, unknown>
  const steps = pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = steps.pop() ?? ''
  let node: Record<string, unknown> = copy
  steps.forEach((step, index) => {
    const next = steps[index + 1] ?? last
    node[step] ??= next === '-' ? [] : {}
    node = node[step] as Record<string, unknown>
  })
  if (last === '-') (node as unknown as unknown[]).push(value)
  else if (value === undefined) delete node[last]
  else node[last] = value
  return copy as Json
}
