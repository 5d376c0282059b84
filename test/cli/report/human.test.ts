import { describe, expect, it } from 'vitest'
import { humanReport } from '../../../cli/report/human.ts'
import { jsonReport } from '../../../cli/report/json.ts'
import { codeFrame, linesOf } from '../../../cli/terminal/frame.ts'
import { columns } from '../../../cli/terminal/printable.ts'
import { formatProblems } from '../../../cli/terminal/problems.ts'
import type { Place, Problem } from '../../../domain/problem.ts'
import { training } from '../../support/compiler.ts'
import { reportOf, reportWith } from '../../support/report.ts'

const file = 'specs/a.yaml'
const linesIn = (text: string) => linesOf([{ path: file, bytes: new TextEncoder().encode(text) }])
const problem = (where: Omit<Place, 'file'>, more: Partial<Problem> = {}): Problem => ({
  code: 'KEY_UNKNOWN',
  severity: 'error',
  message: 'm',
  where: { file, ...where },
  ...more,
})
const frame = (text: string, where: Omit<Place, 'file'>): readonly string[] =>
  codeFrame(problem(where), linesIn(text), [])

describe('a code frame', () => {
  it('marks what is meant, below the line and the one before it', () => {
    expect(frame('a: 1\nbcd: 2\n', { line: 2, column: 1, end: { line: 2, column: 4 } })).toEqual([
      '  1 │ a: 1',
      '  2 │ bcd: 2',
      '    │ ^^^',
    ])
  })

  it.each([
    ['a tab before it', '\tab: 1', { line: 1, column: 2 }, ['  1 │  ab: 1', '    │  ^']],
    ['wide letters before it', '日本😀 b', { line: 1, column: 6 }, ['  1 │ 日本😀 b', '    │        ^']],
    ['pictures of all ages before it', '✅⭐🟢🪐 b', { line: 1, column: 8 }, ['  1 │ ✅⭐🟢🪐 b', '    │          ^']],
    [
      'a flag and signs that are no pictures before it',
      '🇩🇪✓→ b',
      { line: 1, column: 8 },
      ['  1 │ 🇩🇪✓→ b', '    │      ^'],
    ],
    ['an accent on a letter before it', 'e\u0301 b', { line: 1, column: 4 }, ['  1 │ e\u0301 b', '    │   ^']],
    ['Windows line ends', 'a: 1\r\n', { line: 1, column: 4 }, ['  1 │ a: 1', '    │    ^']],
    ['a place behind the end', 'a:', { line: 1, column: 9 }, ['  1 │ a:', '    │   ^']],
    [
      'what goes on in the next line',
      'a: [1,\n 2]',
      { line: 1, column: 4, end: { line: 2, column: 4 } },
      ['  1 │ a: [1,', '    │    ^^^'],
    ],
  ])('stands right with %s', (_name, text, where, expected) => {
    expect(frame(text, where)).toEqual(expected)
  })

  it('cuts a long line around what is meant', () => {
    const [line, mark] = frame(`${'x'.repeat(500)}HERE${'y'.repeat(500)}`, {
      line: 1,
      column: 501,
      end: { line: 1, column: 505 },
    })
    expect(line?.length).toBeLessThan(130)
    expect(line?.slice(mark?.indexOf('^'), (mark?.lastIndexOf('^') ?? 0) + 1)).toBe('HERE')
  })

  it.each([60, 80, 100])('breaks no line of a terminal of %d columns, and still stands right', (width) => {
    const lines = [
      `${'x'.repeat(500)}HERE${'y'.repeat(500)}`,
      `${'漢'.repeat(500)}HERE${'字'.repeat(500)}`,
      `${'🚀'.repeat(500)}HERE${'🚀'.repeat(500)}`,
      `${'漢'.repeat(12)}HERE${'字'.repeat(500)}`,
      `a: HERE ${'b '.repeat(500)}`,
    ]
    for (const text of lines) {
      const column = text.indexOf('HERE') + 1
      const where = { line: 2, column, end: { line: 2, column: column + 4 } }
      const told = codeFrame(problem(where), linesIn(`${text}\n${text}`), [], width)
      for (const line of told) {
        expect(columns(line)).toBeLessThanOrEqual(width)
        expect(line).not.toMatch(/\p{Cs}/u)
      }
      const [, line = '', mark = ''] = told
      expect(columns(line.slice(0, line.indexOf('HERE')))).toBe(mark.indexOf('^'))
      expect(mark.trim()).toBe('│ '.padEnd(mark.trim().length - 4) + '^^^^')
    }
  })

  it('breaks no wider line than people have terminals where it is for no terminal', () => {
    for (const line of frame('字'.repeat(500), { line: 1, column: 300 })) expect(columns(line)).toBeLessThan(120)
  })

  it('shows nothing that moves the cursor or turns text round', () => {
    expect(frame('a: \u001b[2J\u202ex', { line: 1, column: 1 })[0]).toBe('  1 │ a: \ufffd[2J\ufffdx')
    expect(formatProblems([problem({ line: 1, column: 1 }, { message: 'a\u001b[2J\u0007' })])).toContain(
      'a\\u001b[2J\\u0007',
    )
  })

  it('never shows a line that may hold a secret, not even beside another problem', () => {
    const text = 'env:\n  TOKEN: hunter2\n  other: 1\n'
    const secret = problem({ line: 2, column: 10 }, { secret: true })
    const told = formatProblems([secret, problem({ line: 3, column: 3 })], { linesOf: linesIn(text) })
    expect(told).not.toContain('hunter2')
    expect(told).toContain('  3 │   other: 1')
  })
})

describe('what a person reads', () => {
  it('has the place, the code, the line, the remedy and the page, and at the end how much there was', () => {
    expect(humanReport(reportOf([training('letters', '  timeout_seconds: 5\n')]), undefined)).toBe(
      [
        'specs/1.yaml:12:3  error  KEY_UNKNOWN  spec has no "timeout_seconds"',
        '  11 │   output: { model: letters }',
        '  12 │   timeout_seconds: 5',
        '     │   ^^^^^^^^^^^^^^^',
        '    hint: did you mean "timeoutSeconds"?',
        '    more: https://specyard.dev/errors#key_unknown',
        '',
        '2 files, 1 problem',
        '',
      ].join('\n'),
    )
  })

  it('says so where nothing is wrong, and where something else is', () => {
    expect(humanReport(reportOf([]), undefined)).toBe('1 file, no problems\n')
    expect(humanReport(reportWith([], { others: 2 }), undefined)).toBe(
      '0 files, no problems; 2 problems in files that were not asked about\n',
    )
  })
})

describe('JSON', () => {
  it('has every problem with its place, its end, its page and the other places', () => {
    const document = JSON.parse(jsonReport(reportOf([training('letters', '  queue: gpu\n')]))) as object
    expect(document).toEqual({
      format: 1,
      files: 2,
      errors: 1,
      warnings: 0,
      notes: 0,
      problemsElsewhere: 0,
      problems: [
        {
          code: 'QUEUE_UNKNOWN',
          severity: 'error',
          message: 'environment "dev" offers no queue "gpu"',
          where: { file: 'specs/1.yaml', line: 12, column: 10, end: { line: 12, column: 13 } },
          hint: 'there is no queue in the Environment yet: add one',
          also: [
            {
              where: { file: 'specs/0.yaml', line: 4, column: 1, end: { line: 4, column: 5 } },
              note: 'the queues of the environment',
            },
          ],
          page: 'https://specyard.dev/errors#queue_unknown',
        },
      ],
    })
  })
})
