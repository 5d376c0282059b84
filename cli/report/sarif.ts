import { createHash } from 'node:crypto'
import type { Place, Problem } from '../../domain/problem.ts'
import type { LinesOf } from '../terminal/frame.ts'
import { printable } from '../terminal/printable.ts'
import { type ErrorSection, pageOf } from './pages.ts'
import { mostImportantFirst, type Report } from './report.ts'

/** GitHub refuses a run with more results. @see https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support */
const resultsMax = 25_000

/**
 * The problems as SARIF 2.1.0, which code scanning reads: one rule for each code that occurs, places relative to the checkout, and a
 * fingerprint that stays when lines move. Nothing in it tells when or where it was made, so the same problems give the same bytes.
 * @param sections what the page of codes says, for the rules
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifReport(report: Report, sections: ReadonlyMap<string, ErrorSection>): string {
  const { problems, version, linesOf, checkoutPath } = report
  const kept = problems.length > resultsMax ? mostImportantFirst(problems).slice(0, resultsMax) : problems
  const codes = [...new Set(kept.map((one) => one.code))].sort()
  const severities = new Map(kept.map((one) => [one.code, one.severity]))
  const fingerprints = fingerprintsOf(kept, linesOf)
  const driver = {
    name: 'Specyard',
    version,
    semanticVersion: version,
    informationUri: 'https://specyard.dev',
    rules: codes.map((code) => rule(code, severities.get(code) ?? 'error', sections.get(code))),
  }
  const run = {
    tool: { driver },
    columnKind: 'utf16CodeUnits',
    invocations: [{ executionSuccessful: true, ...leftOut(problems.length - kept.length) }],
    results: kept.map((one, index) => result(one, codes.indexOf(one.code), fingerprints[index] ?? '', checkoutPath)),
  }
  const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
  return `${JSON.stringify({ $schema: schema, version: '2.1.0', runs: [run] }, null, 2)}\n`
}

function leftOut(count: number): object {
  if (count === 0) return {}
  const text = `${count} problems of the least importance are left out, because readers of SARIF take ${resultsMax}.`
  return { toolExecutionNotifications: [{ level: 'warning', message: { text } }] }
}

function rule(code: Problem['code'], level: Problem['severity'], section: ErrorSection | undefined): object {
  const meaning = plainText(section?.text ?? code)
  const remedy = section?.remedy ?? ''
  return {
    id: code,
    name: code
      .toLowerCase()
      .split('_')
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join(''),
    shortDescription: { text: firstSentence(meaning) },
    fullDescription: { text: meaning },
    help: { text: plainText(remedy), markdown: `${section?.text ?? ''}\n\n**Remedy.** ${remedy}` },
    helpUri: pageOf(code),
    defaultConfiguration: { level },
  }
}

function result(one: Problem, ruleIndex: number, fingerprint: string, path: Report['checkoutPath']): object {
  const related = (one.also ?? []).map(({ where, note }, id) => ({
    id: id + 1,
    physicalLocation: physicalLocation(where, path),
    message: { text: printable(note) },
  }))
  const said = sentence(one.message)
  return {
    ruleId: one.code,
    ruleIndex,
    level: one.severity,
    message: { text: printable(one.hint === undefined ? said : `${said} Hint: ${one.hint}`) },
    locations: [{ physicalLocation: physicalLocation(one.where, path) }],
    ...(related.length > 0 ? { relatedLocations: related } : {}),
    partialFingerprints: { 'specyardProblem/v1': fingerprint },
  }
}

function physicalLocation({ file, line, column, end }: Place, path: Report['checkoutPath']): object {
  const uri = path(file).split('/').map(encodeURIComponent).join('/')
  return {
    artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
    region: { startLine: line, startColumn: column, ...(end ? { endLine: end.line, endColumn: end.column } : {}) },
  }
}

/** Of what is wrong and the text of its line, and which one of several such it is: the same wherever the line moves. */
function fingerprintsOf(problems: readonly Problem[], linesOf: LinesOf): readonly string[] {
  const seen = new Map<string, number>()
  return problems.map(({ code, where, message, secret }) => {
    const line = secret ? '' : (linesOf(where.file)?.[where.line - 1]?.trim() ?? '')
    const text = JSON.stringify([code, where.file, message, line])
    const times = (seen.get(text) ?? 0) + 1
    seen.set(text, times)
    return createHash('sha256').update(`${text}${times}`).digest('hex')
  })
}

/** Markdown without its marks. */
function plainText(markdown: string): string {
  return markdown
    .replaceAll(/^```[a-z]*\n|\n```$/gm, '')
    .replaceAll(/[`*]/g, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/(?<=\S)\n(?=\S)/g, ' ')
}

function firstSentence(text: string): string {
  return /^[\s\S]*?[.](?=\s|$)/.exec(text)?.[0] ?? text
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
