import type { ASTNode } from '@marcbachmann/cel-js'

/** A part of a parsed expression. */
export type Node = Pick<ASTNode, 'start' | 'end'> & { readonly op: string; readonly args: unknown }

/** What an `rcall` is made of. */
export type RemoteCall = readonly [name: string, receiver: Node, args: readonly Node[]]

/** Calls whose first argument is a name that the others see. */
export const macros: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map'])

export function* children(args: unknown): Generator<Node> {
  if (Array.isArray(args)) for (const one of args) yield* children(one)
  else if (typeof args === 'object' && args !== null && 'op' in args) yield args as Node
}
