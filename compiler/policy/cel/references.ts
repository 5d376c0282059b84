import { Environment } from '@marcbachmann/cel-js'
import { children, macros, type Node, type RemoteCall } from './nodes.ts'

/** What an expression asks for from outside of itself. */
export interface References {
  /** The first names of paths, such as `object`, with the character at which each stands first. */
  readonly names: ReadonlyMap<string, number>
  /** Of `variables.<name>` the second ones. */
  readonly variables: ReadonlySet<string>
}

interface Finding {
  readonly names: Map<string, number>
  readonly variables: Set<string>
}

const reading = new Environment({ enableOptionalTypes: true })

/**
 * Finds what an expression refers to. What it binds itself does not count, nor what stands in texts and comments.
 * @throws for an expression that cannot be read
 */
export function referencesOf(text: string): References {
  const found: Finding = { names: new Map(), variables: new Set() }
  visit(reading.parse(text).ast, new Set(), found)
  return found
}

function visit(node: Node, bound: ReadonlySet<string>, found: Finding): void {
  const variable = variableOf(node, bound)
  if (variable !== undefined) found.variables.add(variable)
  if (node.op === 'id') {
    const name = node.args as string
    if (!bound.has(name) && !found.names.has(name)) found.names.set(name, node.start)
    return
  }
  const scope = scopeOf(node)
  if (!scope) return [...children(node.args)].forEach((child) => visit(child, bound, found))
  for (const child of scope.outside) visit(child, bound, found)
  for (const child of scope.inside) visit(child, new Set([...bound, scope.name]), found)
}

/** The name in `variables.name` and `variables.?name`. */
function variableOf({ op, args }: Node, bound: ReadonlySet<string>): string | undefined {
  if (op !== '.' && op !== '.?') return undefined
  const [of, name] = args as readonly [Node, string]
  return of.op === 'id' && of.args === 'variables' && !bound.has('variables') ? name : undefined
}

/** The parts of a call that binds a name: those that see it, and those that do not. */
function scopeOf({
  op,
  args,
}: Node): { readonly name: string; readonly outside: readonly Node[]; readonly inside: readonly Node[] } | undefined {
  if (op !== 'rcall') return undefined
  const [called, receiver, [first, ...rest]] = args as RemoteCall
  if (first?.op !== 'id') return undefined
  const name = first.args as string
  if (macros.has(called)) return { name, outside: [receiver], inside: rest }
  const isBinding = called === 'bind' && receiver.op === 'id' && receiver.args === 'cel'
  return isBinding ? { name, outside: rest.slice(0, 1), inside: rest.slice(1) } : undefined
}
