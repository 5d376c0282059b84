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
 * The body of a function that fills in a template: `view` is what its names stand for, and `items`, `holds` and `scalar` are what
 * `compiler/render/template.ts` gives it, each of which refuses what the view lacks. Plain statements, because Handlebars' own run time takes five
 * times as long: it makes frames of data for loops and looks every helper up, of which these templates use nothing.
 * @param program a template that `refuseUnescaped` has let pass
 */
export function templateCode(program: Node): string {
  return `let text = ''\n${statements(program, 0)}return text\n`
}

function statements(program: Node | undefined, depth: number): string {
  const code: string[] = []
  let added: string[] = []
  const add = (): void => {
    if (added.length > 0) code.push(`text += ${added.join(' + ')}\n`)
    added = []
  }
  for (const node of (program?.['body'] ?? []) as readonly Node[]) {
    const part = partOf(node, depth)
    if (part !== undefined) added.push(...part)
    else {
      add()
      code.push(statement(node, depth))
    }
  }
  add()
  return code.join('')
}

/** What is written whatever the view says, as expressions; undefined for what is a statement of its own. */
function partOf(node: Node, depth: number): readonly string[] | undefined {
  if (node.type === 'CommentStatement') return []
  if (node.type === 'ContentStatement') return node['value'] === '' ? [] : [JSON.stringify(node['value'])]
  if (node.type !== 'MustacheStatement') return undefined
  const [given] = node['params'] as readonly Node[]
  return [`scalar(${reference(given, depth)})`]
}

function statement(node: Node, depth: number): string {
  const [given] = node['params'] as readonly Node[]
  const value = reference(given, depth)
  const [inside, otherwise] = [node['program'], node['inverse']] as readonly (Node | undefined)[]
  const helper = (node['path'] as { readonly original: string }).original
  if (helper === 'if') {
    const rest = otherwise ? ` else {\n${statements(otherwise, depth)}}` : ''
    return `if (holds(${value})) {\n${statements(inside, depth)}}${rest}\n`
  }
  if (helper === 'each' && !otherwise)
    return `for (const ${viewAt(depth + 1)} of items(${value})) {\n${statements(inside, depth + 1)}}\n`
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
