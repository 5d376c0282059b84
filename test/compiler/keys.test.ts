import { describe, expect, it } from 'vitest'
import { loadDocuments } from '../../compiler/load/document.ts'
import { compileTexts, training } from '../support/compiler.ts'

const parameters = (pairs: string): string =>
  training().replace('{ epochs: 3 }', `{ epochs: 3, parameters: { ${pairs} } }`)
const told = (text: string): readonly string[] =>
  compileTexts([text]).problems.map((one) => `${one.code} ${one.where.line}:${one.where.column} ${one.message}`)
const hints = (text: string): readonly (string | undefined)[] => compileTexts([text]).problems.map(({ hint }) => hint)
const template = 'this is a template expression; specs are not templated: write the value, or quote it if it is text'

describe('a key that becomes another text than is written', () => {
  it.each([
    ['a version', '1.10', '1.1', 'a number'],
    ['a version of zeros', '1.0', '1', 'a number'],
    ['an identifier beyond 2^53', '9007199254740993', '9007199254740992', 'a number'],
    ['an exponent', '1e3', '1000', 'a number'],
    ['a hexadecimal number', '0x10', '16', 'a number'],
    ['an octal number', '0o17', '15', 'a number'],
    ['a number with a sign', '+1', '1', 'a number'],
    ['infinity', '.inf', 'Infinity', 'a number'],
    ['a switch', 'True', 'true', 'a switch'],
  ])('%s is told at its place, with what to write', (_sentence, key, made, what) => {
    const text = parameters(`a: 1, ${key}: b`)
    expect(told(text)).toEqual([
      `YAML_KEY_NOT_TEXT 9:46 the key ${key} becomes "${made}": without quotes YAML reads ${what}`,
    ])
    expect(hints(text)).toEqual([`quote it exactly as you mean it: "${key}"`])
  })

  it.each([
    ['in a block', 'a: 1\nb:\n  1.10: c\n', '3:3'],
    ['in a list', 'a:\n  - 1.10: c\n', '2:5'],
    ['behind a question mark', 'a: 1\n? 1.10\n: c\n', '2:3'],
    ['that is an alias', 'a: &a 1.10\nb: { *a : c }\n', '2:6'],
    ['beside a number that is none', 'a: .inf\nb: { 1.10: c }\n', '2:6'],
  ])('is told %s', (_sentence, text, place) => {
    const { problems } = loadDocuments({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) })
    const { where } = problems.find(({ code }) => code === 'YAML_KEY_NOT_TEXT') ?? {}
    expect(`${where?.line}:${where?.column}`).toBe(place)
  })

  it('is told of labels, each of them', () => {
    const labels = '{ 1.10: a, 0x10: y, 9007199254740993: z }'
    const text = training().replace('project: language }', `project: language, labels: ${labels} }`)
    expect(compileTexts([text]).problems.map(({ code }) => code)).toEqual(Array(3).fill('YAML_KEY_NOT_TEXT'))
  })

  it.each(['1', '"1.10"', "'0x10'", 'true', '"True"', '"null"', '-1', '0.5', 'no', '""', '!!str 1.10'])(
    '%s is none',
    (key) => {
      expect(told(parameters(`${key}: b`))).toEqual([])
    },
  )

  it('that has a leading zero is told once', () => {
    expect(compileTexts([parameters('012: b')]).problems.map(({ code }) => code)).toEqual(['YAML_LEADING_ZERO'])
  })
})

describe('a key that is no text', () => {
  it.each([
    ['nothing, as a mark', '~: a', 'empty', 'quote it if the word is meant: "~"'],
    ['nothing, as a word', 'null: a', 'empty', 'quote it if the word is meant: "null"'],
    ['nothing without a value', 'null', 'empty', 'quote it if the word is meant: "null"'],
    ['a list', '[a, b]: c', 'a list', 'write a text before the colon: what stands in brackets can be a value only'],
    [
      'a list of lists',
      '[[a]]: c',
      'a list',
      'write a text before the colon: what stands in brackets can be a value only',
    ],
    [
      'a mapping',
      '{ a: b }: c',
      'a mapping',
      'write a text before the colon: what stands in brackets can be a value only',
    ],
    ['a template', '{{ a }}: c', 'a mapping', template],
  ])('%s, is told at its place', (_sentence, pair, what, hint) => {
    expect(told(parameters(pair))).toEqual([`YAML_KEY_NOT_TEXT 9:40 a key must be text, not ${what}`])
    expect(hints(parameters(pair))).toEqual([hint])
  })

  it.each([
    ['as a value', training().replace('environment: dev', 'environment: {{ env }}'), '5:16'],
    ['as an item', training('letters', '  args: [{{ a }}, b]\n'), '12:10'],
    ['as a part of a text', training().replace('trainer:1', '{{ a }}').replace('example/', ''), '10:10'],
    ['before more text', training().replace('example/trainer:1', '{{ a }}:{{ b }}'), '10:10'],
    ['as a whole mapping', training().replace('{ epochs: 3 }', '{{ a }}'), '9:13'],
  ])('is told once of a template expression %s', (_sentence, text, place) => {
    expect(told(text)).toEqual([`YAML_KEY_NOT_TEXT ${place} a key must be text, not a mapping`])
    expect(hints(text)).toEqual([template])
  })

  it('leaves the other problems of the document to be told', () => {
    const text = training('letters', '  colour: blue\n').replace('environment: dev', 'environment: {{ env }}')
    expect(compileTexts([text]).problems.map(({ code, where }) => `${code} ${where.line}`)).toEqual([
      'YAML_KEY_NOT_TEXT 5',
      'KEY_UNKNOWN 12',
    ])
  })
})

describe('a key that stands twice', () => {
  it.each([
    ['as a number and as text', '1: a, "1": b', '9:46 the key "1"'],
    ['as a switch and as text', 'true: a, "true": b', '9:49 the key "true"'],
    ['as a text and its alias', '&a k: a, *a : b', '9:49 this key'],
  ])('%s is told as that', (_sentence, pairs, expected) => {
    expect(told(parameters(pairs))).toEqual([`YAML_DUPLICATE_KEY ${expected} stands twice in the same mapping`])
  })
})
