import type { Environment } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import type { Meter } from './meter.ts'
import { Quantity } from './quantity.ts'

/*
 * What the API server adds to CEL and the library lacks. Regular expressions are RE2's, as there: they take time in proportion to the text,
 * whatever the pattern.
 * @see https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries
 */

class SetsNamespace {}

/** Name under which `matches` is called, because the library's own takes JavaScript's regular expressions. */
export const matchesFunction = 'matchesRe2'
/** Counts a step; always true. */
export const stepFunction = 'countStep'
/** Functions of the library that the API server does not have. */
export const foreignFunctions: ReadonlySet<string> = new Set(['json', 'hex', 'base64', 'at', matchesFunction])

type List = Iterable<unknown>

/** Adds the functions to an environment. @param meter is told of every step and of texts that are searched */
export function addFunctions(environment: Environment, meter: Meter): Environment {
  addQuantities(environment)
  addTexts(environment, meter)
  addLists(environment)
  return environment.registerFunction(`${stepFunction}(): bool`, () => meter.step())
}

function addQuantities(environment: Environment): void {
  const type = 'kubernetes.Quantity'
  const add = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature.replace(/\bQuantity\b/g, type), handler)
  }
  environment.registerType(type, { ctor: Quantity, fields: {} })
  add('quantity(string): Quantity', (text: string) => {
    const quantity = Quantity.parse(text)
    if (!quantity) throw new Error(`"${text.slice(0, 40)}" is no quantity`)
    return quantity
  })
  add('isQuantity(string): bool', (text: string) => Quantity.parse(text) !== undefined)
  add('Quantity.sign(): int', (one: Quantity) => one.compare(new Quantity(0n)))
  add('Quantity.isInteger(): bool', (one: Quantity) => one.isInteger)
  add('Quantity.asInteger(): int', (one: Quantity) => one.toInteger())
  add('Quantity.asApproximateFloat(): double', (one: Quantity) => one.toFloat())
  add('Quantity.compareTo(Quantity): int', (one: Quantity, other: Quantity) => one.compare(other))
  add('Quantity.isGreaterThan(Quantity): bool', (one: Quantity, other: Quantity) => one.compare(other) > 0n)
  add('Quantity.isLessThan(Quantity): bool', (one: Quantity, other: Quantity) => one.compare(other) < 0n)
  add('Quantity.add(Quantity): Quantity', (one: Quantity, other: Quantity) => new Quantity(one.nanos + other.nanos))
  add('Quantity.sub(Quantity): Quantity', (one: Quantity, other: Quantity) => new Quantity(one.nanos - other.nanos))
}

/** Why a text is no regular expression; undefined where it is one. */
export function patternProblem(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return `${JSON.stringify(pattern)} is no regular expression of RE2: ${(error as Error).message}`
  }
}

function addTexts(environment: Environment, meter: Meter): void {
  const patterns = new Map<string, RE2JS>()
  const compiled = (pattern: string, text: string): RE2JS => {
    meter.search(text.length)
    const known = patterns.get(pattern) ?? RE2JS.compile(pattern)
    patterns.set(pattern, known)
    return known
  }
  const first = (text: string, pattern: string): string => {
    const matcher = compiled(pattern, text).matcher(text)
    return matcher.find() ? (matcher.group() ?? '') : ''
  }
  const every = (text: string, pattern: string): readonly string[] => {
    const matcher = compiled(pattern, text).matcher(text)
    const found: string[] = []
    while (meter.step() && matcher.find()) found.push(matcher.group() ?? '')
    return found
  }
  environment
    .registerFunction(`string.${matchesFunction}(string): bool`, (text: string, pattern: string) =>
      compiled(pattern, text).matcher(text).find(),
    )
    .registerFunction('string.find(string): string', first)
    .registerFunction('string.findAll(string): list<string>', every)
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => [...text][Number(at)] ?? '')
}

function addLists(environment: Environment): void {
  const less = (left: unknown, right: unknown): boolean => (left as bigint) < (right as bigint)
  const extreme = (list: List, isBetter: (one: unknown, best: unknown) => boolean): unknown => {
    const [begin, ...rest] = list
    if (begin === undefined) throw new Error('an empty list has no least and no greatest element')
    return rest.reduce((best, one) => (isBetter(one, best) ? one : best), begin)
  }
  const contains = (list: List, wanted: List): boolean => {
    const there = new Set(list)
    return [...wanted].every((one) => there.has(one))
  }
  environment
    .registerFunction('list<dyn>.sum(): dyn', (list: List) =>
      [...list].reduce((sum, one) => (typeof one === 'bigint' ? (sum as bigint) + one : Number(sum) + Number(one)), 0n),
    )
    .registerFunction('list<dyn>.min(): dyn', (list: List) => extreme(list, less))
    .registerFunction('list<dyn>.max(): dyn', (list: List) => extreme(list, (one, best) => less(best, one)))
    .registerFunction('list<dyn>.isSorted(): bool', (list: List) => {
      const all = [...list]
      return all.every((one, index) => index === 0 || !less(one, all[index - 1]))
    })
    .registerFunction('list<dyn>.indexOf(dyn): int', (list: List, wanted: unknown) => BigInt([...list].indexOf(wanted)))
    .registerFunction('list<dyn>.lastIndexOf(dyn): int', (list: List, wanted: unknown) =>
      BigInt([...list].lastIndexOf(wanted)),
    )
    .registerType('SetsNamespace', SetsNamespace)
    .registerConstant('sets', 'SetsNamespace', new SetsNamespace())
    .registerFunction(
      'SetsNamespace.contains(list<dyn>, list<dyn>): bool',
      (_sets: unknown, list: List, wanted: List) => contains(list, wanted),
    )
    .registerFunction(
      'SetsNamespace.equivalent(list<dyn>, list<dyn>): bool',
      (_sets: unknown, left: List, right: List) => contains(left, right) && contains(right, left),
    )
    .registerFunction(
      'SetsNamespace.intersects(list<dyn>, list<dyn>): bool',
      (_sets: unknown, left: List, right: List) => {
        const there = new Set(left)
        return [...right].some((one) => there.has(one))
      },
    )
}
