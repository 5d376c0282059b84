import type { CST } from 'yaml'

/**
 * Leaves one empty line of several between comments, where the parser would keep them as a part of those. Blocks of text are single tokens here, and
 * keep theirs.
 * @param tokens what the parser made of a text; changed in place
 */
export function squeezeEmptyLines(tokens: readonly CST.Token[]): void {
  const open: CST.Token[] = [...tokens]
  for (let token = open.pop(); token; token = open.pop()) {
    if ('start' in token && Array.isArray(token.start)) squeeze(token.start)
    if ('end' in token && token.end) squeeze(token.end)
    if (token.type === 'document' && token.value) open.push(token.value)
    if (!('items' in token)) continue
    for (const { start, key, sep, value } of token.items) {
      squeeze(start)
      if (sep) squeeze(sep)
      if (key) open.push(key)
      if (value) open.push(value)
    }
  }
}

/** The end of a line and one empty line, which may have spaces in it. */
const lineEndsMax = 2

function squeeze(tokens: CST.SourceToken[]): void {
  let lineEnds = 0
  const kept = tokens.filter(({ type }) => {
    if (type === 'newline') lineEnds += 1
    else if (type !== 'space') lineEnds = 0
    return type !== 'newline' || lineEnds <= lineEndsMax
  })
  if (kept.length < tokens.length) tokens.splice(0, tokens.length, ...kept)
}
