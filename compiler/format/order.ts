import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair, visit, type YAMLMap } from 'yaml'
import { type SpecKind, specKinds } from '../../domain/specs.generated.ts'
import { type SchemaNode, schemas } from '../validate/schemas.ts'

/** What every document begins with, also one of a kind that is not known. */
const head: SchemaNode = { properties: { apiVersion: {}, kind: {}, metadata: {}, spec: {} } }

/**
 * Puts the keys of a document into the order in which its schema lists them; keys that it does not know follow, as they stand. A document with
 * aliases is left as it is, for an alias must stay behind its anchor.
 */
export function orderKeys(document: Document): void {
  if (!isMap(document.contents) || hasAliases(document)) return
  const kind = specKinds.find((one) => one === document.get('kind'))
  orderMap(document.contents, kind === undefined ? head : schemas[kind], kind, [])
}

function hasAliases(document: Document): boolean {
  let found = false
  visit(document, {
    Alias: () => {
      found = true
      return visit.BREAK
    },
  })
  return found
}

function orderNode(node: Node | null, schema: SchemaNode, kind: SpecKind | undefined, path: readonly string[]): void {
  if (isMap(node)) orderMap(node, schema, kind, path)
  else if (isSeq(node))
    for (const item of node.items) if (isNode(item)) orderNode(item, schema.items ?? {}, kind, [...path, '*'])
}

function orderMap(map: YAMLMap, schema: SchemaNode, kind: SpecKind | undefined, path: readonly string[]): void {
  const keys = map.items.map((pair) => nameOf(pair))
  const chosen = overlaid(kind, path) ?? choose(schema, keys)
  const names = Object.keys(chosen.properties ?? {})
  const rank = (pair: Pair): number => {
    const index = names.indexOf(nameOf(pair) ?? '')
    return index < 0 ? names.length : index
  }
  const sorted = map.items.map((pair, index) => ({ pair, index }))
  sorted.sort((left, right) => rank(left.pair) - rank(right.pair) || left.index - right.index)
  if (names.length > 0 && sorted.some((one, index) => one.index !== index))
    rearrange(
      map,
      sorted.map((one) => one.pair),
      path.length === 0,
      path.at(-1) === '*',
    )
  for (const pair of map.items) {
    const name = nameOf(pair)
    if (name === undefined || !isNode(pair.value)) continue
    const own = chosen.properties && Object.hasOwn(chosen.properties, name) ? chosen.properties[name] : undefined
    const other = typeof chosen.additionalProperties === 'object' ? chosen.additionalProperties : {}
    orderNode(pair.value, own ?? other, kind, [...path, name])
  }
}

/**
 * A comment above the first key belongs to that key, but at the top of a document, where it speaks of the whole, and above an item of a list, where it
 * speaks of the item.
 */
function rearrange(map: YAMLMap, pairs: Pair[], isRoot: boolean, isItem: boolean): void {
  const [before, now] = [map.items[0]?.key, pairs[0]?.key]
  map.items = pairs as typeof map.items
  if (!isNode(before) || !isNode(now) || before === now) return
  if (!isRoot && !isItem && map.commentBefore != null && before.commentBefore == null) {
    before.commentBefore = map.commentBefore
    map.commentBefore = null
  }
  now.spaceBefore = false
  if (isRoot && before.commentBefore != null) {
    now.commentBefore = [before.commentBefore, now.commentBefore ?? []].flat().join('\n')
    before.commentBefore = null
  }
  if (isRoot || now.commentBefore == null) return
  if (map.commentBefore == null && !map.flow) {
    map.commentBefore = now.commentBefore
    now.commentBefore = null
  }
}

/** An overlay is a patch over the spec, so its keys come in the order of the spec's. */
function overlaid(kind: SpecKind | undefined, path: readonly string[]): SchemaNode | undefined {
  if (kind !== 'ServingEndpoint' || path.length !== 3 || path[0] !== 'spec' || path[1] !== 'environments')
    return undefined
  return schemas.ServingEndpoint.properties?.['spec']
}

/** Of several shapes the one that has most of the keys. */
function choose(schema: SchemaNode, keys: readonly (string | undefined)[]): SchemaNode {
  const known = (one: SchemaNode): number =>
    keys.filter((key) => key !== undefined && one.properties && Object.hasOwn(one.properties, key)).length
  if (!schema.anyOf) return schema
  return [...schema.anyOf].sort((left, right) => known(right) - known(left))[0] ?? schema
}

function nameOf({ key }: Pair): string | undefined {
  if (isAlias(key)) return undefined
  return isScalar(key) && typeof key.value === 'string' ? key.value : undefined
}
