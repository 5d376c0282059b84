import type { Problem } from '../../domain/problem.ts'
import { printable } from '../terminal/printable.ts'
import { formatProblems } from '../terminal/problems.ts'
import { pageOf } from './pages.ts'
import type { Report } from './report.ts'

/**
 * A suite for each file, and in it a case for each problem, or one that passes where there is none. Errors fail; warnings and notes
 * pass and say what they are. The names of cases hold no line, so that a reader which compares runs knows a problem again.
 */
export function junitReport(report: Report): string {
  const { files, problems, checkoutPath } = report
  const paths = [...new Set([...files, ...problems.map((one) => one.where.file)])].sort()
  const byFile = new Map<string, Problem[]>(paths.map((path) => [path, []]))
  for (const one of problems) byFile.get(one.where.file)?.push(one)
  const suites = [...byFile].map(([path, found]) => suite(checkoutPath(path), found, report))
  const total = { tests: sum(suites, 'tests'), failures: sum(suites, 'failures') }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="specyard check" ${amounts(total)}>`,
    ...suites.map((one) => one.text),
    '</testsuites>',
    '',
  ].join('\n')
}

interface Suite {
  readonly text: string
  readonly tests: number
  readonly failures: number
}

function suite(path: string, problems: readonly Problem[], report: Report): Suite {
  const tests = Math.max(1, problems.length)
  const failures = problems.filter((one) => one.severity === 'error').length
  const times = new Map<string, number>()
  const cases = problems.map((one) => {
    const name = `${one.code}: ${one.message}`
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    // Readers tell cases apart by their names alone.
    return testCase(path, time === 1 ? name : `${name} (${time})`, one, report)
  })
  const passed = `    <testcase ${attributes({ name: 'no problems', classname: path, file: path, time: 0 })}/>`
  const text = [
    `  <testsuite ${attributes({ name: path })} ${amounts({ tests, failures })}>`,
    ...(cases.length > 0 ? cases : [passed]),
    '  </testsuite>',
  ].join('\n')
  return { text, tests, failures }
}

function testCase(path: string, name: string, problem: Problem, { linesOf, checkoutPath, problems }: Report): string {
  const { code, message, where, severity } = problem
  const told = formatProblems([problem], { linesOf, shownPath: checkoutPath, beside: problems })
  const body = escapeXml(`${told}\n    more: ${pageOf(code)}`)
  const head = attributes({ name, classname: path, file: path, line: where.line, time: 0 })
  const inside =
    severity === 'error'
      ? `<failure ${attributes({ type: code, message: `${where.line}:${where.column}: ${message}` })}>${body}</failure>`
      : `<system-out>${body}</system-out>`
  return [`    <testcase ${head}>`, `      ${inside}`, '    </testcase>'].join('\n')
}

function amounts({ tests, failures }: { readonly tests: number; readonly failures: number }): string {
  return attributes({ tests, failures, errors: 0, skipped: 0, time: 0 })
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `${name}="${escapeXml(shown(name, String(value)))
          .replaceAll('\n', '&#10;')
          .replaceAll('\t', '&#9;')}"`,
    )
    .join(' ')
}

/** What readers print is printed as a terminal would be shown it; the path of a file has to lead there. */
function shown(name: string, value: string): string {
  return name === 'file' ? value : printable(value)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** What XML 1.0 allows no document to hold becomes the sign for that. @see https://www.w3.org/TR/xml/#charsets */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, '\ufffd')
    .replaceAll(/[&<>"']/g, (one) => entities[one] ?? one)
}

function sum(suites: readonly Suite[], of: 'tests' | 'failures'): number {
  return suites.reduce((total, one) => total + one[of], 0)
}
