import { ApiError } from './api-error.ts'

/** An object is at most 1.5 MB in etcd, and a list's own fields are a line. */
const partBytesMax = 16 * 1024 * 1024

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
/** Who wrote which field of an object: nearly half of its text, and nothing that is read here. */
const fieldManagers = Buffer.from('"managedFields":')

export interface ItemCutter {
  /** Takes bytes as they come, cut anywhere. @returns the items that are whole now, as JSON */
  cut(chunk: Buffer): readonly string[]
  /** The list without its items, as JSON, once all bytes were taken. */
  rest(): string
}

/**
 * Cuts a list (`{"kind":"JobList","metadata":{…},"items":[{…},{…}]}`) into its items while it comes. A page of five hundred objects is megabytes of
 * text and many times that when it is parsed as a whole; cut into items, never more than one of them is there. Entries of `metadata.managedFields`
 * are left out where the whole of that key came in one chunk, which saves nearly half of the parsing.
 * @throws ApiError from `cut` for an item that never ends
 */
export function createItemCutter(): ItemCutter {
  const rest = createPart()
  const item = createPart()
  let depth = 0
  let inString = false
  let isEscaped = false
  // In a list nothing else is an array at the top.
  let inItems = false
  let inFieldManagers = false

  /** @returns where the string that goes on at `from` ends, or the end of the chunk */
  const endOfString = (chunk: Buffer, from: number): number => {
    let at = from
    if (isEscaped && at < chunk.length) {
      isEscaped = false
      at += 1
    }
    for (;;) {
      const end = chunk.indexOf(quote, at)
      const last = end === -1 ? chunk.length : end
      let backslashes = 0
      while (last - backslashes > at && chunk[last - backslashes - 1] === backslash) backslashes += 1
      const isOdd = backslashes % 2 === 1
      if (end === -1) {
        isEscaped = isOdd
        return chunk.length
      }
      at = end + 1
      if (!isOdd) {
        inString = false
        return at
      }
    }
  }
  return {
    cut: (chunk) => {
      const items: string[] = []
      // Nothing came, so nothing that is open is over, a backslash that waits for what it escapes neither.
      if (chunk.length === 0) return items
      // What begins here belongs to the item that is open, or to the rest.
      let from = 0
      let at = inString ? endOfString(chunk, 0) : 0
      const flush = (to: number): void => {
        if (to > from && !inFieldManagers) (inItems && depth > 2 ? item : rest).add(chunk.subarray(from, to))
        from = to
      }
      while (at < chunk.length) {
        const byte = chunk[at]
        if (byte === quote) {
          inString = true
          at = endOfString(chunk, at + 1)
          continue
        }
        if (byte === openBrace || byte === openBracket) {
          if (inItems && depth === 2) flush(at)
          depth += 1
          if (byte === openBracket && depth === 2) {
            flush(at + 1)
            inItems = true
          } else if (byte === openBracket && inItems && depth === 5 && endsWith(chunk, at, fieldManagers)) {
            flush(at + 1)
            inFieldManagers = true
          }
        } else if (byte === closeBrace || byte === closeBracket) {
          if (inFieldManagers && depth === 5) {
            flush(at)
            inFieldManagers = false
          }
          if (inItems && depth === 3) {
            flush(at + 1)
            items.push(item.take())
          }
          if (inItems && depth === 2) inItems = false
          depth -= 1
        } else if (byte === comma && inItems && depth === 2) {
          flush(at)
          from = at + 1
        }
        at += 1
      }
      flush(chunk.length)
      return items
    },
    rest: () => rest.take(),
  }
}

function endsWith(chunk: Buffer, end: number, bytes: Buffer): boolean {
  return end >= bytes.length && chunk.compare(bytes, 0, bytes.length, end - bytes.length, end) === 0
}

interface Part {
  add(bytes: Buffer): void
  take(): string
}

function createPart(): Part {
  let parts: Buffer[] = []
  let size = 0
  return {
    add: (bytes) => {
      size += bytes.length
      if (size > partBytesMax) throw new ApiError(`an item of the list has more than ${partBytesMax} bytes`)
      parts.push(bytes)
    },
    take: () => {
      const text = (parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, size)).toString('utf8')
      parts = []
      size = 0
      return text
    },
  }
}
