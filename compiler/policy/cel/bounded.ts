import type { ASTNode } from '@marcbachmann/cel-js'
import { foreignFunctions, matchesFunction, patternProblem, stepFunction } from './functions.ts'
import { children, macros, type Node, type RemoteCall } from './nodes.ts'

/** A refusal of an expression: what is wrong, and at which character of it. */
export interface Refused {
  readonly message: string
  readonly offset: number
}

/** Functions whose first argument is a regular expression. */
const patterned: ReadonlySet<string> = new Set(['matches', 'find', 'findAll'])
/** `cel.bind` in `cel.bind` can double a value with every level. */
const bindingsMax = 4

interface Insertion {
  readonly at: number
  readonly text: string
  /** Characters that it takes the place of. */
  readonly instead: number
}

/**
 * The same expression, which counts a step in every iteration and takes regular expressions that cannot run away. It is the text that is
 * changed, by the places the parser gives, because that is what the library promises to keep.
 */
export function bounded(text: string, tree: ASTNode): string | Refused {
  const insertions: Insertion[] = []
  const refused = visit(tree, text, insertions, 0)
  if (refused) return refused
  let result = text
  // From the end to the beginning, so that places before stay what they are.
  for (const { at, text: inserted, instead } of [...insertions].sort((left, right) => right.at - left.at))
    result = result.slice(0, at) + inserted + result.slice(at + instead)
  return result
}

function visit(node: Node, text: string, insertions: Insertion[], bindings: number): Refused | undefined {
  const inner = node.op === 'rcall' && called(node) === 'bind' ? bindings + 1 : bindings
  if (inner > bindingsMax) return { message: `cel.bind stands in more than ${bindingsMax} others`, offset: node.start }
  if (node.op === 'rcall') {
    const refused = visitCall(node, text, insertions)
    if (refused) return refused
  }
  for (const child of children(node.args)) {
    const refused = visit(child, text, insertions, inner)
    if (refused) return refused
  }
  return undefined
}

function visitCall(node: Node, text: string, insertions: Insertion[]): Refused | undefined {
  const [name, receiver, args] = node.args as RemoteCall
  if (foreignFunctions.has(name))
    return { message: `the API server has no function ${name}, so policies have none either`, offset: receiver.end }
  const pattern = patterned.has(name) ? args[0] : undefined
  const wrong = pattern?.op === 'value' && typeof pattern.args === 'string' ? patternProblem(pattern.args) : undefined
  if (pattern && wrong !== undefined) return { message: wrong, offset: pattern.start }
  if (name === 'matches') {
    const at = text.indexOf('matches', receiver.end)
    insertions.push({ at, text: matchesFunction, instead: 'matches'.length })
  }
  const [variable, body, another] = args
  if (!macros.has(name) || variable?.op !== 'id' || !body) return undefined
  if (another)
    return { message: `write filter and then ${name}: with three parts it cannot be bounded`, offset: receiver.end }
  // Nodes are without the brackets around them, so the body is what stands between the comma and the end of the call. A condition, and no `&&`: that
  // would look at the other side too where a step fails.
  insertions.push({ at: text.indexOf(',', variable.end) + 1, instead: 0, text: ` (${stepFunction}() ? dyn(` })
  insertions.push({ at: node.end - 1, instead: 0, text: ') : dyn(false))' })
  return undefined
}

function called(node: Node): string {
  return (node.args as readonly [string])[0]
}
