/** A YAML document as somebody writes it: keys may stand twice, and a scalar is the text that stands in the file. */
export type Node = Scalar | Mapping | List

export interface Scalar {
  readonly raw: string
  /** A tag before it, such as `!secret`. */
  readonly tag?: string
}

export interface Mapping {
  readonly pairs: readonly Pair[]
}

export interface List {
  readonly items: readonly Node[]
}

export interface Pair {
  readonly key: string
  readonly value: Node
}

export const isMapping = (node: Node): node is Mapping => 'pairs' in node
export const isList = (node: Node): node is List => 'items' in node
export const isScalar = (node: Node): node is Scalar => 'raw' in node

export const scalar = (raw: string, tag?: string): Scalar => (tag === undefined ? { raw } : { raw, tag })

/** Makes a tree of plain data: texts are quoted where YAML would read something else. */
export function tree(value: unknown): Node {
  if (Array.isArray(value)) return { items: value.map(tree) }
  if (typeof value === 'object' && value !== null)
    return { pairs: Object.entries(value).map(([key, inner]) => ({ key, value: tree(inner) })) }
  if (typeof value !== 'string') return scalar(JSON.stringify(value))
  return scalar(/^[A-Za-z/][\w./:@-]*$/.test(value) && !value.endsWith(':') ? value : JSON.stringify(value))
}

/** Every pair of a tree with the steps that lead to it, outermost first. */
export function pairsOf(
  node: Node,
  steps: readonly string[] = [],
): readonly { steps: readonly string[]; pair: Pair }[] {
  if (isMapping(node))
    return node.pairs.flatMap((pair) => {
      const inner = [...steps, pair.key]
      return [{ steps: inner, pair }, ...pairsOf(pair.value, inner)]
    })
  return isList(node) ? node.items.flatMap((item, index) => pairsOf(item, [...steps, String(index)])) : []
}

export function nodeAt(node: Node, steps: readonly string[]): Node {
  const [step, ...rest] = steps
  if (step === undefined) return node
  const inner = isMapping(node)
    ? node.pairs.find((pair) => pair.key === step)?.value
    : isList(node)
      ? node.items[Number(step)]
      : undefined
  if (!inner) throw new Error(`there is no ${steps.join('/')}`)
  return nodeAt(inner, rest)
}

/** The tree with another node at some steps; everything beside the way stays the same object. */
export function withNode(node: Node, steps: readonly string[], change: (node: Node) => Node): Node {
  const [step, ...rest] = steps
  if (step === undefined) return change(node)
  if (isMapping(node))
    return {
      pairs: node.pairs.map((pair) =>
        pair.key === step ? { ...pair, value: withNode(pair.value, rest, change) } : pair,
      ),
    }
  if (isList(node))
    return { items: node.items.map((item, index) => (String(index) === step ? withNode(item, rest, change) : item)) }
  throw new Error(`there is no ${steps.join('/')}`)
}

/** The tree with other pairs in the mapping at some steps. */
export function withPairs(
  node: Node,
  steps: readonly string[],
  change: (pairs: readonly Pair[]) => readonly Pair[],
): Node {
  return withNode(node, steps, (inner) => {
    if (!isMapping(inner)) throw new Error(`${steps.join('/')} is no mapping`)
    return { pairs: change(inner.pairs) }
  })
}
