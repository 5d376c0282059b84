// Sums the JSON reports of the test runs into the one line that CI ends with.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2] ?? '.'
const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
const sum = (key) => reports.reduce((total, report) => total + report[key], 0)
const failed = sum('numFailedTests') + reports.filter((report) => !report.success && report.numFailedTests === 0).length
console.log(`${sum('numPassedTests')} passed, ${failed} failed`)
process.exitCode = failed === 0 && reports.length > 0 ? 0 : 1
