import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { UpDocument } from '../../../cli/up/document.ts'
import { readLedger } from '../../../domain/ledger-files.ts'
import type { Life } from './life.ts'
import { type Ended, startProgram } from './program.ts'

/** What `specyard status --output json` says: the records. */
interface Status {
  readonly jobs: readonly {
    readonly name: string
    readonly id: string
    readonly trace_id: string
    readonly environment: string
    readonly state: string
    readonly attempt: number
    readonly disruption_count: number
  }[]
  readonly endpoints: readonly {
    readonly environment: string
    readonly status: string
    readonly model_version: number
  }[]
  readonly models: readonly { readonly model: string; readonly version: number; readonly digest: string }[]
}

/**
 * Everything that must hold of the worked example once it has settled, however often it was killed on the way.
 * @param disrupted whether trainers were killed too
 */
export async function expectWhole(life: Life, ended: Ended, disrupted = false) {
  expect(ended.code, life.said.join('\n----\n')).toBe(0)
  const document = JSON.parse(ended.stdout) as UpDocument
  expect(document.runs.map((run) => [run.name, run.state, run.attempts, run.retryCount]).sort()).toEqual([
    ['handbook-lm', 'SUCCEEDED', 1, 0],
    ['handbook-retry', 'SUCCEEDED', 2, 1],
    ['support-sft', 'PENDING', 1, 0],
  ])
  expect(document.endpoints.map((one) => [one.environment, one.status]).sort()).toEqual([
    ['dev', 'healthy'],
    ['prod', 'waiting'],
  ])
  const status = await readStatus(life)
  expectStarts(life, status, disrupted)
  expectOneOfEach(life)
  expectLedgerEqualsRecords(life, status)
  expectSoundRepository(life)
  expectNothingLeft(life)
  expectNoSecretSaid(life)
  expect(life.said.join('\n')).not.toMatch(/defect|\n {4}at /)
}

async function readStatus(life: Life): Promise<Status> {
  const { code, stdout, stderr } = await startProgram(life.program, life.example.folder, [
    ...['status', '--output', 'json'],
  ]).ended
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Status
}

/** Each attempt's trainer began once. One that was killed began again inside its attempt, and the records count that. */
function expectStarts(life: Life, status: Status, disrupted: boolean): void {
  const traces = new Map(status.jobs.map((job) => [job.name, job.trace_id]))
  const began = life.sight.trainerStarts(traces)
  expect([...new Set(began)]).toEqual(['handbook-lm 1', 'handbook-retry 1', 'handbook-retry 2'])
  for (const job of status.jobs.filter(({ environment }) => environment === 'dev')) {
    const starts = began.filter((one) => one.startsWith(`${job.name} `)).length
    if (!disrupted) expect([job.name, job.disruption_count]).toEqual([job.name, 0])
    expect(starts, began.join(', ')).toBeLessThanOrEqual(job.attempt + job.disruption_count)
  }
  if (disrupted) expect(began.filter((one) => one === 'handbook-lm 1').length).toBeGreaterThan(1)
}

/** One version, and one commit for each decision. */
function expectOneOfEach(life: Life): void {
  const commits = life.sight.commits()
  const made = (pattern: RegExp) => commits.filter((subject) => pattern.test(subject)).length
  expect(made(/^Publish specs/), commits.join('\n')).toBe(1)
  expect(made(/^Retry dev\/language\/handbook-retry: attempt 2/), commits.join('\n')).toBe(1)
  expect(registrations(life), commits.join('\n')).toBe(1)
}

/** Commits that changed which versions of the model there are. */
function registrations(life: Life): number {
  return git(life, 'log', '--format=%h', 'main', '--', '.specyard/ledger/models')
    .split('\n')
    .filter((line) => line !== '').length
}

function expectLedgerEqualsRecords(life: Life, status: Status): void {
  const ledger = readLedger(life.sight.published())
  const inLedger = ledger.runs.flatMap((entry) => {
    expect(entry.runs).toHaveLength(1)
    return entry.runs.map((run) => ({
      name: entry.name,
      id: run.id,
      outcome: run.outcome,
      attempts: run.attempts.map((one) => [one.attempt, one.failureClass]),
    }))
  })
  const record = (name: string) => status.jobs.find((job) => job.name === name)
  for (const run of inLedger) {
    const { id, state, attempt } = record(run.name) ?? {}
    expect({ id: run.id, state: run.outcome ?? 'PENDING', attempt: run.attempts.length }).toEqual({
      id,
      state,
      attempt,
    })
  }
  expect(inLedger.find((run) => run.name === 'handbook-retry')?.attempts[0]).toEqual([1, 'APP_EXIT'])
  const versions = ledger.models.flatMap(({ model, versions: all }) =>
    all.map(({ version, digest }) => ({ model, version, digest })),
  )
  expect(versions).toEqual(status.models.map(({ model, version, digest }) => ({ model, version, digest })))
  expect(versions).toHaveLength(1)
  const pins = ledger.endpoints.map(({ environment, pin }) => [environment, pin?.version ?? null])
  expect(pins).toEqual([
    ['dev', 1],
    ['prod', null],
  ])
}

function expectSoundRepository(life: Life): void {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['-C', join(life.example.state, 'deploy.git'), 'fsck', '--full', '--strict', '--no-dangling'],
    { encoding: 'utf8' },
  )
  expect({ status, said: `${stdout}${stderr}`.trim() }).toEqual({ status: 0, said: '' })
}

/** No process has the folder in its words or variables, and nobody holds the lock. */
function expectNothingLeft(life: Life): void {
  expect(processesOf(life.example.folder)).toEqual([])
  expect(life.sight.has('lock')).toBe(false)
}

/** Linux shows the variables of processes too; elsewhere their words have to do. */
function processesOf(folder: string): readonly string[] {
  const listed = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder))
  const hidden = namesInProc().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder)
    } catch {
      return false
    }
  })
  return [...listed, ...hidden]
}

function namesInProc(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

function expectNoSecretSaid(life: Life): void {
  expect(life.tokens.size).toBeGreaterThanOrEqual(3)
  const key = readFileSync(join(life.example.state, 'signing-key'), 'utf8').trim()
  const texts = [...life.said, ...life.sight.logs()]
  for (const secret of [key, ...life.tokens]) expect(texts.some((text) => text.includes(secret))).toBe(false)
  // A token that was rotated away is one all the same.
  expect(texts.some((text) => /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/.test(text))).toBe(false)
}

function git(life: Life, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', join(life.example.state, 'deploy.git'), ...args], { encoding: 'utf8' })
}
