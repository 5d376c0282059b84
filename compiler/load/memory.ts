import { canonicalJson, type Json, sha256 } from '../../domain/canonical.ts'

/**
 * What stages made of what they were given before. It holds nothing that cannot be made again, may forget anything at any time, and is asked
 * by digests alone: whoever gives a wrong text for a key has broken SHA-256, or written that text there.
 */
export interface Memory {
  /** Names the very program that makes the texts: another one's are never taken, whatever changed in it. */
  readonly maker: string
  /** @param key 64 hexadecimal digits */
  recall(key: string): string | undefined
  /** @param text of one line, as JSON is */
  keep(key: string, text: string): void
}

/** All that a stage gets to see. */
export interface Given {
  readonly stage: string
  readonly value: Json
  /** Of a file, where that is what the stage reads. */
  readonly bytes?: Uint8Array
}

/**
 * What a stage makes of one value, or made of an equal one before. The key is the digest of everything that the stage is given, and the stage
 * is given nothing else, so that nothing it depends on can be left out of the key.
 * @param make undefined for what is not worth keeping, or cannot be written as JSON
 */
export function recalled<Made extends Json>(
  memory: Memory,
  given: Given,
  make: (given: Given) => Made | undefined,
): Made | undefined {
  const key = keyOf(memory.maker, given)
  const text = memory.recall(key)
  if (text !== undefined) return JSON.parse(text) as Made
  const made = make(given)
  if (made !== undefined) memory.keep(key, JSON.stringify(made))
  return made
}

/** Each part stands behind its length, so that no two different values give the same bytes. */
function keyOf(maker: string, { stage, value, bytes = new Uint8Array() }: Given): string {
  const head = canonicalJson([maker, stage, value, bytes.length])
  // In one piece, which takes a third of the time.
  return sha256(Buffer.concat([Buffer.from(`${head.length}:${head}`, 'utf8'), bytes]))
}

/**
 * A memory for as long as a process lives.
 * @param charactersMax forgets everything when it would hold more; what is asked for next comes back by itself
 */
export function memoryOfProcess(charactersMax = 64 * 1024 * 1024): Memory {
  const texts = new Map<string, string>()
  let characters = 0
  return {
    maker: 'this process',
    recall: (key) => texts.get(key),
    keep: (key, text) => {
      if (text.length > charactersMax) return
      if (characters + text.length > charactersMax) {
        texts.clear()
        characters = 0
      }
      texts.set(key, text)
      characters += text.length
    },
  }
}
