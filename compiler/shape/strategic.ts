import type { Json, JsonObject } from '../../domain/canonical.ts'
import { escapePointer } from '../load/walk.ts'
import type { MergeKeys } from './merge-keys.ts'

/*
 * Strategic merge patches, as `kubectl patch` and Kustomize take them: mappings are merged, null takes a key away, and lists that have a merge
 * key are merged by it. What is new in such a list comes last.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */

const directive = '$patch'
const retain = '$retainKeys'
const removal = /^\$deleteFromPrimitiveList\/(.+)$/

/** What `$patch` may say. */
const directives: readonly unknown[] = ['delete', 'replace', 'merge']

/** Where a patch says something else: Kubernetes refuses it, and taken as a merge it would do what nobody meant. */
export function unknownDirectives(patch: Json, at = ''): readonly { readonly pointer: string; readonly value: Json }[] {
  if (typeof patch !== 'object' || patch === null) return []
  return Object.entries(patch).flatMap(([key, value]: [string, Json]) => {
    const pointer = `${at}/${escapePointer(key)}`
    if (key !== directive || Array.isArray(patch)) return unknownDirectives(value, pointer)
    return directives.includes(value) ? [] : [{ pointer, value }]
  })
}

/** @param keys how the lists of this kind are merged */
export function strategicMerge(original: Json, patch: JsonObject, keys: MergeKeys): Json {
  return mergeMapping(isMapping(original) ? original : {}, patch, keys) ?? {}
}

/** @returns undefined where the patch takes the mapping away */
function mergeMapping(original: JsonObject, patch: JsonObject, keys: MergeKeys): JsonObject | undefined {
  if (patch[directive] === 'delete') return undefined
  const { [directive]: how, [retain]: retained, ...own } = patch
  if (how === 'replace') return own
  const kept = Array.isArray(retained) ? retained : undefined
  const merged: Record<string, Json> = {}
  for (const [key, value] of Object.entries(original)) if (!kept || kept.includes(key)) merged[key] = value
  for (const [key, value] of Object.entries(own)) {
    const [, list] = removal.exec(key) ?? []
    if (list !== undefined) removeFrom(merged, list, value)
    else if (value === null) delete merged[key]
    else {
      const result = mergeValue(merged[key], value, keys.fields?.[key] ?? {})
      if (result === undefined) delete merged[key]
      else merged[key] = result
    }
  }
  return merged
}

function mergeValue(original: Json | undefined, patch: Json, keys: MergeKeys): Json | undefined {
  if (isMapping(patch)) return mergeMapping(isMapping(original) ? original : {}, patch, keys)
  if (Array.isArray(patch)) {
    const before: readonly Json[] = Array.isArray(original) ? (original as readonly Json[]) : []
    return mergeList(before, patch as readonly Json[], keys)
  }
  return patch
}

function mergeList(original: readonly Json[], patch: readonly Json[], keys: MergeKeys): readonly Json[] {
  const { key } = keys
  if (key === undefined) return patch
  if (key === '') return [...original, ...patch.filter((one) => !original.includes(one))]
  if (patch.some((one) => isMapping(one) && one[directive] === 'replace' && Object.keys(one).length === 1))
    return patch.filter((one) => !isMapping(one) || one[directive] !== 'replace')
  const merged = [...original]
  for (const one of patch) {
    const isSame = (other: Json): boolean => isMapping(one) && isMapping(other) && other[key] === one[key]
    const index = merged.findIndex(isSame)
    const result = isMapping(one) ? mergeMapping(mappingAt(merged, index), one, { fields: keys.fields }) : one
    if (result === undefined) {
      if (index >= 0) merged.splice(index, 1)
    } else if (index >= 0) merged[index] = result
    else merged.push(result)
  }
  return merged
}

function mappingAt(list: readonly Json[], index: number): JsonObject {
  const found = list[index]
  return index >= 0 && isMapping(found) ? found : {}
}

function removeFrom(merged: Record<string, Json>, key: string, values: Json): void {
  const list = merged[key]
  if (Array.isArray(list) && Array.isArray(values))
    merged[key] = (list as readonly Json[]).filter((one) => !(values as readonly Json[]).includes(one))
}

function isMapping(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
