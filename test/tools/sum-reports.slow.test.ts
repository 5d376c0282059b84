import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const passed = { status: 'passed', fullName: 'holds', failureMessages: [] }

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'specyard-reports-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A run of one test file, as Vitest reports it. */
function report(
  name: string,
  told: { readonly assertionResults: readonly unknown[]; readonly message?: string },
): void {
  const [failed, success] = [told.assertionResults.filter((one) => one !== passed).length, told.message === undefined]
  const counts = { numFailedTests: failed, numPassedTests: told.assertionResults.length - failed }
  const testResults = [{ name: join(root, 'test', name), message: '', ...told }]
  writeFileSync(
    join(folder, `${name}.json`),
    JSON.stringify({ ...counts, success: success && failed === 0, testResults }),
  )
}

function summed(): { readonly status: number | null; readonly lines: readonly string[] } {
  const { status, stdout } = spawnSync(process.execPath, ['tools/sum-reports.mjs', folder], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, lines: stdout.trimEnd().split('\n') }
}

describe('the end of a run of CI', () => {
  it('sums what ran in one line', () => {
    report('one.test.ts', { assertionResults: [passed, passed] })
    report('two.test.ts', { assertionResults: [passed] })
    expect(summed()).toEqual({ status: 0, lines: ['3 passed, 0 failed'] })
  })

  it('names each test that failed, where it stands, and how its message begins', () => {
    const failureMessages = ['Error: expected 1 to be 2\n  at a\n  at b\n  at c']
    report('one.test.ts', {
      assertionResults: [passed, { status: 'failed', fullName: 'a thing is so', failureMessages }],
    })
    const told = 'failed: test/one.test.ts: a thing is so: Error: expected 1 to be 2 |   at a |   at b'
    expect(summed()).toEqual({ status: 1, lines: [told, '1 passed, 1 failed'] })
  })

  it('names a file that could not be loaded, and counts it as one', () => {
    report('one.test.ts', { assertionResults: [], message: 'SyntaxError: no such export' })
    const lines = ['failed: test/one.test.ts: SyntaxError: no such export', '0 passed, 1 failed']
    expect(summed()).toEqual({ status: 1, lines })
  })

  it('fails where nothing ran', () => {
    expect(summed()).toEqual({ status: 1, lines: ['0 passed, 0 failed'] })
  })
})
