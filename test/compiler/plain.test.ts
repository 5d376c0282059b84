import fc from 'fast-check'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { readPlain } from '../../compiler/load/plain.ts'
import { scalars } from '../../compiler/load/scalars.ts'
import { splitDocuments } from '../../compiler/load/text.ts'
import { examine } from '../../compiler/load/walk.ts'
import { corpus } from '../bench/compile/corpus.ts'

/** Holds what was read against both libraries, and against what may be in a document at all. */
function expectSame(text: string, value: unknown): void {
  expect(load(text, { schema: scalars() })).toStrictEqual(value)
  const other = parseDocument(text, { schema: 'core', version: '1.2', logLevel: 'silent' })
  expect([...other.errors, ...other.warnings]).toEqual([])
  expect(other.toJS()).toStrictEqual(value)
  expect(examine(value)).toEqual([])
}

const written = [...new Map(corpus(40).sources.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]))]
const documents = written.flatMap(([, text]) => splitDocuments(text).map((one) => one.text))

const marks = fc.constantFrom(
  ...[...' \n:#-,[]{}\'"&*!|>%@`?~<=$()+./\\_0a\t\r', '\u0085', '\u00a0', '\u2028', '\ufeff', 'é', '😀'],
  ...[
    ': ',
    ' #',
    ':\n',
    '- ',
    '\n  ',
    '\n- ',
    '\n\n',
    ' # a',
    '---',
    '---\n',
    '...',
    "''",
    '""',
    '{}',
    '[]',
    '[ a, b ]',
  ],
  ...['null', 'true', '0x1f', '012', '1.10', '1e3', '.5', '-.5', '.inf', '9007199254740993', '0o17', '-0', '<<: a'],
  ...[
    'a: 1\n',
    '  a: 1\n',
    'a:\n  b: c\n',
    '- a: 1\n  b: 2\n',
    '{ a: 1 }',
    'a:b',
    'a: b: c',
    '__proto__: 1\n',
    '|\n  a\n',
    '--a',
  ],
)

type Edit = readonly [at: number, removed: number, put: string]
const edits = fc.array(fc.tuple(fc.nat(4000), fc.constantFrom(0, 0, 0, 1, 2, 7), fc.oneof(marks, fc.constant(''))), {
  minLength: 1,
  maxLength: 6,
})

function edited(text: string, changes: readonly Edit[]): string {
  const changed = changes.reduce((now, [at, removed, put]) => {
    const begin = at % (now.length + 1)
    return now.slice(0, begin) + put + now.slice(begin + removed)
  }, text)
  // Half a pair, which no file can hold, is another character once it was written.
  return new TextDecoder().decode(new TextEncoder().encode(changed))
}

/** Small texts are made of marks alone, so that each stands beside each other often. */
const small = fc.array(
  fc.oneof({ weight: 2, arbitrary: fc.constantFrom('a: ', 'b: ', 'c:', '\n', '\n  ', '- ', 'x') }, marks),
  {
    maxLength: 14,
  },
)

describe('the plain reader', () => {
  const runs = Number(process.env['FUZZ_RUNS'] ?? 3000)

  it('reads what the libraries read of every spec that was changed at some places, or leaves it to them', () => {
    let read = 0
    fc.assert(
      fc.property(fc.nat(documents.length - 1), edits, (index, changes) => {
        const text = edited(documents[index] ?? '', changes)
        const value = readPlain(text)
        if (value === undefined) return
        read += 1
        expectSame(text, value)
      }),
      { numRuns: runs },
    )
    expect(read).toBeGreaterThan(runs / 20)
  }, 600_000)

  it('does so of every small text', () => {
    let read = 0
    fc.assert(
      fc.property(small, (parts) => {
        const text = parts.join('')
        const value = readPlain(text)
        if (value === undefined) return
        read += 1
        expectSame(text, value)
      }),
      { numRuns: runs * 5 },
    )
    expect(read).toBeGreaterThan(runs / 100)
  }, 600_000)

  it('reads every spec of a repository as teams have them', () => {
    for (const text of documents) {
      const value = readPlain(text)
      if (value === undefined) throw new Error(`not read: ${text}`)
      expectSame(text, value)
    }
  })

  it.each([
    ['a mapping in a mapping, with comments and empty lines', '# a\na:\n\n  # b\n  b: c # d\n# e\n', { a: { b: 'c' } }],
    ['a list as far left as its key', 'a:\n- b\n- c\nd: e\n', { a: ['b', 'c'], d: 'e' }],
    ['mappings in a list', 'a:\n  - b: 1\n    c:\n      - 2\n  - d: 3', { a: [{ b: 1, c: [2] }, { d: 3 }] }],
    ['brackets in brackets', 'a: { b: [c, { d: [] }], e: {} }\n', { a: { b: ['c', { d: [] }], e: {} } }],
    [
      'every kind of scalar',
      'a: [1, -2, 0x1f, 1.10, 1e3, true, null, ~, no]\n',
      { a: [1, -2, 31, 1.1, 1000, true, null, null, 'no'] },
    ],
    ['quoted texts', `a: ["b: #", 'c\\ "d"', ""]\n`, { a: ['b: #', 'c\\ "d"', ''] }],
    [
      'texts with marks inside',
      "a: it's a#b c:d e/f?g&h*i!\nb: --no-x\n",
      { a: "it's a#b c:d e/f?g&h*i!", b: '--no-x' },
    ],
    ['an item without a value at the end', 'a:\n  - b\n  - ', { a: ['b', null] }],
    ['a text and a number of the same characters', `a: [12, '12', "12", 12]\n`, { a: [12, '12', '12', 12] }],
    ['a marker at the beginning', '---\na: é😀\n', { a: 'é😀' }],
  ])('reads %s', (_title, text, value) => {
    expect(readPlain(text)).toStrictEqual(value)
    expectSame(text, value)
  })

  it.each([
    ['no mapping', '- a\n'],
    ['a key without a value', 'a:\n'],
    ['a text that goes on in the next line', 'a: b\n  c\n'],
    ['brackets that do', 'a: [b,\n  c]\n'],
    ['an escape', 'a: "\\n"\n'],
    ['a quote in quotes', "a: 'it''s'\n"],
    ['a block of text', 'a: |\n  b\n'],
    ['an anchor', 'a: &b c\n'],
    ['an alias', 'a: *b\n'],
    ['a tag', 'a: !!str b\n'],
    ['a key that is no text', 'true: b\n'],
    ['a key that is a number', '1.10: b\n'],
    ['a key that is a switch to some', 'a: { True: b }\n'],
    ['a key in quotes', '"a": b\n'],
    ['a key that stands twice', 'a: b\na: c\n'],
    ['a key that every object has', 'toString: b\n'],
    ['a key that no program should meet', 'prototype: b\n'],
    ['a number that loses digits', 'a: 9007199254740993\n'],
    ['a number that is octal to some', 'a: 012\n'],
    ['infinity', 'a: .inf\n'],
    ['a pair in a list in brackets', 'a: [b: c]\n'],
    ['a mapping as a key', 'a: { { b: c }: d }\n'],
    ['a comma too many', 'a: [b, ]\n'],
    ['another indentation than that of the block', 'a:\n    b: c\n  d: e\n'],
    ['a tab', 'a:\tb\n'],
    ['a carriage return', 'a: b\r\n'],
    ['a second document', 'a: b\n---\nc: d\n'],
    ['a directive', '%YAML 1.2\n---\na: b\n'],
    ['a text of many characters', `a: ${'b'.repeat(20_000)}\n`],
    ['many brackets', `a: ${'['.repeat(40)}${']'.repeat(40)}\n`],
  ])('leaves %s to the libraries', (_title, text) => {
    expect(readPlain(text)).toBeUndefined()
  })
})
