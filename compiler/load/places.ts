import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type Document as Yaml,
  type YAMLMap,
} from 'yaml'
import { canonicalJson, type Json } from '../../domain/canonical.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import { problem } from '../problem.ts'
import { limits } from './limits.ts'
import type { Segment } from './text.ts'
import { readTokens } from './tokens.ts'
import { pointerSteps } from './walk.ts'

/** The slower parse of a segment, which knows where everything stands. */
export interface Placed {
  readonly problems: readonly Problem[]
  /** The value as this parser reads it; undefined when it refuses the text. */
  readonly value: unknown
  place(pointer: string, of: 'key' | 'value'): Place
}

/**
 * Parses a segment with places. Safe for any text: what would stall or abort this parser is refused before its costly part.
 * @see https://eemeli.org/yaml/
 */
export function parseWithPlaces(segment: Segment, file: string): Placed {
  const lines = new LineCounter()
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, segment.text.length))
    return { file, line: segment.linesBefore + Math.max(1, line), column: Math.max(1, col) }
  }
  const { tokens, refused } = readTokens(segment.text, lines.addNewLine)
  if (refused) {
    const where = at(refused.offset)
    return { problems: [problem(refused.code, where, refused.message)], value: undefined, place: () => at(0) }
  }
  const composer = new Composer({
    lineCounter: lines,
    schema: 'core',
    version: '1.2',
    merge: false,
    uniqueKeys: true,
    strict: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const [document, another] = [...composer.compose(tokens, true, segment.text.length)] as (Yaml | undefined)[]
  if (!document) return { problems: [], value: null, place: () => at(0) }
  const problems = [...document.errors, ...document.warnings]
    .slice(0, limits.syntaxProblems)
    .map((error) => yamlProblem(error.code, error.message, at(error.pos[0])))
  if (another)
    problems.push(problem('YAML_SYNTAX', at(another.range?.[0] ?? 0), 'another document begins here without ---'))
  return {
    problems,
    value: problems.length > 0 ? undefined : plainValue(document),
    place: (pointer, of) => at(offsetOf(document, pointerSteps(pointer), of)),
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

function plainValue(document: Yaml): unknown {
  try {
    return document.toJS({ maxAliasCount: limits.aliases })
  } catch {
    return undefined
  }
}

function offsetOf(document: Yaml, steps: readonly string[], of: 'key' | 'value'): number {
  let node: Node | null | undefined = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const [index, step] of steps.entries()) {
    const resolved: Node | null | undefined = isAlias(node) ? node.resolve(document) : node
    const last = index === steps.length - 1
    if (isMap(resolved)) {
      const pair = pairOf(resolved, step)
      if (!pair) return offset
      const valueStart = pair.value?.range?.[0]
      const keyStart = pair.key.range?.[0] ?? offset
      offset = last && of === 'key' ? keyStart : valueStart === undefined || isEmpty(pair.value) ? keyStart : valueStart
      node = pair.value
    } else if (isSeq(resolved)) {
      const item = resolved.items[Number(step)] as Node | undefined
      if (!item) return offset
      offset = item.range?.[0] ?? offset
      node = item
    } else return offset
  }
  return offset
}

type KeyedPair = Pair<Node, Node | null>
const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, KeyedPair>>()

/** The pair of a key; remembered for each mapping, because a mapping of thousands of wrong keys is asked about each of them. */
function pairOf(mapping: YAMLMap, key: string): KeyedPair | undefined {
  let known = pairs.get(mapping)
  if (!known) {
    const items = mapping.items as KeyedPair[]
    known = new Map(items.map((one) => [String(isScalar(one.key) ? one.key.value : one.key), one] as const).reverse())
    pairs.set(mapping, known)
  }
  return known.get(key)
}

function isEmpty(node: Node | null): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === ''
}

function yamlProblem(code: string, message: string, where: Place): Problem {
  const text = message.split('\n')[0] ?? message
  if (code === 'DUPLICATE_KEY') {
    return problem('YAML_DUPLICATE_KEY', where, 'this key stands twice in the same mapping', {
      hint: 'keep one of the two',
    })
  }
  if (code === 'TAG_RESOLVE_FAILED') {
    return problem('YAML_UNKNOWN_TAG', where, `this tag is not known here: ${text}`, {
      hint: 'remove the tag; quote the value if it is text',
    })
  }
  if (code === 'TAB_AS_INDENT') {
    return problem('YAML_SYNTAX', where, 'a tab is used for indentation', { hint: 'indent with spaces' })
  }
  return problem('YAML_SYNTAX', where, `the YAML cannot be read: ${text}`)
}
