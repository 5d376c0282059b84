/** A node of Handlebars' syntax tree. @see https://github.com/handlebars-lang/handlebars.js/blob/master/docs/compiler-api.md */
export interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

interface Path {
  readonly parts: readonly string[]
  readonly depth: number
  readonly data: boolean
}

/**
 * The body of a function that fills in a template: `view` is what its names stand for, and `items`, `holds` and `written` are what
 * `compiler/render/template.ts` gives it, each of which refuses what the view lacks. Plain statements, because Handlebars' own run time takes five
 * times as long: it makes frames of data for loops and looks every helper up, of which these templates use nothing.
 * @param program a template that `refuseUnescaped` has let pass
 * @param lines counts the values of all templates, each of which has a memory of its own in `lines`
 */
export function templateCode(program: Node, lines: Count): string {
  return `let text = ''\n${statements(program, 0, lines)}return text\n`
}

/** Counts on each time it is called. @returns the count before, from 0 on */
export type Count = () => number

/** What is written whatever the view says: text of the template, or a value of the view. */
type Part = { readonly text: string } | { readonly value: string }

function statements(program: Node | undefined, depth: number, lines: Count): string {
  const code: string[] = []
  let added: Part[] = []
  const add = (): void => {
    if (added.length > 0) code.push(`text += ${expressions(added, lines).join(' + ')}\n`)
    added = []
  }
  for (const node of (program?.['body'] ?? []) as readonly Node[]) {
    const part = partOf(node, depth)
    if (part !== undefined) added.push(...part)
    else {
      add()
      code.push(statement(node, depth, lines))
    }
  }
  add()
  return code.join('')
}

/** Undefined for what is a statement of its own. */
function partOf(node: Node, depth: number): readonly Part[] | undefined {
  if (node.type === 'CommentStatement') return []
  if (node.type === 'ContentStatement') return node['value'] === '' ? [] : [{ text: node['value'] as string }]
  if (node.type !== 'MustacheStatement') return undefined
  const [given] = node['params'] as readonly Node[]
  return [{ value: reference(given, depth) }]
}

/** Longer texts are no part of a line that is kept for each value. */
const textOfLine = 100

/** One for each value, with the short texts beside it, because most of a manifest comes again in every other one, line by line. */
function expressions(parts: readonly Part[], lines: Count): readonly string[] {
  const code: string[] = []
  let before = ''
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1]
    if ('value' in part) {
      const isLast =
        next !== undefined && 'text' in next && index + 2 === parts.length && next.text.length <= textOfLine
      const [from, to] = [before, isLast ? next.text : ''].map((text) => JSON.stringify(text))
      code.push(`written(lines[${lines()}], ${from}, ${part.value}, ${to})`)
      before = ''
      if (isLast) break
    } else if (next !== undefined && 'value' in next && part.text.length <= textOfLine) before = part.text
    else code.push(JSON.stringify(part.text))
  }
  return code
}

function statement(node: Node, depth: number, lines: Count): string {
  const [given] = node['params'] as readonly Node[]
  const value = reference(given, depth)
  const [inside, otherwise] = [node['program'], node['inverse']] as readonly (Node | undefined)[]
  const helper = (node['path'] as { readonly original: string }).original
  if (helper === 'if') {
    const rest = otherwise ? ` else {\n${statements(otherwise, depth, lines)}}` : ''
    return `if (holds(${value})) {\n${statements(inside, depth, lines)}}${rest}\n`
  }
  if (helper === 'each' && !otherwise)
    return `for (const ${viewAt(depth + 1)} of items(${value})) {\n${statements(inside, depth + 1, lines)}}\n`
  throw new Error(`a template has {{#${helper}}}${otherwise ? ' with an {{else}}' : ''}, which is not known`)
}

/** A value of the view and its name, for the message where the view lacks it. */
function reference(node: Node | undefined, depth: number): string {
  const { parts, depth: up, data } = node as unknown as Path
  if (node?.type !== 'PathExpression' || data || up > depth)
    throw new Error('a template gives a helper something else than a name')
  const taken = parts.find((part) => part in {} || part === 'length')
  if (taken !== undefined) throw new Error(`a template asks for "${taken}", which every object or text has`)
  const steps = parts.map((part) => `[${JSON.stringify(part)}]`)
  return `${[viewAt(depth - up), ...steps].join('?.')}, ${JSON.stringify(parts.join('.') || 'this')}`
}

function viewAt(depth: number): string {
  return depth === 0 ? 'view' : `view${depth}`
}
