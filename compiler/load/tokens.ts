import { type CST, Parser } from 'yaml'
import { limits } from './limits.ts'

/** What the first stage of the slower parser makes of a text, or why its second stage may not see that. */
export interface Tokens {
  readonly tokens: readonly CST.Token[]
  readonly refused?: {
    readonly code: 'YAML_TOO_DEEP' | 'YAML_TOO_MANY_NODES'
    readonly message: string
    readonly offset: number
  }
}

/**
 * Reads a text into the syntax tree that the slower parser composes its nodes of, and refuses what that second stage cannot bear: it was
 * measured to abort the whole process on the second text of 1,000 nested collections, and to take 42 s for a mapping of 40,000 keys. The
 * first stage recurses over nothing and takes both in milliseconds, so what is counted here is exactly what would be composed.
 */
export function readTokens(text: string): Tokens {
  const tokens: CST.Token[] = []
  for (const token of new Parser().parse(text)) tokens.push(token)
  const open = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next
    if (depth > limits.tokenDepth) {
      const message = `it is nested more than ${limits.depth} levels deep`
      return { tokens: [], refused: { code: 'YAML_TOO_DEEP', message, offset: token.offset } }
    }
    const items = 'items' in token ? token.items : []
    if (items.length > limits.keysOfMapping && isMapping(token)) {
      const message = `a mapping may have ${limits.keysOfMapping} keys`
      return { tokens: [], refused: { code: 'YAML_TOO_MANY_NODES', message, offset: token.offset } }
    }
    for (const item of items) {
      for (const inner of [item.key, item.value]) if (inner) open.push({ token: inner, depth: depth + 1 })
    }
    if ('value' in token && token.value) open.push({ token: token.value, depth })
  }
  return { tokens }
}

function isMapping(token: CST.Token): boolean {
  return token.type === 'block-map' || (token.type === 'flow-collection' && token.start.source === '{')
}
