import { Composer, isAlias, isMap, isScalar, isSeq, type Node, type Pair, visit, type YAMLMap } from 'yaml'
import type { Document as Yaml } from 'yaml'
import { canonicalJson, type Json } from '../../domain/canonical.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import { problem } from '../problem.ts'
import { oddKeys, withoutOddKeys } from './keys.ts'
import { limits } from './limits.ts'
import { type PlaceOf, placesOf } from './place-of.ts'
import { aliasesOfNothing, duplicateKey, duplicateKeys, leavesValue, unknownTags, yamlProblem } from './syntax.ts'
import type { Segment } from './text.ts'
import { readTokens } from './tokens.ts'
import { escapePointer, pointerSteps } from './walk.ts'

/** The slower parse of a segment, which knows where everything stands. */
export interface Placed {
  readonly problems: readonly Problem[]
  /** The value as this parser reads it; undefined when it refuses the text for more than single keys and tags. */
  readonly value: unknown
  /** What could be made out of a text that is refused: good for the name in it, and nothing else. */
  readonly remains: unknown
  /** Where values stand that a problem already speaks of. */
  readonly told: readonly Place[]
  place(pointer: string, of: 'key' | 'value'): Place
  /** The text of the scalar at a pointer, as it is written; undefined where there is no scalar. */
  written(pointer: string): string | undefined
  /** Keys and values without quotes, as they are written, in the order of the text. */
  bareScalars(): readonly { readonly written: string; readonly where: Place }[]
}

/**
 * Parses a segment with places. Safe for any text: what would stall or abort this parser is refused before its costly part.
 * @see https://eemeli.org/yaml/
 */
export function parseWithPlaces(segment: Segment, file: string): Placed {
  const at = placesOf(segment, file)
  const { tokens, refused } = readTokens(segment.text)
  if (refused) {
    const { code, message, hint, offset } = refused
    return nothing([problem(code, at(offset), message, { hint })], undefined, at)
  }
  const composer = new Composer({
    schema: 'core',
    version: '1.2',
    merge: false,
    // Bytes, times, sets and the like are YAML 1.1's: the fast parser does not know them either.
    resolveKnownTags: false,
    // Looked for here: the parser's own search takes the square of the number of keys.
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const [document, another] = withoutTraces(() => [...composer.compose(tokens, true, segment.text.length)]) as (
    Yaml | undefined
  )[]
  if (!document) return nothing([], null, at)
  const errors = [...document.errors, ...document.warnings]
  const odd = oddKeys(document, segment.text)
  const templates = new Set(odd.filter((one) => one.isTemplate).map(({ begin }) => at(begin).line))
  const own = templates.size === 0 ? errors : errors.filter(({ pos }) => !templates.has(at(pos[0]).line))
  const problems = [
    ...own.map((error) => ({
      begin: error.pos[0],
      tell: () => yamlProblem(error, { document, text: segment.text, at }),
    })),
    ...duplicateKeys(document).map((keys) => ({
      begin: keys.second.range?.[0] ?? 0,
      tell: () => duplicateKey(keys, at),
    })),
    ...odd.map(({ begin, tell }) => ({ begin, tell: () => tell(at) })),
  ]
    .sort((left, right) => left.begin - right.begin)
    .slice(0, limits.syntaxProblems)
    .map(({ tell }) => tell())
  if (another)
    problems.push(problem('YAML_SYNTAX', at(another.range?.[0] ?? 0), 'another document begins here without ---'))
  const plain = plainValue(odd.length > 0 ? withoutOddKeys(document) : document)
  if (plain === undefined) problems.push(...aliasesOfNothing({ document, at }).slice(0, limits.syntaxProblems))
  const isRead = !another && errors.every((error) => leavesValue(error.code))
  return {
    problems,
    value: isRead ? plain : undefined,
    remains: nameOf(document),
    told: [...unknownTags(document), ...odd.flatMap(({ told }) => told)].map(([begin, end]) => at(begin, end)),
    place: (pointer, of) => at(...rangeOf(document, pointerSteps(pointer), of)),
    written: (pointer) => writtenAt(document, pointerSteps(pointer), segment.text),
    bareScalars: () => bareScalars(document, at),
  }
}

function bareScalars(document: Yaml, at: PlaceOf): ReturnType<Placed['bareScalars']> {
  const found: { written: string; where: Place }[] = []
  visit(document, {
    Scalar: (_key, { type, source, range }) => {
      if (type === 'PLAIN' && range) found.push({ written: source ?? '', where: at(range[0], range[1]) })
    },
  })
  return found
}

/** A text may have a hundred thousand errors, and the trace of each, which nobody reads, takes longer than to find it. */
function withoutTraces<Result>(work: () => Result): Result {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = before
  }
}

function nothing(problems: readonly Problem[], value: unknown, at: PlaceOf): Placed {
  return {
    problems,
    value,
    remains: undefined,
    told: [],
    place: () => at(0),
    written: () => undefined,
    bareScalars: () => [],
  }
}

/** Whether two parsers read the same value. */
export function sameValue(left: unknown, right: unknown): boolean {
  try {
    return canonicalJson((left ?? null) as Json) === canonicalJson((right ?? null) as Json)
  } catch {
    return false
  }
}

/** JSON pointer of the first thing, in the order of the left one, that is another in two values. */
export function firstDifference(left: unknown, right: unknown): string {
  if (!isHolder(left) || !isHolder(right)) return ''
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const isInBoth = Object.hasOwn(left, key) && Object.hasOwn(right, key)
    if (isInBoth && sameValue(left[key], right[key])) continue
    const below = isInBoth ? firstDifference(left[key], right[key]) : ''
    return `/${escapePointer(key)}${below}`
  }
  return ''
}

function isHolder(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function plainValue(document: Yaml): unknown {
  try {
    // It counts in another way than `examine`, which is asked what is too many.
    return document.toJS({ maxAliasCount: limits.aliases * 100 })
  } catch {
    return undefined
  }
}

/** What a document says of its kind and name, however broken the rest of it is. */
function nameOf(document: Yaml): unknown {
  const at = (...steps: readonly string[]): unknown => document.getIn(steps)
  const isNamed = isMap(document.contents) && isMap(document.contents.get('metadata'))
  if (!isNamed) return undefined
  return { kind: at('kind'), metadata: { name: at('metadata', 'name'), project: at('metadata', 'project') } }
}

type Range = readonly [begin: number, end: number | undefined]

/** Where the key or value at the end of some steps is written; that of the last thing on the way that exists. */
function rangeOf(document: Yaml, steps: readonly string[], of: 'key' | 'value'): Range {
  let node: Node | null | undefined = document.contents
  let range = rangeOfNode(node, [0, undefined])
  let keyRange = range
  for (const [index, step] of steps.entries()) {
    const resolved: Node | null | undefined = isAlias(node) ? node.resolve(document) : node
    if (isMap(resolved)) {
      const pair = pairOf(resolved, step)
      if (!pair) return of === 'key' ? keyRange : range
      keyRange = rangeOfNode(pair.key, range)
      const wantsKey = index === steps.length - 1 && of === 'key'
      range = wantsKey || isEmpty(pair.value) ? keyRange : rangeOfNode(pair.value, keyRange)
      node = pair.value
    } else if (isSeq(resolved)) {
      const item = resolved.items[Number(step)] as Node | undefined
      if (!item) return range
      range = rangeOfNode(item, range)
      node = item
    } else return range
  }
  return range
}

function rangeOfNode(node: Node | null | undefined, otherwise: Range): Range {
  return node?.range ? [node.range[0], node.range[1]] : otherwise
}

function writtenAt(document: Yaml, steps: readonly string[], text: string): string | undefined {
  let node: Node | null | undefined = document.contents
  for (const step of steps) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) node = pairOf(node, step)?.value
    else if (isSeq(node)) node = node.items[Number(step)] as Node | undefined
    else return undefined
  }
  if (isAlias(node)) node = node.resolve(document)
  return isScalar(node) && node.range ? text.slice(node.range[0], node.range[1]) : undefined
}

type KeyedPair = Pair<Node, Node | null>
const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, KeyedPair>>()

/** The pair of a key; remembered for each mapping, because a mapping of thousands of wrong keys is asked about each of them. */
function pairOf(mapping: YAMLMap, key: string): KeyedPair | undefined {
  let known = pairs.get(mapping)
  if (!known) {
    const items = mapping.items as KeyedPair[]
    known = new Map(items.map((one) => [String(isScalar(one.key) ? one.key.value : one.key), one] as const))
    pairs.set(mapping, known)
  }
  return known.get(key)
}

function isEmpty(node: Node | null): boolean {
  return !node?.range || (isScalar(node) && node.value === null && (node.source ?? '') === '')
}
