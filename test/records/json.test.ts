import { describe, expect, it } from 'vitest'
import { jsonText, jsonTextOrNull, storableText } from '../../records/json.ts'

describe('JSON for the database', () => {
  it.each([
    ['a zero character', 'a\u0000b', 'a\ufffdb'],
    ['half a pair', 'a\ud83db', 'a\ufffdb'],
    ['the other half', 'a\ude00', 'a\ufffd'],
    ['a whole pair', '😀', '😀'],
    ['the letters of an escape', '\\u0000 \\ud83d', '\\u0000 \\ud83d'],
  ])('that holds %s can be stored', (_, given, stored) => {
    expect(JSON.parse(jsonText({ [given]: [given, { deep: given }] }))).toEqual({
      [stored]: [stored, { deep: stored }],
    })
  })

  it('keeps dates, numbers and nothing as JSON has them', () => {
    const value = { at: new Date(0), loss: Number.NaN, missing: undefined, none: null, text: '\u0000' }
    expect(JSON.parse(jsonText(value))).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      loss: null,
      none: null,
      text: '\ufffd',
    })
    expect([jsonTextOrNull(null), jsonTextOrNull(undefined), jsonText(undefined)]).toEqual([null, null, 'null'])
    expect(storableText('a\u0000')).toBe('a\ufffd')
  })
})
