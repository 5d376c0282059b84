import { FAILSAFE_SCHEMA, type Schema, Type } from 'js-yaml'

const forms = {
  null: /^(?:~|null|Null|NULL|)$/,
  bool: /^(?:true|True|TRUE|false|False|FALSE)$/,
  int: /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/,
  float: /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
} as const

/**
 * The scalars of YAML 1.2's core schema, to the letter. The fast parser's own schema reads `0b11` and `-0x1f` as numbers and `-.5` as text,
 * which YAML 1.2 and the slower parser do not.
 * @see https://yaml.org/spec/1.2.2/#103-core-schema
 */
export const scalars: Schema = FAILSAFE_SCHEMA.extend({
  implicit: [scalar('null', () => null), scalar('bool', bool), scalar('int', Number), scalar('float', float)],
})

/** What a text that is not quoted stands for, by the same forms. */
export function plainScalar(text: string): string | number | boolean | null {
  if (!mayBeOther.test(text)) return text
  if (forms.int.test(text)) return Number(text)
  if (forms.float.test(text)) return float(text)
  if (forms.bool.test(text)) return bool(text)
  return forms.null.test(text) ? null : text
}

/** How everything begins and goes on that is no text. */
const mayBeOther = /^(?:[-+.0-9~]|$|[ntf][ura]|[NTF][uUrRaA])/

function scalar(name: keyof typeof forms, construct: (text: string) => unknown): Type {
  const form = forms[name]
  const resolve = (text: unknown): boolean => form.test(typeof text === 'string' ? text : '')
  return new Type(`tag:yaml.org,2002:${name}`, {
    kind: 'scalar',
    resolve,
    construct: (text: unknown) => construct(typeof text === 'string' ? text : ''),
  })
}

function bool(text: string): boolean {
  return /^t/i.test(text)
}

function float(text: string): number {
  if (/nan$/i.test(text)) return Number.NaN
  if (/inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}
