import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatFile } from '../../../compiler/format/format.ts'
import { loadDocuments } from '../../../compiler/load/document.ts'
import { anyYaml } from '../../support/any-yaml.ts'

const fileOf = (text: string) => ({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) })
const values = (text: string): unknown[] => loadDocuments(fileOf(text)).documents.map((one) => one.value)
const comments = (text: string): string[] =>
  (text.match(/# (above|behind|within)[ 0-9]*/g) ?? []).map((one) => one.trim()).sort()
/** Comments behind keys whose values begin below, or that have none, each with its key. */
const behindKeys = (text: string): string[] =>
  [...text.matchAll(/^[\ufeff -]*([A-Za-z]+): *(# behind [0-9]+)\r?$/gm)]
    .map(([, key, comment]) => `${key}: ${comment}`)
    .sort()

/** A file of one to three documents, as it came over one system or another. */
const anyFile = fc
  .tuple(
    fc.array(anyYaml, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '---\n', '# first\n\n', '\ufeff'),
    fc.constantFrom('\n', '\r\n'),
    fc.boolean(),
  )
  .map(([documents, before, lineEnd, ends]) => {
    const text = `${before}${documents.join('---\n')}`
    const ended = ends ? text : text.replace(/\n$/, '')
    return ended.replaceAll('\n', lineEnd)
  })
  .filter((text) => loadDocuments(fileOf(text)).problems.length === 0)

const runs = Number(process.env['FUZZ_RUNS'] ?? 150)

describe('any file of YAML, formatted', () => {
  it('has the same values and comments, stays the same when formatted again, and is hardly ever left alone', () => {
    let alone = 0
    let all = 0
    fc.assert(
      fc.property(anyFile, (text) => {
        all += 1
        const { text: formatted, problems } = formatFile(fileOf(text))
        if (formatted === undefined) {
          alone += 1
          expect(problems.map((one) => one.code)).toEqual(['FORMAT_UNSAFE'])
          return
        }
        expect(values(formatted)).toEqual(values(text))
        expect(comments(formatted)).toEqual(comments(text))
        expect(behindKeys(formatted), 'a comment behind a key stays behind that key').toEqual(behindKeys(text))
        expect(formatFile(fileOf(formatted)).text).toBe(formatted)
        expect(/[^\r]\n/.test(formatted) && formatted.includes('\r')).toBe(false)
      }),
      { numRuns: runs },
    )
    // About one in a hundred is; of so few runs it may be some more.
    expect(alone / all).toBeLessThan(0.08)
  }, 120_000)
})
