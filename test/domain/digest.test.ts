import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { digest, digestInJavaScript } from '../../domain/digest.ts'

const algorithms = ['sha1', 'sha256'] as const

describe.each(algorithms)('%s without Node’s crypto', (algorithm) => {
  it('is what Node’s crypto says of any text, halves of surrogate pairs among it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ unit: 'grapheme' }),
        (units, graphemes) => {
          for (const text of [units, graphemes, graphemes.slice(1)])
            expect(digestInJavaScript(algorithm, text)).toBe(hash(algorithm, text))
        },
      ),
    )
  })

  it('is what Node’s crypto says of any bytes, wherever in a buffer they begin', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 400 }), fc.nat(8), (bytes, from) => {
        expect(digestInJavaScript(algorithm, bytes.subarray(from))).toBe(hash(algorithm, bytes.subarray(from)))
      }),
    )
  })

  it.each([0, 55, 56, 63, 64, 65, 119, 120, 4095, 4096])('is what Node’s crypto says of %i characters', (length) => {
    expect(digestInJavaScript(algorithm, 'é'.repeat(length))).toBe(hash(algorithm, 'é'.repeat(length)))
    expect(digestInJavaScript(algorithm, 'e'.repeat(length))).toBe(hash(algorithm, 'e'.repeat(length)))
  })

  it('is one digest, whoever makes it: the first of a process, the hundredth, and one of a long text', () => {
    const texts = [...Array.from({ length: 100 }, (_, index) => `text ${index}`), 'long '.repeat(2000)]
    for (const text of texts) expect(digest(algorithm, text)).toBe(hash(algorithm, text))
  })
})
