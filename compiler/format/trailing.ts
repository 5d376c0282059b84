import type { CST } from 'yaml'

type Item = CST.BlockMap['items'][number] | CST.BlockSequence['items'][number]

/**
 * Gives comments at the end of a mapping or list to the outer one whose column they stand in. The parser leaves a group of them with the innermost
 * unless all of it is indented less, and a comment between a list and the next key with the list where both stand in one column. What
 * stands below a key without a value goes to the next key.
 * @param tokens what the parser made of a text; changed in place
 */
export function settleComments(tokens: readonly CST.Token[]): void {
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'document' && token.value) settleComments([token.value])
    if (token.type === 'document' && tokens[index + 1]?.type === 'doc-end') keepBeforeEnd(token)
    if (token.type !== 'block-map' && token.type !== 'block-seq') continue
    const items = token.items as Item[]
    for (let index = 0; index < items.length; index += 1) {
      const value = items[index]?.value
      if (!value) {
        hand(takeBelow(items[index]), items, index)
        continue
      }
      settleComments([value])
      if (value.type !== 'block-map' && value.type !== 'block-seq') continue
      const next = items[index + 1]
      const isBeside = value.type === 'block-seq' && value.indent === token.indent && next?.key != null
      const moved = takeOutdented(value.items as Item[], value.indent + (isBeside ? 1 : 0))
      hand(moved, items, index)
    }
  }
}

/** Gives comments before the mark of a document's end to its mapping or list: the printer would put those of the document behind the mark. */
function keepBeforeEnd({ value, end }: CST.Document): void {
  if (!end?.some((one) => one.type === 'comment')) return
  if (value?.type !== 'block-map' && value?.type !== 'block-seq') return
  const items = value.items as Item[]
  hand(end.splice(0), items, items.length - 1)
}

/** Puts tokens above what follows an item, or at the end. */
function hand(moved: CST.SourceToken[], items: Item[], index: number): void {
  if (moved.length === 0) return
  const next = items[index + 1]
  if (next) next.start = [...moved, ...next.start]
  else items.push({ start: moved })
}

/** Takes the comments on the lines below a key without a value: the parser holds them for what is said of that value. */
function takeBelow(item: Item | undefined): CST.SourceToken[] {
  const sep = item?.sep
  const line = sep?.findIndex((one) => one.type === 'newline') ?? -1
  if (!sep || line < 0 || !sep.slice(line).some((one) => one.type === 'comment')) return []
  return sep.splice(line + 1)
}

/** Takes what stands at the end of a collection, from the first comment before a column on. */
function takeOutdented(items: Item[], column: number): CST.SourceToken[] {
  const last = items.at(-1)
  if (!last || last.key || last.sep || last.value) return []
  const first = last.start.findIndex((one) => one.type === 'comment' && one.indent < column)
  if (first < 0) return []
  const from = last.start[first - 1]?.type === 'space' ? first - 1 : first
  const moved = last.start.splice(from)
  if (last.start.length === 0) items.pop()
  return moved
}
