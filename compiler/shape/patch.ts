import { createRequire } from 'node:module'
import type * as JsonPatch from 'rfc6902'
import type { Json, JsonObject } from '../../domain/canonical.ts'
import type { PatchOperation, PlannedPatch } from '../../domain/plan.ts'
import { type Cause, ShapingFailed } from './failed.ts'
import { mergeKeys } from './merge-keys.ts'
import { strategicMerge } from './strategic.ts'

type Library = typeof JsonPatch

/** Loaded where there is a JSON Patch. */
const library = (): Library => createRequire(import.meta.url)('rfc6902') as Library

/** The objects of a file after one step of a patch, and which step that was. */
export interface Step {
  readonly cause: Cause
  readonly objects: readonly Json[]
}

/**
 * Applies a patch to those of some objects that it is for. A JSON Patch makes a step of each operation.
 * @throws ShapingFailed where it is for nothing that is there, a path leads nowhere, or a test fails
 */
export function applyPatch(objects: readonly Json[], patch: PlannedPatch, index: number): readonly Step[] {
  const isTarget = (object: Json): boolean => (object as JsonObject | null)?.['kind'] === patch.kind
  // A Service stands beside the Jobs of several nodes alone.
  if (!objects.some(isTarget)) return []
  if (patch.merge !== undefined) {
    const { merge } = patch
    const merged = objects.map((one) => (isTarget(one) ? strategicMerge(one, merge, mergeKeys[patch.kind]) : one))
    return [{ cause: { is: 'patch', patch: index, operation: null }, objects: merged }]
  }
  const steps: Step[] = []
  let now = objects
  for (const [number, operation] of patch.operations.entries()) {
    const cause: Cause = { is: 'patch', patch: index, operation: number }
    now = now.map((one) => (isTarget(one) ? operated(one, operation, cause) : one))
    steps.push({ cause, objects: now })
  }
  return steps
}

function operated(object: Json, operation: PatchOperation, cause: Cause): Json {
  const { applyPatch: apply, Pointer } = library()
  const copy = structuredClone(object)
  const before = operation.op === 'test' ? (Pointer.fromJSON(operation.path).get(copy) as Json | undefined) : undefined
  const [error] = apply(copy, [operation] as Parameters<Library['applyPatch']>[1])
  if (!error) return copy
  const what = `${operation.op} ${operation.path}`
  if (error.name === 'TestError') {
    const found = before === undefined ? 'nothing' : JSON.stringify(before).slice(0, 60)
    throw new ShapingFailed(cause, 'PATCH_FAILED', `${what}: there stands ${found}`, 'mend the test, or the path')
  }
  const from = operation.from === undefined ? '' : ` from ${operation.from}`
  const hint =
    operation.op === 'add'
      ? 'the parent of what is added must be there: add it first, or use a strategic merge patch'
      : 'specyard compile shows the manifest; / in a key is written ~1 and ~ is ~0'
  throw new ShapingFailed(
    cause,
    'PATCH_FAILED',
    `${what}${from}: the path leads nowhere in the ${kindOf(object)}`,
    hint,
  )
}

function kindOf(object: Json): string {
  return String((object as JsonObject)['kind'])
}
