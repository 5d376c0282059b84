import type { ProblemCode } from '../../../domain/problem-codes.ts'
import type { SpecKind } from '../../../domain/specs.generated.ts'
import { corpus, type Name } from './corpus.ts'
import type { Expected, Mutation, Spot } from './mutation.ts'
import { choose, type Shape, shapeAt } from './shape.ts'
import {
  isList,
  isMapping,
  isScalar,
  type Node,
  nodeAt,
  type Pair,
  pairsOf,
  scalar,
  type Scalar,
  tree,
  withNode,
  withPairs,
} from './tree.ts'

export const kinds: Readonly<Record<Name, SpecKind>> = {
  dev: 'Environment',
  prod: 'Environment',
  dataset: 'Dataset',
  model: 'Model',
  prompt: 'PromptTemplate',
  training: 'TrainingJob',
  endpoint: 'ServingEndpoint',
}

/** Every key and value of the corpus, spoiled in each way that its schema and YAML forbid. */
export function* shapeMutations(): Generator<Mutation> {
  for (const name of Object.keys(corpus) as Name[]) {
    const root: Node = corpus[name]
    yield* keyMutations(name, root, [])
    for (const { steps } of pairsOf(root)) {
      const node = nodeAt(root, steps)
      yield* valueMutations(name, root, steps)
      if (isMapping(node)) yield* keyMutations(name, root, steps)
    }
  }
}

const losesName = (steps: readonly string[]): boolean =>
  steps.length === 0 || steps[0] === 'metadata'
    ? ['name', 'project', undefined].includes(steps[1])
    : steps[0] === 'kind'

/** One value in place of another, and the problem it makes. */
function* valueMutations(name: Name, root: Node, steps: readonly string[]): Generator<Mutation> {
  const replace = function* (code: ProblemCode, what: string, value: Node): Generator<Mutation> {
    const changed = withNode(root, steps, () => value)
    // What is no YAML is wrong wherever it stands.
    const also = code.startsWith('YAML') ? [] : overlayOf(name, steps)
    yield {
      sentence: `${name} ${steps.join('.')} ${what}`,
      documents: { [name]: changed },
      expected: [{ code, name, at: value, also }],
      ...(losesName(steps) ? { losesName: true } : {}),
    }
  }
  const node = nodeAt(root, steps)
  if (isScalar(node)) yield* scalarMutations(node, replace)
  const found = shapeAt(kinds[name], root, steps)
  if (!found) return
  if (steps.length === 1 && steps[0] === 'apiVersion')
    yield* replace('API_VERSION_UNKNOWN', 'of tomorrow', scalar('v2'))
  else if (steps.length === 1 && steps[0] === 'kind') yield* replace('KIND_UNKNOWN', 'unheard of', scalar('Pod'))
  else {
    // Where only some values are allowed, another one of any type is none of them.
    const code = found.shape.enum ? 'VALUE_NOT_ALLOWED' : 'TYPE_WRONG'
    for (const [what, value] of wrongTypes(found.shape)) {
      // In an overlay null takes away.
      if (what === 'is null' && found.inOverlay && steps.length > 3) continue
      yield* replace(code, what, value)
    }
    // An empty value of an overlay takes away, and one of a text is wrong as its key stands there.
    if (!found.inOverlay || steps.length === 3) yield* emptyValue(name, root, steps, code)
    if (found.shape.anyOf) return
    for (const [code, what, value] of wrongValues(found.shape)) yield* replace(code, what, value)
  }
}

function* emptyValue(name: Name, root: Node, steps: readonly string[], code: ProblemCode): Generator<Mutation> {
  const key = steps.at(-1)
  let pair: Pair | undefined
  const documents = withPairs(root, steps.slice(0, -1), (pairs) =>
    pairs.map((one) => (one.key === key ? (pair = { key: one.key, value: scalar('') }) : one)),
  )
  if (!pair) return
  yield {
    sentence: `${name} ${steps.join('.')} without a value`,
    documents: { [name]: documents },
    expected: [{ code, name, at: pair }],
    ...(losesName(steps) ? { losesName: true } : {}),
  }
}

type Replace = (code: ProblemCode, what: string, value: Node) => Generator<Mutation>

/** What YAML itself makes wrong of any scalar. */
function* scalarMutations(node: Scalar, replace: Replace): Generator<Mutation> {
  yield* replace('YAML_UNKNOWN_TAG', 'under a tag', scalar(node.raw, '!nobody'))
  yield* replace('YAML_KEY_NOT_TEXT', 'is a template expression', scalar('{{ value }}'))
  yield* replace('YAML_SYNTAX', 'is an alias of nothing', scalar('*nowhere'))
  // A number keeps its value, of which something else may be said.
  yield* replace('YAML_LEADING_ZERO', 'is octal to some', scalar(/^\d+$/.test(node.raw) ? `0${node.raw}` : '012'))
  if (/^\d/.test(node.raw)) {
    yield* replace('YAML_NUMBER_TOO_LARGE', 'beyond 2^53', scalar('9007199254740993'))
    yield* replace('YAML_NUMBER_TOO_LARGE', 'beyond all', scalar('.inf'))
  }
}

function wrongTypes(shape: Shape): readonly (readonly [string, Node])[] {
  const types = [shape.type ?? []].flat()
  if (shape.anyOf) return [['is a list', tree([])]]
  if (types.length !== 1) return []
  const byType: Readonly<Record<string, readonly (readonly [string, Node])[]>> = {
    string: [
      ['is 12', scalar('12')],
      ['is 1.10', scalar('1.10')],
      ['is a switch', scalar('true')],
      ['is null', scalar('~')],
      ['is a list', tree(['a'])],
    ],
    integer: [
      ['is words', scalar('many')],
      ['is in quotes', scalar('"3"')],
      ['is a fraction', scalar('1.5')],
      ['has an underscore', scalar('1_000')],
    ],
    number: [
      ['is words', scalar('many')],
      ['is in quotes', scalar('"0.5"')],
      ['is a mapping', tree({ a: 1 })],
    ],
    boolean: [
      ['is yes', scalar('yes')],
      ['is 1', scalar('1')],
    ],
    object: [
      ['is words', scalar('words')],
      ['is an empty list', tree([])],
    ],
    array: [
      ['is words', scalar('words')],
      ['is a mapping', tree({ a: 1 })],
    ],
  }
  return byType[types[0] ?? ''] ?? []
}

function wrongValues(shape: Shape): readonly (readonly [ProblemCode, string, Node])[] {
  const found: (readonly [ProblemCode, string, Node])[] = []
  if (shape.enum) found.push(['VALUE_NOT_ALLOWED', 'is none of those allowed', scalar('nonsense')])
  if (shape.pattern !== undefined) found.push(['FORMAT_WRONG', 'has the wrong form', scalar('"$ not fitting"')])
  if (shape.minimum !== undefined)
    found.push(['VALUE_OUT_OF_RANGE', 'is too little', scalar(String(shape.minimum - 1))])
  if (shape.exclusiveMinimum !== undefined)
    found.push(['VALUE_OUT_OF_RANGE', 'is just too little', scalar(String(shape.exclusiveMinimum))])
  if (shape.maximum !== undefined) found.push(['VALUE_OUT_OF_RANGE', 'is too much', scalar(String(shape.maximum + 1))])
  if (shape.minLength !== undefined && shape.pattern === undefined)
    found.push(['VALUE_OUT_OF_RANGE', 'is too short', scalar('""')])
  if (shape.maxLength !== undefined && shape.pattern === undefined && shape.maxLength < 5000)
    found.push(['VALUE_OUT_OF_RANGE', 'is too long', scalar(`"${'x'.repeat(shape.maxLength + 1)}"`)])
  return found
}

/** One key more, less, twice or misspelt in a mapping. */
function* keyMutations(name: Name, root: Node, steps: readonly string[]): Generator<Mutation> {
  const mapping = nodeAt(root, steps)
  if (!isMapping(mapping)) return
  const found = shapeAt(kinds[name], root, steps)
  const shape = choose(found?.shape, mapping)
  const where = `${name} ${steps.join('.') || 'at the top'}`
  const also = overlayOf(name, [...steps, ''])
  const with_ = (sentence: string, pairs: readonly Pair[], expected: readonly Expected[], loses = false): Mutation => ({
    sentence: `${where} ${sentence}`,
    documents: { [name]: withPairs(root, steps, () => pairs) },
    expected,
    ...(loses ? { losesName: true } : {}),
  })
  const unsafe: Pair = { key: '__proto__', value: scalar('x') }
  yield with_('with a prototype', [...mapping.pairs, unsafe], [{ code: 'YAML_UNSAFE_KEY', name, at: unsafe }])
  for (const pair of mapping.pairs) {
    const twice: Pair = { ...pair, value: copyOf(pair.value) }
    const first: readonly Spot[] = [{ name, at: pair }]
    yield with_(
      `with ${pair.key} twice`,
      [...mapping.pairs, twice],
      [{ code: 'YAML_DUPLICATE_KEY', name, at: twice, also: first }],
    )
  }
  if (shape?.additionalProperties !== false) return
  const unknown: Pair = { key: 'zzzzzz', value: scalar('1') }
  yield with_('with an unknown key', [unknown, ...mapping.pairs], [{ code: 'KEY_UNKNOWN', name, at: unknown, also }])
  const required = found?.inOverlay ? [] : (shape.required ?? [])
  for (const pair of mapping.pairs) {
    const loses = losesName([...steps, pair.key])
    const others = mapping.pairs.filter((one) => one !== pair)
    const misspelt: Pair = { key: `${pair.key}x`, value: pair.value }
    const isHead = steps.length === 0 && (pair.key === 'kind' || pair.key === 'apiVersion')
    const swapped = mapping.pairs.map((one) => (one === pair ? misspelt : one))
    const expected: Expected[] = [{ code: 'KEY_UNKNOWN', name, at: misspelt, also }]
    if (!isHead) yield with_(`with ${pair.key} misspelt`, swapped, expected, loses)
    if (required.includes(pair.key)) yield missing(name, root, steps, others, pair, loses)
  }
}

function missing(
  name: Name,
  root: Node,
  steps: readonly string[],
  pairs: readonly Pair[],
  pair: Pair,
  loses: boolean,
): Mutation {
  const changed = withPairs(root, steps, () => pairs)
  const codes: Readonly<Record<string, ProblemCode>> = { kind: 'KIND_UNKNOWN', apiVersion: 'API_VERSION_UNKNOWN' }
  const code = (steps.length === 0 ? codes[pair.key] : undefined) ?? 'KEY_MISSING'
  const outer = nodeAt(changed, steps.slice(0, -1))
  const key = isMapping(outer) ? outer.pairs.find((one) => one.key === steps.at(-1)) : undefined
  return {
    sentence: `${name} ${steps.join('.') || 'at the top'} without ${pair.key}`,
    documents: { [name]: changed },
    expected: [{ code, name, at: steps.length === 0 ? changed : (key ?? outer) }],
    ...(loses ? { losesName: true } : {}),
  }
}

/** The overlay that a value stands in: it must be named too. */
function overlayOf(name: Name, steps: readonly string[]): readonly Spot[] {
  if (name !== 'endpoint' || steps[1] !== 'environments' || steps.length < 4) return []
  return [{ name, at: { keyOf: steps.slice(0, 3).join('.') } }]
}

/** The same text as nodes of their own, so that each has its own position. */
function copyOf(node: Node): Node {
  if (isMapping(node)) return { pairs: node.pairs.map((pair) => ({ ...pair, value: copyOf(pair.value) })) }
  if (isList(node)) return { items: node.items.map(copyOf) }
  return { ...node }
}
