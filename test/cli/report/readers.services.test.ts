import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Problem } from '../../../domain/problem.ts'
import { createSpecFolder, type SpecFolder } from '../../support/check.ts'
import { endpoint, sourcesOf, training } from '../../support/compiler.ts'

/* Readers of SARIF and JUnit that others wrote read what `check` writes, and find in it what its JSON has. */

let folder: SpecFolder
let problems: readonly Problem[]

beforeAll(async () => {
  folder = createSpecFolder('readers')
  const [environments] = sourcesOf([])
  folder.write({
    'specs/environments.yaml': new TextDecoder().decode(environments?.bytes),
    'specs/ü b & c.yaml': training('letters', '  colour: "<b>"\n  nodes: 0\n  env: { A: 1.10 }\n'),
    'specs/a,b:c#d%20.yaml': endpoint('  replicas: { max: 1 }\n  route: "/twice\\u0007"\n'),
  })
  const { stdout } = await folder.run(['check', '--output', 'json'])
  problems = (JSON.parse(stdout) as { problems: Problem[] }).problems
  expect(problems.length).toBeGreaterThan(3)
})
afterAll(() => folder.remove())

function python(...args: readonly string[]): string {
  const program = process.env['SARIF_TOOLS_PYTHON']
  if (!program)
    throw new Error(
      'SARIF_TOOLS_PYTHON is not set; run: export SARIF_TOOLS_PYTHON="$(npx tsx tools/install-python.ts sarif-tools)"',
    )
  return execFileSync(program, args, { encoding: 'utf8', cwd: folder.path, timeout: 120_000 })
}

async function written(format: 'sarif' | 'junit', name: string): Promise<string> {
  const { code, stdout, stderr } = await folder.run(['check', '--output', format])
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  const path = join(folder.path, name)
  writeFileSync(path, stdout)
  return path
}

it('sarif-tools counts the problems, and lists each with its code, file and line', async () => {
  const path = await written('sarif', 'found.sarif')
  expect(python('-m', 'sarif', 'summary', path)).toContain(`error: ${problems.length}`)
  const list = join(folder.path, 'found.csv')
  python('-m', 'sarif', 'csv', '--output', list, path)
  const read = 'import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], encoding="utf-8-sig")))))'
  const rows = JSON.parse(python('-c', read, list)) as readonly Record<string, string>[]
  const named = (code: string, file: string, line: string | number): string => `${code} ${file} ${line}`
  expect(
    rows.map((row) => named(row['Code'] ?? '', decodeURIComponent(row['Location'] ?? ''), row['Line'] ?? '')).sort(),
  ).toEqual(problems.map((one) => named(one.code, one.where.file, one.where.line)).sort())
  const document = JSON.parse(readFileSync(path, 'utf8')) as { runs: { tool: { driver: { name: string } } }[] }
  expect(document.runs.map((run) => run.tool.driver.name)).toEqual(['Specyard'])
})

it('junitparser finds a case for each problem and for each file without one', async () => {
  const path = await written('junit', 'found.xml')
  const script = `
import json, sys
from junitparser import JUnitXml, Failure
cases = [
  {"suite": suite.name, "name": case.name, "failures": [[one.type, one.message, one.text] for one in case.result if isinstance(one, Failure)]}
  for suite in JUnitXml.fromfile(sys.argv[1]) for case in suite
]
print(json.dumps(cases))`
  const cases = JSON.parse(python('-c', script, path)) as readonly {
    readonly suite: string
    readonly name: string
    readonly failures: readonly (readonly [string, string, string])[]
  }[]
  expect(cases.filter((one) => one.failures.length === 0).map((one) => one.suite)).toEqual(['specs/environments.yaml'])
  const failed = cases.flatMap((one) => one.failures.map(([type, message]) => `${one.suite} ${type} ${message}`))
  const expected = problems.map(
    ({ code, message, where }) => `${where.file} ${code} ${where.line}:${where.column}: ${message}`,
  )
  expect([...failed].sort()).toEqual([...expected].sort())
})
