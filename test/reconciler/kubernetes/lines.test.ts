import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineCutter } from '../../../reconciler/sources/kubernetes/api/lines.ts'
import { eventOf } from '../../../reconciler/sources/kubernetes/watch/follow.ts'

describe('lines of a stream', () => {
  it('are the same wherever the stream is cut, also within a character', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => !text.includes('\n'))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(40), { maxLength: 40 }), (lines, sizes) => {
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''))
        const cut = createLineCutter()
        const seen: string[] = []
        let from = 0
        for (const size of [...sizes, bytes.length]) {
          seen.push(...cut(bytes.subarray(from, from + size)))
          from += size
        }
        expect(seen).toEqual(
          Buffer.from(lines.join('\n'))
            .toString('utf8')
            .split('\n')
            .filter((one) => one !== ''),
        )
      }),
    )
  })

  it('that never end are an error', () => {
    const cut = createLineCutter(100)
    cut(Buffer.alloc(100, 'x'))
    expect(() => cut(Buffer.from('x'))).toThrow('a line has more than 100 bytes')
  })

  it('are lost when the stream ends within one', () => {
    expect(createLineCutter()(Buffer.from('whole\nhal'))).toEqual(['whole'])
  })
})

describe('a line of a watch', () => {
  it('is an event with its object', () => {
    const event = { type: 'ADDED', object: { metadata: { name: 'a' } } }
    expect(eventOf(JSON.stringify(event))).toEqual(event)
  })

  const wrong: readonly (readonly [sentence: string, line: string, error: object])[] = [
    [
      'that is half an event',
      '{"type":"ADDED","object":{',
      { message: 'a line of the watch is not JSON', status: null },
    ],
    ['that is null', 'null', { message: 'a line of the watch is no event', status: null }],
    ['without an object', '{"type":"ADDED"}', { message: 'a line of the watch is no event', status: null }],
    [
      'of a type there is none of',
      '{"type":"SANG","object":{}}',
      { message: 'a line of the watch is no event', status: null },
    ],
    [
      'that tells that the history is gone',
      '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}',
      { status: 410, reason: 'Expired', message: 'too old' },
    ],
    ['that tells an error without saying which', '{"type":"ERROR"}', { status: 500 }],
  ]
  it.each(wrong)('%s is an error', (_sentence, line, error) => {
    expect(() => eventOf(line)).toThrow(expect.objectContaining(error) as Error)
  })
})
