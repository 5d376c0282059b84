import type { Json, JsonObject } from '../../domain/canonical.ts'
import type { Document } from '../load/document.ts'
import { escapePointer, pointerSteps } from '../load/walk.ts'
import type { Locator } from '../validate/explain.ts'

/**
 * Applies a JSON Merge Patch; null removes.
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isMapping(patch)) return patch
  const merged: Record<string, Json> = isMapping(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

/** Tells for a merged spec where each part was written: in the overlay where that has it, else in the spec. */
export function overlayLocator(document: Document, environment: string, overlay: JsonObject): Locator {
  const base = `/spec/environments/${escapePointer(environment)}`
  const redirect = (pointer: string): string => {
    const steps = pointerSteps(pointer)
    if (steps[0] !== 'spec') return pointer
    let node: Json | undefined = overlay
    for (const step of steps.slice(1)) {
      if (!isMapping(node)) break
      node = node[step]
    }
    return node === undefined || node === null ? pointer : `${base}${pointer.slice('/spec'.length)}`
  }
  return {
    locate: (pointer) => document.locate(redirect(pointer)),
    locateKey: (pointer) => document.locateKey(redirect(pointer)),
  }
}

export function isMapping(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
