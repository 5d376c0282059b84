import { type CST, Lexer, Parser } from 'yaml'
import { limits } from './limits.ts'
import { writeOut } from './walk.ts'

/** What the first stage of the slower parser makes of a text, or why its second stage may not see that. */
export interface Tokens {
  readonly tokens: readonly CST.Token[]
  readonly refused?: {
    readonly code: 'YAML_TOO_DEEP' | 'YAML_TOO_MANY_NODES' | 'YAML_TOO_MANY_ALIASES'
    readonly message: string
    readonly hint?: string
    readonly offset: number
  }
}

/**
 * Reads a text into the syntax tree that the slower parser composes its nodes of, and refuses what that second stage cannot bear: it was
 * measured to abort the whole process on the second text of 1,000 nested collections, and to take 42 s for a mapping of 40,000 keys. The
 * first stage recurses over nothing, so what is counted here is exactly what would be composed; it is left as soon as that is too much.
 */
export function readTokens(text: string): Tokens {
  const tokens: CST.Token[] = []
  const parser = new Parser()
  let marks = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (isMark(lexeme)) marks += 1
    if (marks > limits.marks) {
      const message = `the document has more than ${limits.marks} anchors, aliases, tags, explicit keys and directives`
      return { tokens: [], refused: { code: 'YAML_TOO_MANY_ALIASES', message, offset: parser.offset } }
    }
    for (const token of parser.next(lexeme)) tokens.push(token)
    const refused = tooMuchOpen(parser.stack)
    if (refused) return { tokens: [], refused }
  }
  for (const token of parser.end()) tokens.push(token)
  const aliases: number[] = []
  const open = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next
    if (depth > limits.tokenDepth) {
      return { tokens: [], refused: tooDeep(token) }
    }
    if (token.type === 'alias') aliases.push(token.offset)
    const items = 'items' in token ? token.items : []
    if (items.length > limits.keysOfMapping && isMapping(token)) {
      return { tokens: [], refused: tooManyKeys(token) }
    }
    for (const item of items) {
      for (const inner of [item.key, item.value]) if (inner) open.push({ token: inner, depth: depth + 1 })
    }
    if ('value' in token && token.value) open.push({ token: token.value, depth })
  }
  const first = aliases.sort((left, right) => left - right)[limits.aliases]
  return first === undefined ? { tokens } : { tokens: [], refused: { ...tooManyAliases, offset: first } }
}

/** An alias of a text or number leaves no trace in the value: only here is it counted. */
const tooManyAliases = {
  code: 'YAML_TOO_MANY_ALIASES',
  message: `the document uses more than ${limits.aliases} aliases`,
  hint: writeOut,
} as const

/** Whether a lexeme is one of those of which a text may hold a hundred thousand with an error each. */
function isMark(lexeme: string): boolean {
  return /^[&*!?%]/.test(lexeme)
}

/** What is open while it is read is a few levels more than what is composed of it. */
const openMax = limits.tokenDepth + 8

function tooMuchOpen(stack: readonly CST.Token[]): Tokens['refused'] {
  const last = stack.at(-1)
  if (last === undefined) return undefined
  // The place is that of the first one that would be composed too deep: what is open begins with the document itself.
  if (stack.length > openMax) return tooDeep(stack[limits.tokenDepth + 2] ?? last)
  return 'items' in last && last.items.length > limits.keysOfMapping + 1 && isMapping(last)
    ? tooManyKeys(last)
    : undefined
}

function tooDeep({ offset }: CST.Token): NonNullable<Tokens['refused']> {
  return { code: 'YAML_TOO_DEEP', message: `it is nested more than ${limits.depth} levels deep`, offset }
}

function tooManyKeys({ offset }: CST.Token): NonNullable<Tokens['refused']> {
  const message = `a mapping has more than ${limits.keysOfMapping} keys`
  return { code: 'YAML_TOO_MANY_NODES', message, hint: 'split it', offset }
}

function isMapping(token: CST.Token): boolean {
  return token.type === 'block-map' || (token.type === 'flow-collection' && token.start.source === '{')
}
