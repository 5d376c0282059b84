import fc from 'fast-check'
import Handlebars from 'handlebars'
import { describe, expect, it } from 'vitest'
import { scalarText } from '../../compiler/render/scalar.ts'
import { asked, type View } from '../../compiler/render/template.ts'
import { type Node, templateCode } from '../../tools/template-code.ts'
import { hostileText } from '../support/hostile-text.ts'

const engine = Handlebars.create()
engine.registerHelper('scalar', (value: string) => new Handlebars.SafeString(scalarText(value)))

/** What the function that the build would make of a template gives for a view. */
function filled(template: string, view: View): string {
  const code = templateCode(Handlebars.parse(template) as unknown as Node)
  // The build writes the same text into a module.
  const fill = new Function('view', '{ items, holds, scalar }', code) as (view: View, given: typeof asked) => string
  return fill(view, asked)
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
  it('gives what Handlebars gives, for any template of what may be used and any view', () => {
    fc.assert(
      fc.property(template.many, view, (text, given) => {
        const theirs = engine.compile(text, { strict: true })(given)
        expect(filled(text, given as View)).toBe(theirs)
      }),
      { numRuns: 500 },
    )
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
