import type { Json, JsonObject } from '../../domain/canonical.ts'
import { isOctalToSome, plainScalar } from './scalars.ts'
import { isOrdinary } from './text.ts'

/*
 * Most specs are written in a small part of YAML: mappings and lists by indentation or in brackets on one line, plain and quoted scalars on one
 * line, comments. That part is read here in one pass, and at a third of the cost of a library. Whatever is anything else is left to the libraries:
 * here nothing is ever refused, and what is read is what each of them reads (test/compiler/plain.test.ts).
 */

/** Of longer texts the libraries count the values and keys, of which there may be so many and no more: this has fewer, whatever is in it. */
const charactersMax = 16_384
/** Deeper ones are the libraries', which have limits for that. */
const depthMax = 32

/**
 * The value of a document, a mapping; undefined where it is not written in the part of YAML that is read here.
 * @param text as it was decoded from UTF-8: without halves of pairs
 * @param ordinary what `isOrdinary` says of it, for whoever has asked before
 */
export function readPlain(text: string, ordinary = isOrdinary(text)): JsonObject | undefined {
  return text.length > charactersMax || !ordinary ? undefined : new PlainReader(text).read()
}

const code = (character: string): number => character.charCodeAt(0)
const [space, lineFeed, hash, colon, dash, comma] = [code(' '), code('\n'), code('#'), code(':'), code('-'), code(',')]
const [quote, apostrophe, backslash, slash] = [code('"'), code("'"), code('\\'), code('/')]
const [openList, closeList, openMapping, closeMapping] = [code('['), code(']'), code('{'), code('}')]

const digits = '0123456789'
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** By the code of an ASCII character: whether a key may have it, whether a plain scalar may begin with it, and whether one may end before it. */
const inKey = tableOf(`${letters}${digits}_./-`)
const beginsKey = tableOf(`${letters}_`)
const beginsPlain = tableOf(`${letters}${digits}_./$(+~-`)
const mayEndPlain = tableOf('\n :#,[]{}')
const inWord = tableOf(`${letters}${digits}_`)

/** Made without patterns, which take longer to compile than one spec to be read. */
function tableOf(characters: string): readonly boolean[] {
  const table = new Array<boolean>(128).fill(false)
  for (const character of characters) table[code(character)] = true
  return table
}

/** Every method returns undefined, and leaves the reader anywhere, where something else than it reads is written. */
class PlainReader {
  private readonly text: string
  /** Where it is: between lines, at the first character of one that says something. */
  private at = 0
  /** Spaces before that character; -1 at the end. */
  private indent = -1

  constructor(text: string) {
    this.text = text
  }

  read(): JsonObject | undefined {
    if (this.text.startsWith('---\n')) this.at = 4
    this.toContent()
    if (this.indent !== 0) return undefined
    const value = this.mapping(0, 0)
    return this.indent < 0 ? value : undefined
  }

  private mapping(indent: number, depth: number): JsonObject | undefined {
    if (depth > depthMax) return undefined
    const mapping: Record<string, Json> = {}
    for (;;) {
      const key = this.key()
      if (key === undefined || Object.hasOwn(mapping, key)) return undefined
      const value = this.valueOfKey(indent, depth + 1)
      if (value === undefined) return undefined
      mapping[key] = value
      if (this.indent !== indent) return this.indent < indent ? mapping : undefined
    }
  }

  /** What stands behind a colon: something on the same line, or a block on the next ones. */
  private valueOfKey(indent: number, depth: number): Json | undefined {
    this.skipSpaces()
    if (this.at < this.text.length && this.text.charCodeAt(this.at) !== hash && !this.isAtLineEnd())
      return this.restOfLine(depth)
    this.toNextLine()
    // A list may stand as far left as the key that it belongs to.
    if (this.indent === indent && this.isItem()) return this.list(indent, depth)
    if (this.indent <= indent) return undefined
    return this.isItem() ? this.list(this.indent, depth) : this.mapping(this.indent, depth)
  }

  private list(indent: number, depth: number): readonly Json[] | undefined {
    if (depth > depthMax) return undefined
    const list: Json[] = []
    while (this.indent === indent && this.isItem()) {
      const begin = this.at
      this.at += 1
      this.skipSpaces()
      const column = indent + this.at - begin
      const item = this.isKey() ? this.mapping(column, depth + 1) : this.restOfLine(depth + 1)
      if (item === undefined) return undefined
      list.push(item)
    }
    return this.indent > indent ? undefined : list
  }

  /** A value that ends on its line, and the way to the next line that says something. */
  private restOfLine(depth: number): Json | undefined {
    const value = this.inline(depth, false)
    if (value === undefined) return undefined
    const end = this.at
    this.skipSpaces()
    const isComment = this.at > end && this.text.charCodeAt(this.at) === hash
    if (!isComment && !this.isAtLineEnd()) return undefined
    this.toNextLine()
    return value
  }

  private inline(depth: number, inBrackets: boolean): Json | undefined {
    const first = this.text.charCodeAt(this.at)
    if (first === quote || first === apostrophe) return this.quoted(first)
    if (first === openList) return this.listInBrackets(depth)
    if (first === openMapping) return this.mappingInBraces(depth)
    return this.plain(inBrackets)
  }

  private listInBrackets(depth: number): readonly Json[] | undefined {
    if (depth > depthMax) return undefined
    const list: Json[] = []
    this.at += 1
    this.skipSpaces()
    if (this.take(closeList)) return list
    for (;;) {
      const item = this.inline(depth + 1, true)
      if (item === undefined) return undefined
      list.push(item)
      this.skipSpaces()
      if (this.take(closeList)) return list
      if (!this.take(comma)) return undefined
      this.skipSpaces()
    }
  }

  private mappingInBraces(depth: number): JsonObject | undefined {
    if (depth > depthMax) return undefined
    const mapping: Record<string, Json> = {}
    this.at += 1
    this.skipSpaces()
    if (this.take(closeMapping)) return mapping
    for (;;) {
      const key = this.key()
      if (key === undefined || Object.hasOwn(mapping, key)) return undefined
      this.skipSpaces()
      const value = this.inline(depth + 1, true)
      if (value === undefined) return undefined
      mapping[key] = value
      this.skipSpaces()
      if (this.take(closeMapping)) return mapping
      if (!this.take(comma)) return undefined
      this.skipSpaces()
    }
  }

  /** A key of letters, digits and a few marks, with its colon and what must stand behind that. */
  private key(): string | undefined {
    const { text } = this
    const begin = this.at
    let last = text.charCodeAt(begin)
    if (!beginsKey[last]) return undefined
    let end = begin
    let sum = 0
    while (inKey[last]) {
      sum = (sum * 31 + last) | 0
      end += 1
      last = text.charCodeAt(end)
    }
    const behind = text.charCodeAt(end + 1)
    if (last !== colon || (behind !== space && behind !== lineFeed)) return undefined
    const key = keyOf(text, begin, end, sum)
    this.at = end + 1
    return key
  }

  private isKey(): boolean {
    const { at } = this
    const isKey = this.key() !== undefined
    this.at = at
    return isKey
  }

  /** A text in quotes that ends on its line and has no escapes. */
  private quoted(mark: number): string | undefined {
    const { text } = this
    const begin = this.at + 1
    for (let end = begin; end < text.length; end += 1) {
      const character = text.charCodeAt(end)
      if (character === lineFeed || (character === backslash && mark === quote)) return undefined
      if (character !== mark) continue
      if (text.charCodeAt(end + 1) === mark) return undefined
      this.at = end + 1
      return text.slice(begin, end)
    }
    return undefined
  }

  private plain(inBrackets: boolean): Json | undefined {
    const { text } = this
    const begin = this.at
    const first = text.charCodeAt(begin)
    if (
      (first < 128 && !beginsPlain[first]) ||
      (first === dash && !inWord[text.charCodeAt(begin + 1)] && !isOption(text, begin))
    )
      return undefined
    let end = begin
    let [running, sum] = [0, 0]
    for (let at = begin; at < text.length; at += 1) {
      const character = text.charCodeAt(at)
      running = (running * 31 + character) | 0
      if (!mayEndPlain[character]) {
        end = at + 1
        sum = running
        continue
      }
      if (character === space) continue
      if (character === lineFeed) break
      if (inBrackets && (character === comma || character === closeList || character === closeMapping)) break
      if (inBrackets && (character === openList || character === openMapping)) return undefined
      if (character === hash && at > end) {
        if (inBrackets) return undefined
        break
      }
      const behind = text.charCodeAt(at + 1)
      if (character === colon && !inWord[behind] && behind !== slash) return undefined
      end = at + 1
      sum = running
    }
    this.at = end
    return scalarAt(text, begin, end, sum)
  }

  private take(character: number): boolean {
    if (this.text.charCodeAt(this.at) !== character) return false
    this.at += 1
    return true
  }

  private isItem(): boolean {
    return this.text.charCodeAt(this.at) === dash && this.text.charCodeAt(this.at + 1) === space
  }

  private isAtLineEnd(): boolean {
    return this.at >= this.text.length || this.text.charCodeAt(this.at) === lineFeed
  }

  private skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === space) this.at += 1
  }

  private toNextLine(): void {
    const end = this.text.indexOf('\n', this.at)
    this.at = end < 0 ? this.text.length : end + 1
    this.toContent()
  }

  /** From the beginning of a line over those that are empty or hold a comment alone. */
  private toContent(): void {
    for (;;) {
      const begin = this.at
      this.skipSpaces()
      if (this.at >= this.text.length) {
        this.indent = -1
        return
      }
      const first = this.text.charCodeAt(this.at)
      if (first !== hash && first !== lineFeed) {
        this.indent = this.at - begin
        return
      }
      const end = this.text.indexOf('\n', this.at)
      this.at = end < 0 ? this.text.length : end + 1
    }
  }
}

/** Keys that were read, by a sum of their characters: nearly all keys come again, in every spec. Two of one sum stand side by side. */
const keys = new Array<string>(2048).fill('')

/** The key at a place of a text, without making it where it was read before; undefined for one that is no text, or that is not allowed, as is told elsewhere. */
function keyOf(text: string, begin: number, end: number, sum: number): string | undefined {
  const place = sum & (keys.length - 2)
  const known = keys[place] ?? ''
  if (known.length === end - begin && text.startsWith(known, begin)) return known
  const other = keys[place + 1] ?? ''
  if (other.length === end - begin && text.startsWith(other, begin)) return other
  const key = text.slice(begin, end)
  // Of what every object has without being given it nothing may be read.
  if (key in {} || key === 'prototype' || typeof plainScalar(key) !== 'string') return undefined
  keys[place + 1] = known
  keys[place] = copyOf(key)
  return key
}

/** Of a longer part of a text the engine keeps no copy but the whole text: as the name of a member it is kept by itself. */
function copyOf(key: string): string {
  return Object.keys({ [key]: null })[0] ?? key
}

/** Scalars that were read, by a sum of their characters, and what they stand for: most short ones come again in other specs. */
const scalarTexts = new Array<string>(4096).fill('')
const scalarValues = new Array<Json>(4096).fill(plainScalar(''))

/** Of a longer one the engine keeps no copy but the whole text that it is a part of. */
const shortScalar = 12

/** What stands at a place of a text, without making it where it was read before. */
function scalarAt(text: string, begin: number, end: number, sum: number): Json | undefined {
  if (end - begin > shortScalar) return scalarOf(text.slice(begin, end))
  const place = sum & (scalarTexts.length - 1)
  const known = scalarTexts[place] ?? ''
  if (known.length === end - begin && text.startsWith(known, begin)) return scalarValues[place]
  const written = text.slice(begin, end)
  const value = scalarOf(written)
  if (value === undefined) return undefined
  scalarTexts[place] = written
  scalarValues[place] = value
  return value
}

/** `--host` and the like. */
function isOption(text: string, at: number): boolean {
  return text.charCodeAt(at + 1) === dash && (inWord[text.charCodeAt(at + 2)] ?? false)
}

/** Numbers that lose digits, that are none, or that are octal to some have problems of their own. */
function scalarOf(text: string): Json | undefined {
  const value = plainScalar(text)
  if (typeof value !== 'number') return value
  if (Number.isSafeInteger(value)) return isOctalToSome(text) ? undefined : value
  return Number.isFinite(value) && !Number.isInteger(value) ? value : undefined
}
