import type { Json, JsonObject } from '../../domain/canonical.ts'
import type { Document } from '../load/document.ts'
import { escapePointer, pointerSteps, valueAt } from '../load/walk.ts'
import type { Locator } from '../validate/explain.ts'
import { below, type Origins } from './origins.ts'

/**
 * Applies a JSON Merge Patch; null removes.
 * @param origins hears what the patch does, as it does it
 * @param at pointer of the target
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
export function mergePatch(target: Json | undefined, patch: Json, origins?: Origins, at = ''): Json {
  if (!isMapping(patch)) {
    origins?.overlay(at, 'set')
    return patch
  }
  if (origins && !isMapping(target)) origins.overlay(at, 'set')
  const merged: Record<string, Json> = isMapping(target) ? copyOf(target) : {}
  for (const [key, value] of Object.entries(patch)) {
    const inner = origins ? below(at, key) : ''
    if (value === null) {
      origins?.overlay(inner, 'removed')
      delete merged[key]
    } else merged[key] = mergePatch(merged[key], value, origins, inner)
  }
  return merged
}

/** What a patch was merged into, with null for each key that the patch takes away; undefined where it takes none. */
export function withNulls(merged: Json | undefined, patch: Json): Json | undefined {
  if (patch === null) return null
  if (!isMapping(patch)) return undefined
  let found: Record<string, Json> | undefined
  for (const [key, value] of Object.entries(patch)) {
    const inner = withNulls(isMapping(merged) ? merged[key] : undefined, value)
    if (inner !== undefined) (found ??= isMapping(merged) ? copyOf(merged) : {})[key] = inner
  }
  return found
}

/** Member by member: a copy made at once gets a shape of its own as soon as a member is added. */
function copyOf(mapping: JsonObject): Record<string, Json> {
  const copy: Record<string, Json> = {}
  for (const key of Object.keys(mapping)) copy[key] = mapping[key] as Json
  return copy
}

/** Tells for a merged spec where each part was written: in the overlay where that has it, else in the spec. */
export function overlayLocator(document: Document, environment: string, overlay: JsonObject): Locator {
  const base = `/spec/environments/${escapePointer(environment)}`
  const inOverlay = (pointer: string): string => `${base}${pointer.slice('/spec'.length)}`
  const redirect = (pointer: string): string => (isOverlaid(overlay, pointer) ? inOverlay(pointer) : pointer)
  return {
    locate: (pointer) => document.locate(redirect(pointer)),
    locateKey: (pointer) => document.locateKey(redirect(pointer)),
    written: (pointer) => document.written(redirect(pointer)),
    locateRemoved: (pointer, key) => {
      const inside = pointer === '/spec' ? overlay : overlaid(overlay, pointer)
      if (!isMapping(inside) || inside[key] !== null) return undefined
      return document.locateKey(`${inOverlay(pointer)}/${escapePointer(key)}`)
    },
    related: (pointer) => {
      if (!isOverlaid(overlay, pointer)) return []
      const here = { where: document.locateKey(base), note: `the overlay for environment "${environment}"` }
      if (valueAt(document.value, pointer) === undefined) return [here]
      return [here, { where: document.locate(pointer), note: 'what it stands in place of' }]
    },
  }
}

/** What an overlay itself says about a pointer of the spec; undefined where it says nothing. */
function overlaid(overlay: JsonObject, pointer: string): Json | undefined {
  const [first, ...steps] = pointerSteps(pointer)
  if (first !== 'spec' || steps.length === 0) return undefined
  let node: Json | undefined = overlay
  for (const step of steps) {
    // A list is replaced whole: what stands in it stands in the overlay.
    if (Array.isArray(node)) node = node[Number(step)]
    else if (isMapping(node) && Object.hasOwn(node, step)) node = node[step]
    else return undefined
  }
  return node
}

function isOverlaid(overlay: JsonObject, pointer: string): boolean {
  const said = overlaid(overlay, pointer)
  return said !== undefined && said !== null
}

export function isMapping(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
