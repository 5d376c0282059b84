// Sums the JSON reports of the test runs into the one line that CI ends with, after a line for each test that failed: the runs' own words about it are
// thousands of lines further up.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const folder = process.argv[2] ?? '.'
const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
const sum = (key) => reports.reduce((total, report) => total + report[key], 0)
const firstLines = (text) => (text ?? '').split('\n').slice(0, 3).join(' | ').slice(0, 500)
for (const { name, message, assertionResults } of reports.flatMap((report) => report.testResults)) {
  const file = relative(process.cwd(), name)
  if (message) console.log(`failed: ${file}: ${firstLines(message)}`)
  for (const { status, fullName, failureMessages } of assertionResults.filter(({ status }) => status === 'failed'))
    console.log(`${status}: ${file}: ${fullName}: ${firstLines(failureMessages[0])}`)
}
const failed = sum('numFailedTests') + reports.filter((report) => !report.success && report.numFailedTests === 0).length
console.log(`${sum('numPassedTests')} passed, ${failed} failed`)
process.exitCode = failed === 0 && reports.length > 0 ? 0 : 1
