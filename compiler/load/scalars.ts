import { FAILSAFE_SCHEMA, type Schema, Type } from 'js-yaml'

/** What is written as a word and is no text. */
const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['~', 'null', 'Null', 'NULL', ''].map((text) => [text, null] as const),
  ...['true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['false', 'False', 'FALSE'].map((text) => [text, false] as const),
])
const wordLengthMax = 5

const forms = {
  int: /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/,
  float: /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
} as const

/**
 * The scalars of YAML 1.2's core schema, to the letter. The fast parser's own schema reads `0b11` and `-0x1f` as numbers and `-.5` as text,
 * which YAML 1.2 and the slower parser do not.
 * @see https://yaml.org/spec/1.2.2/#103-core-schema
 */
export function scalars(): Schema {
  return (made ??= FAILSAFE_SCHEMA.extend({
    implicit: [
      scalar('null', isNull, () => null),
      scalar('bool', (text) => words.has(text) && !isNull(text), wordOf),
      scalar('int', (text) => forms.int.test(text), Number),
      scalar('float', (text) => forms.float.test(text), float),
    ],
  }))
}

/** Made when a text is left to the library, which most are not. */
let made: Schema | undefined

/** What a text that is not quoted stands for, by the same forms. */
export function plainScalar(text: string): string | number | boolean | null {
  if (beginsNumber(text.charCodeAt(0))) {
    if (forms.int.test(text)) return Number(text)
    return forms.float.test(text) ? float(text) : text
  }
  return text.length > wordLengthMax ? text : wordOf(text)
}

/** Whether a text is a number with leading zeros: YAML 1.2 reads 012 as 12, YAML 1.1, as Kubernetes' tools have it, as 10. */
export function isOctalToSome(text: string): boolean {
  return /^[-+]?0[0-9]+$/.test(text)
}

/** Whether a character is a sign, a point or a digit. */
function beginsNumber(code: number): boolean {
  return code >= 0x2b && code <= 0x39 && code !== 0x2c && code !== 0x2f
}

function wordOf(text: string): string | boolean | null {
  const value = words.get(text)
  return value === undefined ? text : value
}

function isNull(text: string): boolean {
  return words.get(text) === null
}

function scalar(name: string, is: (text: string) => boolean, construct: (text: string) => unknown): Type {
  return new Type(`tag:yaml.org,2002:${name}`, {
    kind: 'scalar',
    resolve: (text: unknown) => is(typeof text === 'string' ? text : ''),
    construct: (text: unknown) => construct(typeof text === 'string' ? text : ''),
  })
}

function float(text: string): number {
  if (/nan$/i.test(text)) return Number.NaN
  if (/inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}
