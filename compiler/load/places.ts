import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Document as YamlDocument,
} from 'yaml'
import { canonicalJson, type Json } from '../../domain/canonical.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import { problem } from '../problem.ts'
import { limits } from './limits.ts'
import type { Segment } from './text.ts'
import { pointerSteps } from './walk.ts'

/** The slower parse of a segment, which knows where everything stands. */
export interface Placed {
  readonly problems: readonly Problem[]
  /** The value as this parser reads it; undefined when it refuses the text. */
  readonly value: unknown
  place(pointer: string, of: 'key' | 'value'): Place
}

/**
 * Parses a segment with places. Only for text that the fast parser accepted, or that `mayBeParsed` allows.
 * @see https://eemeli.org/yaml/
 */
export function parseWithPlaces(segment: Segment, file: string): Placed {
  const lines = new LineCounter()
  const document = parseDocument(segment.text, {
    lineCounter: lines,
    schema: 'core',
    version: '1.2',
    merge: false,
    uniqueKeys: true,
    strict: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, segment.text.length))
    return { file, line: segment.linesBefore + Math.max(1, line), column: Math.max(1, col) }
  }
  const problems = [...document.errors, ...document.warnings].map((error) =>
    yamlProblem(error.code, error.message, at(error.pos[0])),
  )
  return {
    problems,
    value: document.errors.length > 0 ? undefined : plainValue(document),
    place: (pointer, of) => at(offsetOf(document, pointerSteps(pointer), of)),
  }
}

/**
 * Whether a text that the fast parser refused may be shown to the slow one: nesting so deep that it aborts the process, or mappings so long
 * that it takes minutes, must not reach it. Counts without regard to quotes, which errs on the safe side.
 */
export function mayBeParsed(text: string): boolean {
  let depth = 0
  let deepest = 0
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1)
    deepest = Math.max(deepest, depth)
  }
  if (deepest >= limits.depth) return false
  const rows = text.split('\n')
  if (rows.length > limits.keysOfMapping) return false
  // Nesting by indentation and by compact sequences (`- - - -`) counts too.
  return rows.every((row) => {
    const indent = /^[ ]*/.exec(row)?.[0].length ?? 0
    const dashes = /^[\s\-?:]*/.exec(row)?.[0].replace(/[^-?]/g, '').length ?? 0
    return indent < limits.depth * 8 && dashes < limits.depth && row.split(/[,{]/).length < limits.keysOfMapping
  })
}

/** Whether two parsers read the same value. */
export function sameValue(left: unknown, right: unknown): boolean {
  try {
    return canonicalJson((left ?? null) as Json) === canonicalJson((right ?? null) as Json)
  } catch {
    return false
  }
}

function plainValue(document: YamlDocument): unknown {
  try {
    return document.toJS({ maxAliasCount: limits.aliases })
  } catch {
    return undefined
  }
}

function offsetOf(document: YamlDocument, steps: readonly string[], of: 'key' | 'value'): number {
  let node: Node | null | undefined = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const [index, step] of steps.entries()) {
    const resolved: Node | null | undefined = isAlias(node) ? node.resolve(document) : node
    const last = index === steps.length - 1
    if (isMap(resolved)) {
      const pair: Pair<Node, Node | null> | undefined = (resolved.items as Pair<Node, Node | null>[]).find(
        (one) => String(isScalar(one.key) ? one.key.value : one.key) === step,
      )
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
