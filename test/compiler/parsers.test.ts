import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { loadDocuments } from '../../compiler/load/document.ts'
import { firstDifference } from '../../compiler/load/places.ts'

const load = (text: string) => loadDocuments({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) })

/** A document of white space alone is none for us, and nothing or a text of white space for the other parser. */
const saysSomething = (value: unknown): boolean => value !== null && (typeof value !== 'string' || value.trim() !== '')

/** What another parser, asked in its own way, makes of a whole file; undefined where it refuses a part of it. */
function otherReading(text: string): readonly unknown[] | undefined {
  const documents = parseAllDocuments(text.replace(/^\ufeff/, ''), {
    schema: 'core',
    version: '1.2',
    logLevel: 'silent',
  })
  if (!Array.isArray(documents)) return []
  if (documents.some((one) => one.errors.length > 0)) return undefined
  return documents.map((one) => one.toJS() as unknown).filter(saysSomething)
}

const scalarTexts = fc.constantFrom(
  ...['no', 'on', 'yes', 'Off', 'true', 'True', 'TRUE', 'null', 'Null', 'NULL', '~', '012', '0o17', '0x1F', '-0x1f'],
  ...['0b11', '1_000', '1_0.5', '1.10', '-.5', '.5', '5.', '+12', '-0', '1e3', '1E+3', '1:30', '2001-12-14', '.inf'],
  ...['-.inf', '.nan', '9007199254740993', '12345678901234567890', '1e999', '"a"', "'b'", '"\\u0041"', '"\\x41"'],
  ...[
    '"a\\\n  b"',
    '"a\n b"',
    "'a\n\n  b'",
    'a\n  b',
    'a\n\n   b',
    '[a,\n  b]',
    '[[a],\n  b]',
    '{ a: {b: 1},\nc: 2 }',
    '{ a: "}", b: [c]\n}',
    '{a: 1,\n b: 2}',
    '|\n  a\n b',
    '"a \\\r\n b"',
  ],
  ...["'it''s'", 'a b', 'a#b', 'a #b', 'a:b', '-a', '?a', ':a', '@a', '`a', '%a', '!a', '!!str 1'],
  ...[
    '!!int "3"',
    '!!float 1',
    '!!bool yes',
    '!!null ""',
    '!!binary aGk=',
    '!!set {a}',
    '!!omap []',
    '! 12',
    '!!map {}',
  ],
  ...['&x 1', '*x', '&x', '&x [*x]', '<<', '=', '|\n   a\n   b', '>-\n   a\n\n   b', '|2\n    a', '[]', '{}', '[a, b]'],
  ...[
    '{a: 1}',
    '[a: 1]',
    '{a}',
    '{a, b: }',
    '[1, 2,]',
    '{: 3}',
    '',
    '\u00e9',
    '\u2028',
    '\u0085',
    'a\tb',
    '\ta',
    'a\u00a0b',
  ],
)
const comments = fc.constantFrom('', '', '', " # it's & more", " #'", ' # "', '#', " 's # ' x", '\'a"b', "don't")
const keyTexts = fc.constantFrom(
  ...['a', 'b', 'c', '"a"', "'b'", '1', '"1"', '1.0', 'true', 'null', '~', '""', '? a\n', '? [a, b]\n', '<<', '&k a'],
  ...[
    '*x ',
    '!!str a',
    '0x10',
    '[a]',
    '{a: 1}',
    'a b',
    '__proto__',
    'constructor',
    'a\t',
    '-',
    '- a',
    '',
    '.inf',
    '1e3',
  ],
)
const lineEnds = fc.constantFrom('\n', '\n', '\n', '\n', '\r\n', '\r', '\n\n', '\n# a comment\n', ' # a comment\n')
const indents = fc.constantFrom('', '', '', '  ', '  ', '    ', '\t', ' ', '- ', '  - ')
const lines = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(indents, keyTexts, scalarTexts, comments)
      .map((parts) => `${parts[0]}${parts[1]}: ${parts[2]}${parts[3]}`),
  },
  fc.tuple(indents, keyTexts).map(([indent, key]) => `${indent}${key}:`),
  fc.tuple(indents, scalarTexts).map(([indent, value]) => `${indent}${value}`),
  fc.constantFrom(
    '---',
    '...',
    '--- a',
    '---\ta',
    '%YAML 1.2',
    '%YAML 1.1',
    '%TAG ! tag:x,2000:',
    '--- # b',
    '\ufeff',
    '---a',
  ),
)
const oddYaml = fc
  .array(fc.tuple(lines, lineEnds), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.map((part) => part.join('')).join(''))

describe('two parsers', () => {
  it('read the same of every document that is accepted, however oddly it is written', () => {
    fc.assert(
      fc.property(oddYaml, (text) => {
        const loaded = load(text)
        for (const problem of loaded.problems) expect(problem.where.line).toBeGreaterThan(0)
        if (loaded.problems.length > 0 || loaded.documents.length === 0) return
        const read = loaded.documents.map((one) => one.value)
        expect(read.filter(saysSomething)).toEqual(otherReading(text))
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 1000) },
    )
  }, 60_000)
})

describe('YAML that parsers are known to read differently', () => {
  it.each([
    [
      'zeros that begin no octal number',
      'a: [0, -0, 0.10, 00.5, 01.5, 0e1, "012", a012, 0x0a]\n',
      [{ a: [0, -0, 0.1, 0.5, 1.5, 0, '012', 'a012', 10] }],
    ],
    ['an octal number of YAML 1.2', 'a: 0o17\n', [{ a: 15 }]],
    ['a binary number of YAML 1.1 is text', 'a: 0b11\n', [{ a: '0b11' }]],
    ['a hexadecimal number with a sign is text', 'a: -0x1f\n', [{ a: '-0x1f' }]],
    ['a number with underscores is text', 'a: 1_000\n', [{ a: '1_000' }]],
    ['a time is text', 'a: 1:30\n', [{ a: '1:30' }]],
    ['a date is text', 'a: 2001-12-14\n', [{ a: '2001-12-14' }]],
    ['a fraction without a leading zero', 'a: -.5\n', [{ a: -0.5 }]],
    ['no, on and yes are texts', 'a: [no, on, yes]\n', [{ a: ['no', 'on', 'yes'] }]],
    ['1.10 is the number 1.1, which a schema refuses where text is meant', 'a: 1.10\n', [{ a: 1.1 }]],
    ['a merge key is a key like another', 'a: &x { b: 1 }\nc: { <<: *x }\n', [{ a: { b: 1 }, c: { '<<': { b: 1 } } }]],
    ['an anchor and its alias', 'a: &x [1]\nb: *x\n', [{ a: [1], b: [1] }]],
    ['a tag of the core schema', 'a: !!str 1\n', [{ a: '1' }]],
    [
      'several documents, one with directives',
      'a: 1\n...\n%YAML 1.2\n---\nb: 2\n---\nc: 3\n',
      [{ a: 1 }, { b: 2 }, { c: 3 }],
    ],
    ['a byte order mark and Windows line ends', '\ufeffa: 1\r\nb: |\r\n  c\r\n', [{ a: 1, b: 'c\n' }]],
  ])('%s', (_sentence, text, expected) => {
    expect(load(text).problems).toEqual([])
    expect(load(text).documents.map((one) => one.value)).toEqual(expected)
  })

  it.each([
    ['a list as a key', '? [a, b]\n: c\n', 'YAML_KEY_NOT_TEXT', 1],
    ['a list as a key in one line', 'x: 1\n[a]: c\n', 'YAML_KEY_NOT_TEXT', 2],
    ['an empty key', ': 2\n', 'YAML_KEY_NOT_TEXT', 1],
    ['an empty key among braces', 'a: { : 2 }\n', 'YAML_KEY_NOT_TEXT', 1],
    ['the same key as number and text', '1: a\n"1": b\n', 'YAML_DUPLICATE_KEY', 2],
    ['bytes in a text', 'a: 1\nb: !!binary aGk=\n', 'YAML_UNKNOWN_TAG', 2],
    ['a tag that nobody knows', 'a: 1\nb: !secret x\n', 'YAML_UNKNOWN_TAG', 2],
    ['something that only looks like a marker', '---a: 1\n', 'YAML_PARSERS_DISAGREE', 1],
    ['a duplicate key', 'a: 1\nb: 2\na: 3\n', 'YAML_DUPLICATE_KEY', 3],
    ['a duplicate key in quotes', 'a: 1\n"a": 3\n', 'YAML_DUPLICATE_KEY', 2],
    ['a tab as indentation', 'a:\n\tb: 1\n', 'YAML_SYNTAX', 2],
    [
      'a mapping in braces that goes on further left, behind another in it',
      'a:\n  b: { c: {},\n  d: 1 }\n',
      'YAML_SYNTAX',
      3,
    ],
    ['one that goes on so behind a brace in quotes', 'a:\n  b: { c: "}",\n  d: 1 }\n', 'YAML_SYNTAX', 3],
    ['a lone carriage return', 'a: 1\nb: 2\rc: 3\n', 'FILE_NOT_TEXT', 2],
    ['a whole number beyond 2^53', 'a: 1\nb: 9007199254740993\n', 'YAML_NUMBER_TOO_LARGE', 2],
    ['a number that is octal to some', 'a: 0.5\nb: [-01]\n', 'YAML_LEADING_ZERO', 2],
    ['a number beyond all', 'a: 1e999\n', 'YAML_NUMBER_TOO_LARGE', 1],
    ['not a number', 'a: .nan\n', 'YAML_NUMBER_TOO_LARGE', 1],
    ['an anchor that holds itself', 'a: &x [*x]\n', 'YAML_TOO_DEEP', 1],
    ['a key that would be an own prototype', 'a: 1\n__proto__: { b: 1 }\n', 'YAML_UNSAFE_KEY', 2],
  ])('%s is refused', (_sentence, text, code, line) => {
    expect(load(text).problems.map((one) => [one.code, one.where.line])).toEqual([[code, line]])
  })

  it('a bad document among good ones costs only itself', () => {
    const loaded = load('a: 1\n---\na: [\n---\nb: 2\n')
    expect(loaded.documents.map((one) => [one.value, one.line, one.locate('/b').line])).toEqual([
      [{ a: 1 }, 1, 1],
      [{ b: 2 }, 5, 5],
    ])
    expect(loaded.problems.map((one) => one.code)).toContain('YAML_SYNTAX')
  })
})

it('a document with Windows line ends that ends in quotes or brackets is read, also where another one follows', () => {
  const text = 'a: [1,\r\n  2]\r\nb: "x"\r\n---\r\nc: |+\r\n  y\r\n\r\n---\r\nd: 1\r\n'
  const { documents, problems } = load(text)
  expect(problems).toEqual([])
  expect(documents.map((one) => one.value)).toEqual([{ a: [1, 2], b: 'x' }, { c: 'y\n\n' }, { d: 1 }])
})

describe('the first thing that is another in two values', () => {
  it.each([
    ['the whole, where one is no mapping', 'a', { a: 1 }, ''],
    ['a value', { a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 3] } }, '/b/c/1'],
    ['a key that the other lacks', { a: 1, 'b/c': 2 }, { a: 1 }, '/b~1c'],
    ['a key that only the other has', { a: { b: 1 } }, { a: { b: 1, c: 2 } }, '/a/c'],
    ['a number that is a text to the other', { a: [{ b: 1 }] }, { a: [{ b: '1' }] }, '/a/0/b'],
  ])('is %s', (_sentence, left, right, pointer) => {
    expect(firstDifference(left, right)).toBe(pointer)
  })
})
