import { type CST, type Document, isScalar, visit } from 'yaml'

type Item = CST.BlockMap['items'][number]

/** The comments that stand behind keys whose values begin on later lines, each with the item of the mapping that it was taken from. */
export type BehindKeys = ReadonlyMap<unknown, CommentBehind>

export interface CommentBehind {
  /** As it is written, quotes and all. */
  readonly key: string
  /** With its sign. */
  readonly comment: string
}

const scalars = new Set(['scalar', 'single-quoted-scalar', 'double-quoted-scalar'])

/**
 * Takes the comments behind keys out of tokens: the parser would give them to the value below, where the first key of a mapping has them, and moves with
 * them. `putBehindKeys` gives them to their keys.
 * @param tokens what the parser made of a text; changed in place
 */
export function takeBehindKeys(tokens: readonly CST.Token[]): BehindKeys {
  const taken = new Map<unknown, CommentBehind>()
  // No recursion: this also sees what is nested as deep as a text may be.
  const open: CST.Token[] = [...tokens]
  for (let token = open.pop(); token; token = open.pop()) {
    if (token.type === 'document' && token.value) open.push(token.value)
    if (token.type !== 'block-map' && token.type !== 'block-seq') continue
    for (const item of token.items as readonly Item[]) {
      if (item.value) open.push(item.value)
      const found = takeBehindKey(item)
      if (found) taken.set(item, found)
    }
  }
  return taken
}

function takeBehindKey({ start, key, sep }: Item): CommentBehind | undefined {
  if (!key || !sep || !scalars.has(key.type) || !('source' in key)) return undefined
  if (start.some((one) => one.type === 'explicit-key-ind')) return undefined
  const index = sep.findIndex((one) => one.type === 'comment' || one.type === 'newline')
  const comment = sep[index]
  if (comment?.type !== 'comment') return undefined
  sep.splice(index, 1)
  return { key: key.source, comment: comment.source }
}

/** Gives comments to the keys that they stood behind. */
export function putBehindKeys(documents: readonly Document[], taken: BehindKeys): void {
  if (taken.size === 0) return
  for (const document of documents)
    visit(document, {
      Pair: (_index, { key, srcToken }) => {
        const comment = taken.get(srcToken)?.comment
        // A comment of the sign alone is a space to the printer, as it is to the parser.
        if (comment !== undefined && isScalar(key)) key.comment = comment.slice(1) || ' '
      },
    })
}
