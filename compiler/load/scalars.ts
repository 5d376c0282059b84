import { FAILSAFE_SCHEMA, type Schema, Type } from 'js-yaml'

/**
 * The scalars of YAML 1.2's core schema, to the letter. The fast parser's own schema reads `0b11` and `-0x1f` as numbers and `-.5` as text,
 * which YAML 1.2 and the slower parser do not.
 * @see https://yaml.org/spec/1.2.2/#103-core-schema
 */
export const scalars: Schema = FAILSAFE_SCHEMA.extend({
  implicit: [
    scalar('null', /^(?:~|null|Null|NULL|)$/, () => null),
    scalar('bool', /^(?:true|True|TRUE|false|False|FALSE)$/, (text) => /^t/i.test(text)),
    scalar('int', /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/, Number),
    scalar(
      'float',
      /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
      float,
    ),
  ],
})

function scalar(name: string, form: RegExp, construct: (text: string) => unknown): Type {
  const resolve = (text: unknown): boolean => form.test(typeof text === 'string' ? text : '')
  return new Type(`tag:yaml.org,2002:${name}`, {
    kind: 'scalar',
    resolve,
    construct: (text: unknown) => construct(typeof text === 'string' ? text : ''),
  })
}

function float(text: string): number {
  if (/nan$/i.test(text)) return Number.NaN
  if (/inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}
