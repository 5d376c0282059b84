import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UpDocument } from '../../cli/up/document.ts'
import { builtProgram } from '../support/main-job/built.ts'
import { type Ended, endOf, startProgram } from '../support/main-job/program.ts'
import { gitIn } from '../support/publisher.ts'
import { dataset, environment, training } from '../support/two-environments.ts'

/* The local cluster under two environments, of which one has a branch of its own. The tests follow on each other. */

const specs = (ofProd: string): string =>
  [environment('dev'), environment('prod', ofProd), dataset('trainer'), words('dev'), words('prod')].join('---\n')
const words = (place: string): string =>
  training('words', place, 1)
    .replace('python, train.py', 'node, train.mjs')
    .replace(/$/, '  ttlSecondsAfterFinished: 60\n  retry: { maxRetries: 0 }\n')
const trainer = `const { BACKEND_BASE_URL, JOB_ID, ATTEMPT, CALLBACK_TOKEN } = process.env
const answer = await fetch(\`\${BACKEND_BASE_URL}/v1/jobs/\${JOB_ID}/done\`, {
  method: 'POST',
  headers: { authorization: \`Bearer \${CALLBACK_TOKEN}\`, 'content-type': 'application/json' },
  body: JSON.stringify({ sequence: 1, attempt: Number(ATTEMPT), status: 'succeeded', final_metrics: { loss: 0.5 } }),
})
console.log(answer.status, await answer.text())
`
const program = builtProgram()
let folder: string
const deploy = (): string => join(folder, '.specyard', 'deploy.git')
const run = (...args: readonly string[]): Promise<Ended> => endOf(startProgram(program, folder, args), 120)
const settle = ['up', '--until-settled', '--output', 'json', '--port', '0', '--timeout', '100s'] as const
const ledger = (branch: string): string =>
  gitIn(deploy(), 'show', `${branch}:.specyard/ledger/runs/prod/language/words.json`)

beforeAll(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'specyard-branches-')), 'specs')
  mkdirSync(join(folder, 'specs'), { recursive: true })
  mkdirSync(join(folder, 'trainer'))
  writeFileSync(join(folder, 'trainer', 'train.mjs'), trainer)
  writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  writeFileSync(join(folder, 'specs', 'all.yaml'), specs(', branch: prod'))
})
afterAll(() => {
  rmSync(join(folder, '..'), { recursive: true, force: true, maxRetries: 10 })
})

describe('specyard up where an environment has a branch of its own', () => {
  it('trains in both, and says of the one on its own branch there that it has ended', async () => {
    const ended = await run(...settle)
    expect(ended.code, ended.stderr).toBe(0)
    const { runs } = JSON.parse(ended.stdout) as UpDocument
    expect(runs.map(({ environment, state }) => [environment, state]).sort()).toEqual([
      ['dev', 'SUCCEEDED'],
      ['prod', 'SUCCEEDED'],
    ])
    expect(ledger('prod')).toContain('"outcome": "SUCCEEDED"')
    expect(gitIn(deploy(), 'ls-tree', '-r', '--name-only', 'main')).not.toContain('/prod/')
    expect(gitIn(deploy(), 'log', '--format=%s', 'prod')).toContain('prod/language/words: SUCCEEDED')
    expect(gitIn(deploy(), 'log', '--format=%s', 'main')).not.toContain('prod/language/words')
  })

  it('trains nothing again, and follows a run to the commit of its own branch', async () => {
    const ended = await run(...settle)
    expect(ended.code, ended.stderr).toBe(0)
    expect((JSON.parse(ended.stdout) as UpDocument).runs.map(({ attempts }) => attempts)).toEqual([1, 1])
    const { stdout } = await run('trace', 'prod/language/words', '--output', 'json')
    const commits = gitIn(deploy(), 'rev-list', 'prod').split('\n')
    const { publications } = JSON.parse(stdout) as { publications: readonly { commit: string }[] }
    expect(publications.length).toBeGreaterThan(0)
    for (const { commit } of publications) expect(commits).toContain(commit)
  })
})
