import { describe, expect, it } from 'vitest'
import { loadDocuments } from '../../compiler/load/document.ts'
import { manifestBytesMax, tooLargeManifest } from '../../compiler/render/size.ts'
import { compileTexts, training } from '../support/compiler.ts'

const list = (many: number, item: (index: number) => string): string =>
  Array.from({ length: many }, (_, index) => item(index)).join('')
const told = (text: string) =>
  loadDocuments({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) }).problems.map(({ code, message }) => ({
    code,
    message,
  }))

/** What a file may be: how many of something are fine, what one more is told as, and how so many of it are written. */
const limits: readonly (readonly [what: string, most: number, code: string, text: (many: number) => string])[] = [
  ['bytes', 256 * 1024, 'FILE_TOO_LARGE', (many) => `a: ${'b'.repeat(many - 3)}`],
  ['bytes of comments', 256 * 1024, 'FILE_TOO_LARGE', (many) => '#'.repeat(many)],
  ['values', 50_000, 'YAML_TOO_MANY_NODES', (many) => `[${list(many - 1, () => '1,')}]`],
  ['keys of a mapping', 5_000, 'YAML_TOO_MANY_NODES', (many) => list(many, (index) => `k${index}: 1\n`)],
  [
    'keys of a mapping in braces',
    5_000,
    'YAML_TOO_MANY_NODES',
    (many) => `a: {${list(many, (index) => `k${index}: 1,`)}}`,
  ],
  ['keys beside a broken line', 5_000, 'YAML_TOO_MANY_NODES', (many) => `${list(many, (index) => `k${index}: 1\n`)}}`],
  ['lists in each other', 64, 'YAML_TOO_DEEP', (many) => '['.repeat(many) + ']'.repeat(many)],
  ['mappings in each other', 64, 'YAML_TOO_DEEP', (many) => list(many, (index) => `${' '.repeat(index)}a:\n`)],
  ['aliases', 100, 'YAML_TOO_MANY_ALIASES', (many) => `a: &a [1]\nb: [${list(many, () => '*a,')}]`],
  ['aliases of a number', 100, 'YAML_TOO_MANY_ALIASES', (many) => `a: &a 1\nb: [${list(many, () => '*a,')}]`],
  ['anchors', 1_000, 'YAML_TOO_MANY_ALIASES', (many) => list(many, (index) => `- &a${index} ${index}\n`)],
  ['tags', 1_000, 'YAML_TOO_MANY_ALIASES', (many) => list(many, () => '- !!str a\n')],
  ['documents', 2_000, 'YAML_TOO_MANY_NODES', (many) => list(many, () => '---\na: 1\n')],
]
/** Those for which a text at the limit is refused for another reason. */
const broken = ['keys beside a broken line']

describe('what one file may have', () => {
  it.each(limits)(
    '%s: %d are read, and one more is refused with the limit in its message',
    (what, most, code, text) => {
      if (!broken.includes(what)) expect(told(text(most))).toEqual([])
      const over = told(text(most + 1))
      expect(over.map((one) => one.code)).toContain(code)
      expect(over.find((one) => one.code === code)?.message).toMatch(new RegExp(`\\b${most}\\b`))
    },
  )
})

describe('what is too much of one thing', () => {
  const placeOf = (text: string) =>
    loadDocuments({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) }).problems.map(
      ({ where, message }) => `${where.line}:${where.column} ${message}`,
    )

  it.each([
    [
      'a mapping of too many keys is told with their number',
      `a: 1\nb:\n${list(5_003, (index) => `  k${index}: 1\n`)}`,
      '1:1 a mapping has 5003 keys, more than the 5000 that one may have',
    ],
    [
      'one alias too many is told',
      `a: &a [1]\n${list(101, (index) => `k${index}: *a\n`)}`,
      '1:1 the document uses more than 100 aliases',
    ],
    [
      'one of a text too many is told where it stands',
      `a: &a x\n${list(101, (index) => `k${index}: *a\n`)}`,
      '102:7 the document uses more than 100 aliases',
    ],
  ])('%s', (_sentence, text, expected) => {
    expect(placeOf(text)).toEqual([expected])
  })
})

describe('what is rendered', () => {
  const where = { file: 'specs/a.yaml', line: 1, column: 1 }

  it.each([
    ['letters', 'a'],
    ['letters of two bytes', 'é'],
    ['letters of three', '€'],
    ['letters of four', '\u{1f600}'],
  ])('may have a million bytes of %s, and one more is refused with the limit in its message', (_name, letter) => {
    const most = letter.repeat(manifestBytesMax / new TextEncoder().encode(letter).length)
    const full = most.padEnd(most.length + manifestBytesMax - new TextEncoder().encode(most).length, 'a')
    expect(tooLargeManifest('a.yaml', full, where)).toEqual([])
    const [over] = tooLargeManifest('a.yaml', `${full}a`, where)
    expect(over).toMatchObject({ code: 'MANIFEST_TOO_LARGE', where })
    expect(over?.message).toBe('a.yaml would have 1000001 bytes; a manifest may have 1000000')
  })

  it('is refused at its spec when escaping makes it so long, and nothing is published', () => {
    const withDollars = (many: number): string =>
      training().replace('epochs: 3', () => `epochs: 3, parameters: { prices: '${'$'.repeat(many)}' }`)
    // Each is \u0024 in the JSON of a variable that Kubernetes would expand, and one byte longer in YAML.
    expect(compileTexts([withDollars(140_000)]).problems).toEqual([])
    const { problems, tree } = compileTexts([withDollars(143_000)])
    expect(problems.map((one) => [one.code, one.where.file, one.where.line])).toEqual([
      ['MANIFEST_TOO_LARGE', 'specs/1.yaml', 1],
    ])
    expect(tree).toBeNull()
  })
})
