import fc from 'fast-check'
import { expect, it } from 'vitest'
import { githubReport } from '../../../cli/report/github.ts'
import { humanReport } from '../../../cli/report/human.ts'
import { jsonReport } from '../../../cli/report/json.ts'
import { junitReport } from '../../../cli/report/junit.ts'
import { sarifReport } from '../../../cli/report/sarif.ts'
import { linesOf } from '../../../cli/terminal/frame.ts'
import { comparePlaces, type Place } from '../../../domain/problem.ts'
import { compileTexts, endpoint, sourcesOf, training } from '../../support/compiler.ts'
import { hostileText } from '../../support/hostile-text.ts'
import { reportWith } from '../../support/report.ts'

const oddities = fc.oneof(
  hostileText,
  fc.constantFrom(
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    ': ',
    ', ',
    '- ',
    '"',
    "'",
    '&a ',
    '*a',
    '!x ',
    '? ',
    '|\n',
    '#',
    '\t',
  ),
)
const spliced = fc
  .tuple(
    fc.constantFrom(training('letters', '  env: { A: "b" }\n'), endpoint('  rollout: { strategy: canary }\n')),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 6 }), oddities), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, splices]) =>
    splices.reduce((now, [at, length, inserted]) => {
      const begin = at % (now.length + 1)
      return now.slice(0, begin) + inserted + now.slice(begin + length)
    }, text),
  )

function expectInside(place: Place, lines: readonly string[] | undefined): void {
  const line = lines?.[place.line - 1]
  expect(line, `${place.file}:${place.line}`).toBeDefined()
  expect(place.column).toBeGreaterThan(0)
  expect(place.column).toBeLessThanOrEqual((line?.length ?? 0) + 1)
  if (!place.end) return
  expect(comparePlaces(place, { file: place.file, ...place.end })).toBeLessThan(0)
  expect(place.end.column).toBeLessThanOrEqual((lines?.[place.end.line - 1]?.length ?? 0) + 1)
}

it('whatever is done to a spec, every place lies in its file, and every report of it can be written', () => {
  fc.assert(
    fc.property(spliced, (text) => {
      const sources = sourcesOf([text])
      const { problems } = compileTexts([text])
      const lines = linesOf(sources)
      const report = reportWith(problems, { files: sources.map((file) => file.path), linesOf: lines })
      for (const { where, also = [] } of problems)
        for (const place of [where, ...also.map((one) => one.where)]) expectInside(place, lines(place.file))
      const human = humanReport(report, undefined)
      for (const { where, code } of problems)
        expect(human).toContain(`${where.file}:${where.line}:${where.column}  error  ${code}`)
      expect(githubReport(report).split('\n')).toHaveLength(problems.length + 2)
      expect(JSON.parse(jsonReport(report))).toMatchObject({ errors: problems.length })
      expect(JSON.parse(sarifReport(report, new Map()))).toMatchObject({ version: '2.1.0' })
      expect(junitReport(report)).toContain(`failures="${problems.length}"`)
    }),
    {
      numRuns: Number(process.env['FUZZ_RUNS'] ?? 500),
      // A block of text in which the parser's own count of lines was wrong.
      examples: [[`\napiVersion: |\n}${training().slice(14)}`]],
    },
  )
}, 120_000)

it.each([
  ['that turns text round', '\u202e'],
  ['that isolates text', '\u2066'],
  ['that marks a direction', '\u061c'],
  ['that moves the cursor', '\u001b'],
])('a sign %s is escaped alike in every report, in messages, hints and notes', (_what, sign) => {
  const where = { file: 'specs/a.yaml', line: 1, column: 1 }
  const also = [{ where, note: `n${sign}` }]
  const one = { code: 'KEY_UNKNOWN', severity: 'error', message: `m${sign}`, hint: `h${sign}`, where, also } as const
  const report = reportWith([one])
  const escaped = `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
  for (const text of [
    humanReport(report, undefined),
    githubReport(report),
    JSON.stringify(JSON.parse(sarifReport(report, new Map())).runs[0].results).replaceAll('\\\\', '\\'),
    junitReport(report),
  ]) {
    expect(text).not.toContain(sign)
    for (const letter of 'mhn') expect(text).toContain(`${letter}${escaped}`)
  }
})
