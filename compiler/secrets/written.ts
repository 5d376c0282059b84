import type { Place } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import type { FoundSecret } from '../compile-types.ts'
import { limits } from '../load/limits.ts'
import { isSecret, isSecretName } from './named.ts'
import { unescaped } from './unescaped.ts'

/*
 * Secrets by their names in the lines of a file, for files whose values cannot be asked: what is no YAML, has a name twice, a list where a mapping is
 * expected, or a misspelt key, and what is a patch or a template, where names stand anywhere.
 */

/** A name with what parts it from its value, be it without the space that YAML wants; not the end of a path or the host of an address. */
const head = /(?<![\w./@-])-{0,2}([A-Za-z][\w.-]*)["']?[ \t]*[:=][ \t]*/g
/** An option with what parts it from the next word of a command line. */
const option = /(?<![\w.-])--?([A-Za-z][\w.-]*)["']?(?:,[ \t]*|[ \t]+(?=[^\s:=]))/g
const optionAlone = /^[ \t]*-[ \t]+["']?--?([A-Za-z][\w.-]*)["']?[ \t]*$/
/** Keys of specs, manifests and charts that name a Secret, such as `tokenSecret`, and ways to authenticate. */
const reference = /^(?:secret|auth|[a-z][A-Za-z]*Secret)$/

/** No line is read further than this around a name: one that is a quarter of a megabyte long holds a name in every few characters. */
const reachMax = 2_000
/** No text in quotes goes on for more lines. */
const linesMax = 50
/** More than that nobody takes out one by one. */
const foundMax = 500

/** Literal secrets by the names that stand before them, at the places of their values. */
export function writtenSecrets({ path, bytes }: SourceFile): readonly FoundSecret[] {
  // Of a larger file nothing but that is told.
  if (bytes.length > limits.fileBytes) return []
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/)
  const found: FoundSecret[] = []
  lines.forEach((line, index) => {
    if (/^[ \t]*(?:#|$)/.test(line)) return
    for (const { name, at } of namesIn(line)) {
      if (found.length >= foundMax) return
      const value = valueOf(name, { line: index, column: at }, lines)
      if (!value || !isSecret(value.name, value.text)) continue
      const last = found.at(-1)?.where
      const where = placeOf(value, path)
      if (!last?.end || isBehind(where, last.end)) found.push({ where, what: `the value of ${value.name}` })
    }
  })
  return found
}

interface Name {
  readonly name: string
  /** Just behind it, and what parts it from its value. */
  readonly at: number
}

/** Names that say that a secret follows, and `name`, whose value may be such a name. */
function namesIn(line: string): readonly Name[] {
  const named = [...line.matchAll(head)].map((one) => ({ name: one[1] ?? '', at: one.index + one[0].length }))
  const options = [...line.matchAll(option)].map((one) => ({ name: one[1] ?? '', at: one.index + one[0].length }))
  const [alone, last] = optionAlone.exec(line) ?? []
  return [...named, ...options, ...(alone === undefined ? [] : [{ name: last ?? '', at: line.length }])]
    .filter(({ name }) => name === 'name' || (!reference.test(name) && isSecretName(name)))
    .sort((left, right) => left.at - right.at)
}

/** A place in lines, both from 0. */
interface Spot {
  readonly line: number
  readonly column: number
}

interface Value {
  readonly name: string
  readonly text: string
  readonly begin: Spot
  readonly end: Spot
}

/** What a name has for a value: behind it, in the lines below it, or under the key `value` beside or below it. */
function valueOf(name: string, at: Spot, lines: readonly string[]): Value | undefined {
  const line = lines[at.line] ?? ''
  if (name === 'name') return valueOfPair(at, lines)
  const rest = line.slice(at.column, at.column + reachMax)
  if (rest.startsWith('{') || rest.startsWith('[')) {
    const inner = /^[{[][^}\]]{0,200}?["']?value["']?[ \t]*:[ \t]*/.exec(rest)
    const lead = inner?.[0].length ?? (rest.startsWith('[') ? /^\[[ \t]*/.exec(rest)?.[0].length : undefined)
    return lead === undefined ? undefined : scalarAt(name, { line: at.line, column: at.column + lead }, lines)
  }
  if (!/^(?:[|>][+-]?\d?[+-]?)?[ \t]*(?:#.*)?$/.test(rest)) return scalarAt(name, at, lines)
  return valueBelow(name, at, lines)
}

/** The value of `{ name: …, value: … }`, in one line or in two. */
function valueOfPair(at: Spot, lines: readonly string[]): Value | undefined {
  const name = scalarAt('name', at, lines)?.text ?? ''
  if (!isSecretName(name)) return undefined
  const line = lines[at.line] ?? ''
  const after = /^[^{}]{0,400}?[\s,"']value["']?[ \t]*:[ \t]*/.exec(line.slice(at.column, at.column + reachMax))
  if (after) return scalarAt(name, { line: at.line, column: at.column + after[0].length }, lines)
  const from = Math.max(0, at.column - reachMax)
  const before = /[\s,{"']value["']?[ \t]*:[ \t]*(?=[^{}]*$)/.exec(line.slice(from, at.column))
  if (before) return scalarAt(name, { line: at.line, column: from + before.index + before[0].length }, lines)
  for (const beside of [at.line + 1, at.line - 1]) {
    const own = /^[ \t]*(?:-[ \t]+)?\{?[ \t]*["']?value["']?[ \t]*:[ \t]*/.exec(lines[beside] ?? '')
    if (own) return valueOf(name, { line: beside, column: own[0].length }, lines)
  }
  return undefined
}

/** The lines below a name that are indented more than its own, or the value that one of them names. */
function valueBelow(name: string, at: Spot, lines: readonly string[]): Value | undefined {
  const indentation = indentationOf(lines[at.line] ?? '')
  let last = at.line
  for (let next = at.line + 1; next < lines.length && next <= at.line + linesMax; next += 1) {
    const line = lines[next] ?? ''
    if (line.trim() === '') continue
    const isItem = last === at.line && /^[ \t]*-[ \t]/.test(line) && indentationOf(line) >= indentation
    if (!isItem && indentationOf(line) <= indentation) break
    last = next
    const own = /^[ \t]*(?:-[ \t]+)?["']?value["']?[ \t]*:[ \t]*/.exec(line)
    if (own) return scalarAt(name, { line: next, column: own[0].length }, lines)
  }
  const first = lines[at.line + 1] ?? ''
  if (last === at.line || /^[ \t]*["']?[A-Za-z][\w.-]*["']?[ \t]*:(?:\s|$)/.test(first)) return undefined
  const begin = { line: at.line + 1, column: /^[ \t]*(?:-[ \t]+)?/.exec(first)?.[0].length ?? 0 }
  const end = { line: last, column: (lines[last] ?? '').trimEnd().length }
  const text = [first.slice(begin.column), ...lines.slice(begin.line + 1, last + 1)].map((line) => line.trim())
  return { name, text: bare(text.join(' ')), begin, end }
}

/** The text with or without quotes that begins at a place. */
function scalarAt(name: string, at: Spot, lines: readonly string[]): Value | undefined {
  const line = lines[at.line] ?? ''
  const lead = /^(?:[&!][^\s]*[ \t]+)?/.exec(line.slice(at.column, at.column + reachMax))?.[0].length ?? 0
  const begin = { line: at.line, column: at.column + lead }
  const quote = line[begin.column]
  if (quote === '"' || quote === "'") return quotedAt(name, begin, quote, lines)
  const rest = line.slice(begin.column, begin.column + reachMax)
  if (rest === '' || rest.startsWith('*') || rest.startsWith('{') || rest.startsWith('[')) return undefined
  const ends = isInBrackets(line.slice(Math.max(0, begin.column - reachMax), begin.column)) ? /[,}\]]|[ \t]#/ : /[ \t]#/
  const until = rest.search(ends)
  const text = (until < 0 ? rest : rest.slice(0, until)).replace(/[\s,}\]"']+$/, '')
  return { name, text, begin, end: { line: at.line, column: begin.column + text.length } }
}

function quotedAt(name: string, begin: Spot, quote: string, lines: readonly string[]): Value {
  const closing = quote === '"' ? /^(?:[^"\\]|\\.)*"/ : /^(?:[^']|'')*'/
  const first = (lines[begin.line] ?? '').slice(begin.column + 1, begin.column + reachMax)
  const own = closing.exec(first)?.[0]
  if (own !== undefined)
    return valued(name, own.slice(0, -1), begin, { line: begin.line, column: begin.column + 1 + own.length })
  const parts = [first]
  for (let next = begin.line + 1; next < lines.length && next <= begin.line + linesMax; next += 1) {
    const line = (lines[next] ?? '').slice(0, reachMax)
    const [closed] = closing.exec(line) ?? []
    parts.push(closed?.slice(0, -1) ?? line)
    if (closed !== undefined) return valued(name, parts.join('\n'), begin, { line: next, column: closed.length })
  }
  // Quotes that nobody closes: what stands in their line.
  return valued(name, bare(first), begin, { line: begin.line, column: begin.column + 1 + first.trimEnd().length })
}

function valued(name: string, written: string, begin: Spot, end: Spot): Value {
  return { name, text: unescaped(written)?.text ?? written, begin, end }
}

function isInBrackets(before: string): boolean {
  let depth = 0
  for (const one of before)
    depth = Math.max(0, depth + (one === '{' || one === '[' ? 1 : one === '}' || one === ']' ? -1 : 0))
  return depth > 0
}

function bare(text: string): string {
  return text.replace(/^["']|["'][\s,}\]]*$/g, '')
}

function indentationOf(line: string): number {
  return line.length - line.trimStart().length
}

function placeOf({ begin, end }: Value, file: string): Place {
  return {
    ...{ file, line: begin.line + 1, column: begin.column + 1 },
    end: { line: end.line + 1, column: end.column + 1 },
  }
}

function isBehind(where: Place, end: { readonly line: number; readonly column: number }): boolean {
  return where.line > end.line || (where.line === end.line && where.column >= end.column)
}
