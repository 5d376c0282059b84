import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeXml, junitReport } from '../../../cli/report/junit.ts'
import { endpoint, training } from '../../support/compiler.ts'
import { hostileText } from '../../support/hostile-text.ts'
import { reportOf, reportWith } from '../../support/report.ts'

describe('JUnit', () => {
  it('has a suite for each file, a case that passes where nothing is wrong, and one that fails for each problem', () => {
    const text = junitReport(reportOf([training(), endpoint('  colour: blue\n  nodes: "<1>"\n')]))
    const lines = text.split('\n').map((line) => line.trim())
    expect(lines[1]).toBe('<testsuites name="specyard check" tests="4" failures="2" errors="0" skipped="0" time="0">')
    expect(lines.filter((line) => line.startsWith('<testsuite '))).toEqual([
      '<testsuite name="specs/0.yaml" tests="1" failures="0" errors="0" skipped="0" time="0">',
      '<testsuite name="specs/1.yaml" tests="1" failures="0" errors="0" skipped="0" time="0">',
      '<testsuite name="specs/2.yaml" tests="2" failures="2" errors="0" skipped="0" time="0">',
    ])
    expect(text).toContain(
      '<failure type="KEY_UNKNOWN" message="12:3: spec has no &quot;colour&quot;">specs/2.yaml:12:3',
    )
    expect(text).toContain('13 │   nodes: &quot;&lt;1&gt;&quot;')
  })

  it('has names that tell alike problems apart, without their lines', () => {
    const where = { file: 'specs/a.yaml', line: 1, column: 1 }
    const one = { code: 'KEY_UNKNOWN', severity: 'error', message: 'm', where } as const
    const text = junitReport(reportWith([one, { ...one, where: { ...where, line: 7 } }]))
    expect([...text.matchAll(/<testcase name="([^"]*)"/g)].map((match) => match[1])).toEqual([
      'KEY_UNKNOWN: m',
      'KEY_UNKNOWN: m (2)',
    ])
  })

  it('fails nothing for a warning, and says it', () => {
    const where = { file: 'specs/a.yaml', line: 1, column: 1 }
    const warning = { code: 'PUBLISHED_FILE_CHANGED', severity: 'warning', message: 'm', where } as const
    const text = junitReport(reportWith([warning], { files: ['specs/a.yaml'] }))
    expect(text).toContain('tests="1" failures="0"')
    expect(text).toContain('<system-out>specs/a.yaml:1:1  warning  PUBLISHED_FILE_CHANGED  m')
  })

  it('holds nothing that XML 1.0 forbids, whatever a text holds', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const escaped = escapeXml(text)
        expect(escaped).not.toMatch(/[<>"'\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Cs}/u)
        expect(escaped.replaceAll(/&(amp|lt|gt|quot|apos);/g, '')).not.toContain('&')
      }),
    )
  })
})
