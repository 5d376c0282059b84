import {
  type Document as Yaml,
  isAlias,
  isCollection,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
} from 'yaml'
import type { Problem } from '../../domain/problem.ts'
import { problem, shortened } from '../problem.ts'
import type { PlaceOf } from './place-of.ts'
import { isOctalToSome, plainScalar } from './scalars.ts'

/** A key that is not the text which is written, with the offsets that nothing else need be said about. */
export interface OddKey {
  readonly begin: number
  /** Whether it is what Helm and Jinja have: what else is wrong on its line comes of that. */
  readonly isTemplate: boolean
  readonly told: readonly Range[]
  tell(at: PlaceOf): Problem
}

type Range = readonly [begin: number, end: number]

const quoteIt = 'quote it exactly as you mean it'
const template = 'this is a template expression; specs are not templated: write the value, or quote it if it is text'

/** What parsers make of keys that are no finite numbers. */
const noNumbers = new Set(['Infinity', '-Infinity', 'NaN'])

/** Whether a key of a value may have been written as another one; finds every one that a parser made a text of, and those in quotes that look so. */
export function mayHaveOddKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(mayHaveOddKeys)
  return Object.entries(value).some(([key, inner]) => looksMade(key) || mayHaveOddKeys(inner))
}

function looksMade(key: string): boolean {
  return typeof plainScalar(key) !== 'string' || noNumbers.has(key)
}

/** Keys of which a text is made that nobody wrote, `1.1` of `1.10`, and those of which programs make different ones, in the order of the text. */
export function oddKeys(document: Yaml, text: string): readonly OddKey[] {
  const found = new Map<number, OddKey>()
  visit(document, {
    Pair: (_key, pair, path) => {
      const odd = oddKey(pair, { document, text, mapping: path.at(-1) as Node, holder: path.at(-2) })
      if (!odd) return undefined
      if (!found.has(odd.begin)) found.set(odd.begin, odd)
      // What stands inside of a key that cannot be one is of no interest.
      return isNoText(pair, document) ? visit.SKIP : undefined
    },
  })
  return [...found.values()]
}

/** The same document without the keys that are no text at all, so that the rest can be checked. */
export function withoutOddKeys(document: Yaml): Yaml {
  const copy = document.clone() as Yaml
  visit(copy, { Pair: (_key, pair) => (isNoText(pair, copy) ? visit.REMOVE : undefined) })
  return copy
}

/** Where a pair stands: in which mapping, and what that is the value of. */
interface Within {
  readonly document: Yaml
  readonly text: string
  readonly mapping: Node
  readonly holder: unknown
}

function oddKey(pair: Pair, within: Within): OddKey | undefined {
  const { document } = within
  if (isNoText(pair, document)) return noTextKey(pair, within)
  const key = keyOf(pair, document)
  const range = rangeOf(pair.key)
  if (!isScalar(key) || typeof key.value === 'string' || !range) return undefined
  const source = key.source ?? ''
  // One with leading zeros has a problem of its own.
  if (source === String(key.value) || isOctalToSome(source)) return undefined
  const [written, made] = [shortened(source), shortened(String(key.value))]
  const what = typeof key.value === 'boolean' ? 'a switch' : 'a number'
  const message = `the key ${written} becomes "${made}": without quotes YAML reads ${what}`
  return {
    begin: range[0],
    isTemplate: false,
    told: [range],
    tell: (at) => problem('YAML_KEY_NOT_TEXT', at(...range), message, { hint: `${quoteIt}: "${written}"` }),
  }
}

/** A key that is nothing, a list or a mapping; of the last kind are the `{{ }}` of templates. */
function noTextKey(pair: Pair, { document, text, mapping, holder }: Within): OddKey {
  const key = keyOf(pair, document)
  const own = rangeOf(pair.key) ?? rangeOf(mapping) ?? [0, 0]
  const outer = rangeOf(mapping) ?? own
  const expression = [outer, own].find(([begin]) => text.startsWith('{{', begin))
  const range = expression ?? own
  const what = isSeq(key) ? 'a list' : isCollection(key) ? 'a mapping' : 'empty'
  const hint = expression ? template : noTextHint(what, isScalar(key) ? (key.source ?? '') : '')
  // Of a mapping that is no mapping it is not said that it lacks keys, either.
  const holding = expression && isPair(holder) ? rangeOf(holder.key) : undefined
  return {
    begin: range[0],
    isTemplate: expression !== undefined,
    told: [own, ...(expression ? [outer] : []), ...(holding ? [holding] : [])],
    tell: (at) => problem('YAML_KEY_NOT_TEXT', at(...range), `a key must be text, not ${what}`, { hint }),
  }
}

function noTextHint(what: string, written: string): string {
  if (what !== 'empty') return 'write a text before the colon: what stands in brackets can be a value only'
  return written === '' ? 'write a text before the colon' : `quote it if the word is meant: "${written}"`
}

function isNoText(pair: Pair, document: Yaml): boolean {
  const key = keyOf(pair, document)
  return isScalar(key) ? key.value === null : !isAlias(key)
}

/** An alias of nothing stays one: that is told elsewhere. */
function keyOf({ key }: Pair, document: Yaml): unknown {
  return isAlias(key) ? (key.resolve(document) ?? key) : key
}

function rangeOf(node: unknown): Range | undefined {
  const range = (node as Node | null)?.range
  return range ? [range[0], range[1]] : undefined
}
