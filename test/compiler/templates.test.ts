import fc from 'fast-check'
import Handlebars from 'handlebars'
import { describe, expect, it } from 'vitest'
import { scalarText } from '../../compiler/render/scalar.ts'
import { asked, type View } from '../../compiler/render/template.ts'
import { type Node, templateCode } from '../../tools/template-code.ts'
import { hostileText } from '../support/hostile-text.ts'

const engine = Handlebars.create()
engine.registerHelper('scalar', (value: string) => new Handlebars.SafeString(scalarText(value)))

/** What the function that the build would make of a template gives for some views, one after the other. */
function filled(template: string, ...views: readonly View[]): readonly string[] {
  let values = 0
  const code = templateCode(Handlebars.parse(template) as unknown as Node, () => values++)
  // The build writes the same text into a module.
  const words = '{ lines, items, holds, written }'
  const fill = new Function('view', words, code) as (view: View, given: typeof asked) => string
  const lines = Array.from({ length: values }, () => new Map())
  return views.map((view) => fill(view, { ...asked, lines }))
}

const scalar = fc.oneof(hostileText, fc.integer(), fc.boolean(), fc.constant(null))
const leaf = fc.record({ a: scalar, b: scalar, list: fc.constant([]), texts: fc.array(scalar, { maxLength: 3 }) })
const view = fc.record({
  a: scalar,
  b: scalar,
  list: fc.array(leaf, { maxLength: 3 }),
  texts: fc.array(scalar, { maxLength: 3 }),
})
const words = fc.constantFrom('', 'x: ', '\n', '  - ', '\n\n', '"', '`${a}`', '\\ ', "# it's\n")
const value = fc.constantFrom('{{scalar a}}', '{{scalar b}}', '{{! a comment }}')
const template = fc.letrec<{ many: string; one: string }>((tie) => ({
  many: fc.array(fc.oneof(words, value, tie('one')), { maxLength: 4 }).map((parts) => parts.join('')),
  one: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('{{#each texts}}- {{scalar this}}\n{{/each}}', '\n{{#each texts}}\n{{scalar this}}\n{{/each}}\n'),
    fc
      .tuple(fc.constantFrom('a', 'list', 'texts'), tie('many'), tie('many'), fc.constantFrom('', '\n'))
      .map(([name, inside, otherwise, end]) => `{{#if ${name}}}${end}${inside}{{else}}${end}${otherwise}{{/if}}${end}`),
    tie('many').map((inside) => `{{#each list}}\n${inside}{{/each}}\n`),
  ),
}))

describe('the code that is made of templates', () => {
  it('gives what Handlebars gives, for any template of what may be used and any views one after the other', () => {
    fc.assert(
      fc.property(template.many, fc.array(view, { minLength: 1, maxLength: 3 }), (text, given) => {
        const theirs = engine.compile(text, { strict: true })
        const views = [...given, ...given]
        expect(filled(text, ...(views as View[]))).toEqual(views.map((one) => theirs(one)))
      }),
      { numRuns: 500 },
    )
  })

  it('takes no value for another that looks like it', () => {
    const views = [true, 'true', 1, '1', null, 'null', 0, '0', ''].map((a) => ({ a }))
    const told = views.map(({ a }) => `x: ${scalarText(a)}!`)
    expect(filled('x: {{scalar a}}!', ...views, ...views)).toEqual([...told, ...told])
  })

  it('makes no mistake of a view look like the value before it', () => {
    expect(() => filled('x: {{scalar a}}', { a: 'text' }, {})).toThrow('asked for "a", which its view lacks')
  })

  it('keeps no more than a thousand values of one place, and writes the others as well', () => {
    const views = Array.from({ length: 1500 }, (_, a) => ({ a }))
    expect(filled('{{scalar a}}', ...views, ...views)).toEqual([...views, ...views].map(({ a }) => String(a)))
  })

  it.each([
    ['a name that the view lacks', '{{scalar c}}', 'a template asked for "c", which its view lacks'],
    ['a name that every object inherits', '{{scalar constructor}}', 'asks for "constructor"'],
    ['the length of a text', '{{scalar length}}', 'asks for "length"'],
    ['a condition that the view lacks', '{{#if c}}x{{/if}}', 'asked for "c"'],
    ['a list as a scalar', '{{scalar list}}', 'asked for a scalar'],
    ['a scalar as a list', '{{#each a}}x{{/each}}', 'asked for a list'],
  ])('throws for %s', (_name, text, message) => {
    expect(() => filled(text, { a: 'text', list: [] })).toThrow(message)
  })

  it.each([
    ['a block that is not known', '{{#with a}}x{{/with}}', '{{#with}}'],
    ['a value of the loop', '{{#each list}}{{scalar @index}}{{/each}}', 'something else than a name'],
    ['a literal', '{{scalar "a"}}', 'something else than a name'],
    ['an else of a loop', '{{#each list}}x{{else}}y{{/each}}', '{{else}}'],
  ])('is not made for %s', (_name, text, message) => {
    expect(() => filled(text, { a: 'text', list: [] })).toThrow(message)
  })
})
