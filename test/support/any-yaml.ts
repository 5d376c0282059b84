import fc from 'fast-check'

/*
 * YAML as people write it by hand: any order of keys, any indentation, comments wherever one may stand, empty lines, quotes of both kinds, blocks
 * of text, brackets on one line and on several, anchors with their aliases.
 */

/** One way of writing among several, drawn anew for each value. */
interface Pen {
  /** A whole number below a limit. */
  draw(limit: number): number
}

type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }

const word = fc.stringMatching(/^[a-z][a-zA-Z0-9 ]{0,12}[a-z0-9]$/)
const scalar: fc.Arbitrary<Value> = fc.oneof(
  word,
  fc.constantFrom(
    'no',
    '012',
    '1.10',
    ' a',
    'a: b',
    '# no',
    "it's",
    'say "hi"',
    'two\nlines',
    'end\n',
    'end\n\n',
    '- x',
    '*a',
    '[b',
    '',
    '😀',
  ),
  fc.integer({ min: -1000, max: 1000 }),
  fc.boolean(),
  fc.constant(null),
)
const value = fc.letrec<{ node: Value }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z][A-Za-z]{0,8}$/), tie('node'), { maxKeys: 5 }),
  ),
})).node

const seed = fc.array(fc.nat(0xffff), { minLength: 40, maxLength: 40 })

/** The text of one document, and whether it holds aliases. */
export const anyYaml: fc.Arbitrary<string> = fc
  .tuple(
    fc.dictionary(fc.constantFrom('spec', 'kind', 'metadata', 'apiVersion', 'zebra', 'a'), value, { minKeys: 1 }),
    seed,
    fc.boolean(),
  )
  .map(([document, numbers, withAlias]) => {
    let at = 0
    const pen: Pen = {
      draw: (limit) => {
        at = (at + 1) % numbers.length
        return ((numbers[at] ?? 0) + at) % limit
      },
    }
    const text = block(document, 0, pen)
    return withAlias ? `${text}anchored: &one { b: 1, a: 2 }\nused: *one\n` : text
  })

function block(map: { readonly [key: string]: Value }, indent: number, pen: Pen): string {
  return Object.entries(map)
    .map(([key, inner]) => `${above(indent, pen)}${' '.repeat(indent)}${key}:${valueText(inner, indent, pen)}`)
    .join('')
}

function above(indent: number, pen: Pen): string {
  const empty = '\n'.repeat([0, 0, 0, 1, 3][pen.draw(5)] ?? 0)
  return pen.draw(4) === 0 ? `${empty}${' '.repeat(indent)}# above ${pen.draw(100)}\n` : empty
}

function behind(pen: Pen): string {
  return pen.draw(5) === 0 ? `${' '.repeat(1 + pen.draw(3))}# behind ${pen.draw(100)}\n` : '\n'
}

/** What follows a colon, with its line feed. */
function valueText(inner: Value, indent: number, pen: Pen): string {
  const deeper = indent + 1 + pen.draw(4)
  if (typeof inner !== 'object' || inner === null) return scalarText(inner, deeper, pen)
  const isEmpty = Object.keys(inner).length === 0
  if (isEmpty || pen.draw(3) === 0) return ` ${flow(inner, deeper, pen)}${behind(pen)}`
  if (!Array.isArray(inner)) return `${behind(pen)}${block(inner as { readonly [key: string]: Value }, deeper, pen)}`
  const at = pen.draw(2) === 0 ? indent : deeper
  const items = (inner as readonly Value[]).map(
    (one) => `${above(at, pen)}${' '.repeat(at)}-${valueText(one, at, pen)}`,
  )
  return `${behind(pen)}${items.join('')}`
}

function scalarText(inner: string | number | boolean | null, indent: number, pen: Pen): string {
  if (typeof inner !== 'string')
    return inner === null && pen.draw(2) === 0 ? behind(pen) : ` ${String(inner)}${behind(pen)}`
  const lines = inner.split('\n')
  if (lines.length > 1 && pen.draw(3) > 0) {
    const ends = /\n*$/.exec(inner)?.[0].length ?? 0
    const body = inner.replace(/\n+$/, '').split('\n')
    const mark = ends === 0 ? '-' : ends === 1 ? '' : '+'
    const kept = '\n'.repeat(Math.max(ends - 1, 0))
    return ` |${mark}\n${body.map((line) => `${' '.repeat(indent)}${line}\n`).join('')}${kept}`
  }
  return ` ${quoted(inner, pen)}${behind(pen)}`
}

function quoted(text: string, pen: Pen): string {
  const isPlain = /^[a-z][a-zA-Z0-9 ]*[a-z0-9]$/.test(text) && text !== 'no'
  if (isPlain && pen.draw(2) === 0) return text
  return pen.draw(2) === 0 && !text.includes('\n') ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text)
}

function flow(inner: Value, indent: number, pen: Pen): string {
  if (typeof inner === 'string') return quoted(inner, pen)
  if (typeof inner !== 'object' || inner === null) return String(inner)
  const isList = Array.isArray(inner)
  const items = isList
    ? (inner as readonly Value[]).map((one) => flow(one, indent + 2, pen))
    : Object.entries(inner).map(([key, one]) => `${key}: ${flow(one, indent + 2, pen)}`)
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  if (items.length === 0 || pen.draw(3) > 0)
    return `${open}${' '.repeat(pen.draw(2))}${items.join(', ')}${' '.repeat(pen.draw(2))}${close}`
  return `${open}\n${items.map((item) => `${' '.repeat(indent + 2)}${item},${pen.draw(6) === 0 ? ' # within' : ''}\n`).join('')}${' '.repeat(indent)}${close}`
}
