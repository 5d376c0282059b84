import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Comparison } from '../../cli/impact/comparison.ts'
import { markdownComparison, markdownMarker, markdownProblems } from '../../cli/impact/markdown.ts'
import { code, fenced, plain } from '../../cli/impact/markdown-text.ts'
import { unifiedDiff } from '../../compiler/impact/unified.ts'
import { nothing, publishTexts } from '../support/compiler.ts'
import { hostileText } from '../support/hostile-text.ts'
import { compared, gpuTraining } from '../support/impact.ts'

const limit = 60_000
const problemOf = (message: string, hint: string) =>
  ({
    code: 'KEY_UNKNOWN',
    severity: 'error',
    message,
    hint,
    where: { file: 'specs/a.yaml', line: 1, column: 1 },
  }) as const

/** A comparison whose every text is whatever it likes, and as long. */
const long = fc.oneof(
  hostileText,
  fc.constantFrom('`'.repeat(300), '|'.repeat(9_000), '<'.repeat(70_000), '@team '.repeat(50)),
)
const anyComparison = fc
  .record({
    text: long,
    lines: fc.array(long, { maxLength: 40 }),
    files: fc.integer({ min: 0, max: 60 }),
    rows: fc.integer({ min: 0, max: 300 }),
  })
  .map(({ text, lines, files, rows }): Comparison => {
    const place = { file: text, line: 7, column: 1 }
    const key = { environment: 'prod', project: 'language', name: text }
    const base = compared([], nothing)
    return {
      ...base,
      problems: [{ ...problemOf(text, text), severity: 'warning' }],
      difference: {
        ...base.difference,
        same: false,
        impact: {
          ...base.difference.impact,
          removes: Array.from({ length: rows }, () => ({ key, where: place })),
          waits: Array.from({ length: rows }, () => ({ key, where: place, message: text, changes: [] })),
          prunes: Array.from({ length: rows }, () => ({ path: text, what: text })),
        },
        files: Array.from({ length: files }, () => ({
          path: text,
          against: null,
          kind: 'added' as const,
          ...unifiedDiff('', lines.join('\n')),
        })),
      },
    }
  })

/** The lines outside of code blocks; fails for a block that is left open. */
function outsideOfCode(markdown: string): readonly string[] {
  let fence = ''
  const outside: string[] = []
  for (const line of markdown.split('\n')) {
    const [, marks = ''] = /^(`{3,})/.exec(line) ?? []
    if (fence === '' && marks !== '') fence = marks
    else if (fence !== '' && line === fence) fence = ''
    else if (fence === '') outside.push(line)
  }
  expect(fence).toBe('')
  return outside
}

describe('the comment on a pull request', () => {
  it('has fewer than 60,000 characters, closes what it opens and keeps its rows whole, whatever the change says', () => {
    fc.assert(
      fc.property(anyComparison, (comparison) => {
        const text = markdownComparison(comparison)
        expect(text.length).toBeLessThan(limit)
        expect(text.startsWith(`${markdownMarker}\n`)).toBe(true)
        const lines = outsideOfCode(text)
        expect(lines.filter((line) => line === '<details>')).toHaveLength(
          lines.filter((line) => line === '</details>').length,
        )
        for (const line of lines.filter((one) => one.startsWith('|')))
          expect(line.replaceAll(/\\./g, '').split('|'), line).toHaveLength(5)
        const bare = lines.join('\n').replaceAll(/(`+)[^`](?:.*?[^`])??\1(?!`)/g, '')
        expect(bare).not.toMatch(/@(?!\u200b)|<(?!\/?(?:details|summary|br|span)>|!-- specyard diff -->)/)
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    )
  }, 120_000)

  it('tells of hundreds of changed specs the most important ones, how many more there are, and whole lines alone', () => {
    const names = Array.from({ length: 240 }, (_, index) => `training-${String(index).padStart(4, '0')}`)
    const before = names.map((name) => gpuTraining(name))
    const after = names.map((name, index) =>
      gpuTraining(name, '', `resources: { gpus: ${1 + (index % 8)}, gpuType: A100 }`),
    )
    const deployed = publishTexts([])
    const published = compared(before, deployed).compared
    const files = new Map([...deployed.files])
    for (const [path, text] of published.result.change) if (text !== null) files.set(path, text)
    const text = markdownComparison(compared(after, { ...deployed, files }))
    expect(text.length).toBeLessThan(limit)
    expect(text.length).toBeGreaterThan(limit / 2)
    // Every eighth asks for as many GPUs as before.
    expect(text).toContain('210 runs stop, 210 runs start')
    expect(text).toMatch(/\| … \| \| and \d+ more \|/)
    expect(text).toMatch(/… and \d+ more files: \*\*specyard diff\*\* shows all\./)
    expect(text).toMatch(/`prod\/language\/training-0007`.*8 A100/)
    expect(markdownComparison(compared(after, { ...deployed, files }))).toBe(text)
    const rows = text.split('#### ').map((section) => section.split('\n| `').length - 1)
    expect(Math.min(...rows.slice(1)), 'rows of the section with the fewest').toBeGreaterThan(50)
  }, 120_000)

  it('says what the change does before it says what else is to be said', () => {
    const { difference, ...comparison } = compared([gpuTraining('letters')], nothing, undefined, ['kind: Nonsense\n'])
    const warning = { ...problemOf('a', 'b'), severity: 'warning' as const }
    const policy = { ...warning, code: 'POLICY_WARNED' as const }
    const text = markdownComparison({
      ...comparison,
      difference: { ...difference, impact: { ...difference.impact, policy: [policy] } },
      problems: [warning],
    })
    expect(text.match(/^(?:####? .*|Told .*|<details>)$/gm)).toEqual([
      '### Specyard: 1 run starts; at most 8 GPU-hours, cost at most 20',
      'Told against what is published, for main has 2 problems itself.',
      ...['#### Starts', '#### Policy', '#### Warnings', '#### Problems of main', '<details>'],
    ])
  })

  it('of specs with problems has fewer than 60,000 characters too', () => {
    const problems = Array.from({ length: 3000 }, (_, index) => problemOf(`problem ${index} @everyone`, '<b>bold</b>'))
    const text = markdownProblems(problems)
    expect(text.length).toBeLessThan(limit)
    expect(text).toContain('3,000 problems, nothing can be published')
    expect(text).not.toContain('@everyone')
  })

  it.each([
    ['a code span holds back quotes', code('a `b` c'), '`` a `b` c ``'],
    ['a bar ends no cell', code('a|b'), '`a\\|b`'],
    ['a line feed ends no row', plain('a\nb'), 'a b'],
    ['a name mentions nobody', plain('ask @team'), 'ask @\u200bteam'],
    ['a number names no issue', plain('as #12, GH-3'), 'as \\#\u200b12, GH\u200b-3'],
    ['a tag is text', plain('<img src=x>'), '&lt;img src=x&gt;'],
    ['an address is no link', plain('http://x'), 'http:\u200b//x'],
    ['one without a scheme neither', plain('WWW.x.org'), 'WWW\u200b.x.org'],
    ['dollars are no formula', plain('$A or $B'), '<span>$</span>A or <span>$</span>B'],
    ['a backslash before a bar ends no cell', code('a\\|b'), '`a\\\\\\|b`'],
    ['a picture stays whole', plain('a \u{1f600}'), 'a \u{1f600}'],
    ['what is escaped takes no more room for it', plain('&'.repeat(9), 21), '&amp;&amp;&amp;&amp;…'],
    ['and is not cut inside', plain('ab://c', 4), 'ab…'],
    ['a block holds fences', fenced('diff', ['```', '`````']), '``````diff\n```\n`````\n``````'],
  ])('%s', (_what, text, expected) => {
    expect(text).toBe(expected)
  })
})
