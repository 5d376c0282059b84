import { createRequire } from 'node:module'

/*
 * What a template of a spec repository may be written with: the language of Handlebars, as far as Specyard's own templates use it. It is parsed
 * by Handlebars and filled by template.ts, which makes no code of it: whoever opens a pull request can say what is rendered, and nothing else.
 */

/** A place in a template; lines from 1, columns from 0, as Handlebars counts them. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface PathNode {
  readonly type: string
  readonly original: string
  readonly parts: readonly string[]
  /** How many `../` stand before it. */
  readonly depth: number
  /** Whether it begins with @. */
  readonly data: boolean
  readonly loc: { readonly start: Position }
}

export interface TemplateNode {
  readonly type: string
  readonly loc: { readonly start: Position }
  /** Content: what is left of it once standalone blocks have taken their lines away. */
  readonly value?: string
  readonly original?: string
  readonly path?: PathNode
  readonly params?: readonly PathNode[]
  readonly escaped?: boolean
  readonly program?: ProgramNode
  readonly inverse?: ProgramNode
}

export interface ProgramNode {
  readonly body: readonly TemplateNode[]
}

export interface TemplateProblem extends Position {
  readonly message: string
  readonly hint?: string
}

export const templateBlocks = ['if', 'unless', 'each', 'with'] as const

/** Loaded where a template is overridden: most repositories have none. */
const parser = (): { parse(text: string): ProgramNode } => {
  const require = createRequire(import.meta.url)
  return require('handlebars/dist/cjs/handlebars/compiler/base.js') as { parse(text: string): ProgramNode }
}

type Parsed = { readonly program?: ProgramNode; readonly problems: readonly TemplateProblem[] }

/** What was parsed last: hundreds of trainings are rendered by one template. */
let last: { readonly text: string; readonly parsed: Parsed } | undefined

/** Parses a template, and tells of everything in it that is not to be used. */
export function parseTemplate(text: string): Parsed {
  if (last?.text !== text) last = { text, parsed: parse(text) }
  return last.parsed
}

function parse(text: string): Parsed {
  let program: ProgramNode
  try {
    program = parser().parse(text)
  } catch (error) {
    return { problems: [syntaxProblem(error)] }
  }
  const problems: TemplateProblem[] = []
  for (const node of program.body) examine(node, problems)
  return { program, problems }
}

function syntaxProblem(error: unknown): TemplateProblem {
  const { message, hash, lineNumber, column } = error as {
    message: string
    hash?: { loc?: { first_line: number; first_column: number } }
    lineNumber?: number
    column?: number
  }
  const named = /on line (\d+)/.exec(message)?.[1]
  const line = hash?.loc?.first_line ?? lineNumber ?? (named === undefined ? 1 : Number(named))
  const lines = message.split('\n')
  const reason = lines.length > 1 ? (lines.at(-1) ?? '') : message.replace(/ - \d+:\d+$/, '')
  return {
    line,
    column: hash?.loc?.first_column ?? column ?? 0,
    message: `the template cannot be read: ${reason}`,
    hint: 'every {{#if}}, {{#each}}, {{#with}} and {{#unless}} is closed by {{/…}} of the same name',
  }
}

function examine(node: TemplateNode, problems: TemplateProblem[]): void {
  const { start } = node.loc
  const tell = (message: string, hint?: string): void => {
    problems.push({ ...start, message, ...(hint === undefined ? {} : { hint }) })
  }
  const called = node.path?.original ?? ''
  if (node.type === 'ContentStatement' || node.type === 'CommentStatement') return
  if (node.type === 'MustacheStatement') {
    const [only, ...more] = node.params ?? []
    if (called === 'scalar' && only?.type === 'PathExpression' && more.length === 0 && node.escaped !== false) return
    const name = called === 'scalar' ? '<name>' : called
    tell(`{{${called}}} would put a value in as it is, which could become YAML of its own`, `write {{scalar ${name}}}`)
  } else if (node.type === 'BlockStatement') {
    const [of, ...more] = node.params ?? []
    if (!(templateBlocks as readonly string[]).includes(called))
      tell(`the block {{#${called}}} is not known`, `use one of: ${templateBlocks.join(', ')}`)
    else if (of?.type !== 'PathExpression' || more.length > 0) tell(`{{#${called}}} wants one name`)
    for (const inner of [...(node.program?.body ?? []), ...(node.inverse?.body ?? [])]) examine(inner, problems)
  } else tell('partials and decorators are not used in templates', 'put the text itself here')
}
