import { describe, expect, it } from 'vitest'
import type { LedgerRun } from '../../domain/ledger.ts'
import { readRunLedger } from '../../domain/ledger-files.ts'
import type { Deployed } from '../../domain/publication.ts'
import { describeOperations } from '../../compiler/operate/describe.ts'
import {
  compileTexts,
  deployedAfter,
  endpoint,
  manifests,
  nothing,
  perform,
  publishTexts,
  training,
} from '../support/compiler.ts'

const key = { environment: 'dev', project: 'language', name: 'letters' }
const runs = (deployed: Deployed): readonly LedgerRun[] => readRunLedger(deployed.files, key)?.runs ?? []
const first = publishTexts([training()])
const run = runs(first)[0] as LedgerRun
const finished = perform(first, {
  kind: 'retire',
  key,
  runId: run.id,
  attempts: [{ attempt: 1, failureClass: null }],
  outcome: 'SUCCEEDED',
}).deployed

describe('names and bytes', () => {
  it('ids and digests are what they were when the first run was made', () => {
    expect({ id: run.id, digest: run.digest, job: run.attempts[0]?.jobName }).toMatchInlineSnapshot(`
      {
        "digest": "0cb2dd3ca481c0835c7e483a4eb947f9371b177871d7d752fa3ce77d719089ed",
        "id": "e01a23c8-e10b-5fee-9d60-c5f0599d56f5",
        "job": "letters-0cb2dd3c-1",
      }
    `)
  })

  it('a spec that is new starts a run with its manifest, Application and placeholder', () => {
    expect([...first.files.keys()].filter((path) => !path.startsWith('.specyard')).sort()).toEqual([
      'applications/dev/language/jobs.yaml',
      'applications/prod/README.md',
      'environments/dev/language/jobs/README.md',
      `environments/dev/language/jobs/letters-${run.shortDigest}-1.yaml`,
    ])
  })

  it.each([
    ['retry', 'retry: { maxRetries: 9 }'],
    ['ttlSecondsAfterFinished', 'ttlSecondsAfterFinished: 60'],
    ['rerun: 0', 'rerun: 0'],
  ])('writing %s changes no digest, so nothing is published anew but the same run goes on', (_name, line) => {
    const result = compileTexts([training('letters', `  ${line}\n`)], first)
    expect({ starts: result.impact.starts, change: [...result.change.keys()] }).toEqual({ starts: [], change: [] })
  })

  it.each([
    ['a value', '  timeoutSeconds: 60\n'],
    ['rerun', '  rerun: 1\n'],
    ['a default written out', '  nodes: 1\n'],
  ])('writing %s changes the digest: one commit cancels the old run and starts the new one', (_name, line) => {
    const result = compileTexts([training('letters', line)], first)
    const deployed = deployedAfter(first, result.change)
    expect(result.impact.supersedes).toHaveLength(1)
    expect(runs(deployed).map((one) => [one.status, one.cancelReason])).toEqual([
      ['active', null],
      ['cancelling', 'SUPERSEDED'],
    ])
    expect(manifests(deployed)).toHaveLength(1)
    expect(manifests(deployed)).not.toEqual(manifests(first))
  })

  it('an edited Environment starts, stops and changes nothing that runs', () => {
    const base = (url: string): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, callback: { url: "${url}" }, images: { example/trainer: trainer } }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`
    const before = deployedAfter(nothing, compileTexts([training()], nothing, base('https://one.example.com')).change)
    const result = compileTexts([training()], before, base('https://two.example.com'))
    expect([...result.change.keys()]).toEqual([])
  })

  it('a manifest is copied byte for byte, also when it is not what this version would render', () => {
    const [path = ''] = manifests(first)
    const older = deployedAfter(first, new Map([[path, `# rendered by an older version\n${first.files.get(path)}`]]))
    expect([...compileTexts([training()], older).change.keys()]).toEqual([])
  })

  it('a manifest that somebody removed by hand is not rendered again', () => {
    const [path = ''] = manifests(first)
    expect([...compileTexts([training()], deployedAfter(first, new Map([[path, null]]))).change.keys()]).toEqual([])
  })

  it('compiling twice publishes once', () => {
    expect(compileTexts([training()], first).change.size).toBe(0)
  })

  it('two digests that share their first eight digits get names that differ', () => {
    const digest = `${run.digest.slice(0, 10)}${'0'.repeat(54)}`
    const twin = {
      ...run,
      id: '00000000-0000-5000-8000-000000000000',
      digest,
      shortDigest: digest.slice(0, 8),
      status: 'ended' as const,
    }
    const text = JSON.stringify({ format: 1, ...key, runs: [twin] })
    const deployed = deployedAfter(nothing, new Map([['.specyard/ledger/runs/dev/language/letters.json', text]]))
    const started = compileTexts([training()], deployed).impact.starts[0]
    expect(started?.shortDigest.length).toBeGreaterThan(10)
  })
})

describe('the ledger keeps a run ended', () => {
  it('a run that ended is not rendered again', () => {
    expect(manifests(finished)).toEqual([])
    const result = compileTexts([training()], finished)
    expect({ change: result.change.size, starts: result.impact.starts.length }).toEqual({ change: 0, starts: 0 })
  })

  it('a spec that is removed and restored does not run again, and says how it would', () => {
    const removed = deployedAfter(finished, compileTexts([], finished).change)
    const restored = compileTexts([training()], removed)
    expect(restored.impact.starts).toEqual([])
    expect(restored.problems.map((one) => [one.code, one.severity, one.hint?.includes('spec.rerun')])).toEqual([
      ['RUN_ENDED', 'note', true],
    ])
  })

  it('a commit that restores an older spec starts nothing and cancels what it no longer asks for', () => {
    const second = deployedAfter(finished, compileTexts([training('letters', '  rerun: 1\n')], finished).change)
    const back = compileTexts([training()], second)
    expect(back.impact.starts).toEqual([])
    expect(runs(deployedAfter(second, back.change)).map((one) => one.status)).toEqual(['cancelling', 'ended'])
  })

  it('a spec that is removed cancels its run; folder, placeholder and Application stay', () => {
    const result = compileTexts([], first)
    const deployed = deployedAfter(first, result.change)
    expect(result.impact.cancels).toEqual([{ key, runId: run.id }])
    expect(runs(deployed)[0]).toMatchObject({ status: 'cancelling', cancelReason: 'SPEC_REMOVED' })
    expect(deployed.files.has('environments/dev/language/jobs/README.md')).toBe(true)
    expect(deployed.files.has('applications/dev/language/jobs.yaml')).toBe(true)
  })
})

describe('operations', () => {
  const retry = {
    kind: 'retry',
    key,
    runId: run.id,
    expectAttempt: 1,
    attempt: 2,
    failureClass: 'APP_EXIT',
    checkpointUri: 'storage/x',
  } as const

  it('a retry adds the next attempt from the stored plan and leaves the first where it is', () => {
    const { deployed } = perform(first, retry)
    expect(manifests(deployed)).toHaveLength(2)
    expect(deployed.files.get(manifests(deployed)[1] ?? '')).toContain('value: "storage/x"')
    expect(runs(deployed)[0]?.attempts.map((one) => one.failureClass)).toEqual(['APP_EXIT', null])
  })

  it('the same retry again is dropped, because the newest attempt is another one', () => {
    const { results } = perform(perform(first, retry).deployed, retry)
    expect(results[0]).toMatchObject({ applied: false })
  })

  it('a retry of a run that was cancelled meanwhile is dropped', () => {
    const { deployed } = perform(first, { kind: 'cancel', key, runId: run.id, reason: 'REQUESTED' })
    expect(perform(deployed, retry).results[0]).toMatchObject({ applied: false })
    expect(manifests(deployed)).toEqual([])
  })

  it('after an operation there is nothing to compile', () => {
    expect(compileTexts([training()], perform(first, retry).deployed).change.size).toBe(0)
  })

  it('an operation on a file that somebody changed by hand is dropped', () => {
    const path = '.specyard/ledger/runs/dev/language/letters.json'
    const drifted = { ...first, drifted: [{ path, commit: 'd'.repeat(40), author: 'Somebody' }] }
    expect(perform(drifted, retry).results[0]).toMatchObject({ applied: false })
  })

  it('a concluded run keeps its outcome; a second conclusion is dropped', () => {
    const cancelled = perform(first, { kind: 'cancel', key, runId: run.id, reason: 'REQUESTED' }).deployed
    const conclude = { kind: 'conclude', key, runId: run.id, outcome: 'CANCELLED' } as const
    const concluded = perform(cancelled, conclude)
    expect(runs(concluded.deployed)[0]).toMatchObject({ status: 'ended', outcome: 'CANCELLED' })
    expect(perform(concluded.deployed, conclude).results[0]).toMatchObject({ applied: false })
  })
})

describe('a run that has succeeded and is not retired yet', () => {
  const concluded = perform(first, { kind: 'conclude', key, runId: run.id, outcome: 'SUCCEEDED' }).deployed
  const retire = {
    kind: 'retire',
    key,
    runId: run.id,
    attempts: [{ attempt: 1, failureClass: null }],
    outcome: 'SUCCEEDED',
  } as const

  it('keeps its manifest and its outcome, and asks for nothing', () => {
    expect(manifests(concluded)).toEqual(manifests(first))
    expect(runs(concluded)[0]).toMatchObject({ status: 'ended', outcome: 'SUCCEEDED' })
    expect(compileTexts([training()], concluded).change.size).toBe(0)
  })

  it('is followed, not superseded, when its spec changes', () => {
    const { impact, change } = compileTexts([training('letters', '  rerun: 1\n')], concluded)
    expect([impact.starts.length, impact.supersedes, impact.cancels]).toEqual([1, [], []])
    expect(manifests(deployedAfter(concluded, change))).toHaveLength(2)
  })

  it('is not cancelled when its spec is removed, and its manifest stays until it is retired', () => {
    const { impact, change } = compileTexts([], concluded)
    expect(impact.cancels).toEqual([])
    expect(manifests(deployedAfter(concluded, change))).toHaveLength(1)
  })

  it('is retired once', () => {
    const retired = perform(concluded, retire).deployed
    expect(manifests(retired)).toEqual([])
    expect(perform(retired, retire).results[0]).toMatchObject({ applied: false })
  })

  it('has its outcome corrected by late evidence', () => {
    const conclude = { kind: 'conclude', key, runId: run.id } as const
    const lost = perform(first, { ...conclude, outcome: 'FAILED', last: { attempt: 1, failureClass: 'LOST' } }).deployed
    expect(runs(lost)[0]).toMatchObject({ outcome: 'FAILED', attempts: [{ failureClass: 'LOST', retired: false }] })
    const success = { outcome: 'SUCCEEDED', last: { attempt: 1, failureClass: null } } as const
    const corrected = perform(lost, { ...conclude, ...success }).deployed
    const attempts = [{ attempt: 1, failureClass: null }]
    expect(runs(corrected)[0]).toMatchObject({ status: 'ended', outcome: 'SUCCEEDED', attempts })
  })

  it('says why it failed as soon as it has, in ledger and commit; what an older version asked for says it later', () => {
    const failed = { kind: 'conclude', key, runId: run.id, outcome: 'FAILED' } as const
    const told = perform(first, { ...failed, last: { attempt: 1, failureClass: 'OOM' } })
    expect(runs(told.deployed)[0]).toMatchObject({ outcome: 'FAILED', attempts: [{ failureClass: 'OOM' }] })
    expect(describeOperations(told.results).subject).toBe('Conclude dev/language/letters: FAILED (OOM)')
    const older = perform(first, failed)
    expect(runs(older.deployed)[0]).toMatchObject({ outcome: 'FAILED', attempts: [{ failureClass: null }] })
    const retiring = { ...retire, attempts: [{ attempt: 1, failureClass: 'OOM' }], outcome: 'FAILED' } as const
    const late = perform(older.deployed, retiring).deployed
    expect(runs(late)[0]).toMatchObject({ attempts: [{ failureClass: 'OOM', retired: true }] })
  })
})

describe('models are pinned in each environment', () => {
  const both = publishTexts([training(), endpoint()])
  const version = (digit: string) => ({
    digest: `sha256:${digit.repeat(64)}`,
    uri: `storage/models/${digit}`,
    sizeBytes: 3,
    stage: 'experimental' as const,
    run: { id: run.id, attempt: 1, environment: 'dev' },
    framework: null,
    hyperparameters: {},
    metrics: {},
  })
  const register = (digit: string) =>
    ({ kind: 'register', project: 'language', model: 'letters', version: version(digit) }) as const
  const values = (environment: string) => `environments/${environment}/language/endpoints/letters/values.yaml`

  it('an endpoint whose model has no version waits and is left out of the tree', () => {
    expect(both.files.has(values('dev'))).toBe(false)
    expect(compileTexts([training(), endpoint()], both).impact.waits.map((one) => one.key.environment)).toEqual([
      'dev',
      'prod',
    ])
  })

  it('a registered version is pinned where the environment follows the newest, and nowhere else', () => {
    const { deployed } = perform(both, register('a'))
    expect(deployed.files.get(values('dev'))).toContain(`digest: "sha256:${'a'.repeat(64)}"`)
    expect(deployed.files.has(values('prod'))).toBe(false)
    expect(deployed.files.has('charts/serving-endpoint/0.2.0/Chart.yaml')).toBe(true)
    expect(compileTexts([training(), endpoint()], deployed).change.size).toBe(0)
  })

  it('a commit that pins a version names the endpoints that it concerns, so that their Applications look at once', () => {
    const named = publishTexts([training(), endpoint().replace('name: letters', 'name: reader')])
    expect(perform(named, register('a')).subjects).toContain('dev/language/reader')
    expect(perform(named, register('a')).subjects).not.toContain('prod/language/reader')
  })

  it('a version with the same digest is not registered twice', () => {
    expect(perform(perform(both, register('a')).deployed, register('a')).results[0]).toMatchObject({ applied: false })
  })

  it('a second version takes over and the first is remembered', () => {
    const { deployed } = perform(perform(both, register('a')).deployed, register('b'))
    const entry = JSON.parse(deployed.files.get('.specyard/ledger/endpoints/dev/language/letters.json') ?? '') as {
      revision: number
      pin: { version: number }
      past: { pin: { version: number } }[]
    }
    expect([entry.revision, entry.pin.version, entry.past.map((one) => one.pin.version)]).toEqual([2, 2, [1]])
  })

  it('an endpoint whose spec is gone leaves the tree with its values, Application and chart', () => {
    const { deployed } = perform(both, register('a'))
    const gone = deployedAfter(deployed, compileTexts([training()], deployed).change)
    expect([...gone.files.keys()].filter((path) => path.includes('endpoint') || path.startsWith('charts/'))).toEqual([])
  })
})

describe('a published file that somebody else changed', () => {
  const path = 'environments/dev/language/jobs/README.md'
  const drift = (files: Deployed): Deployed => ({
    ...files,
    drifted: [{ path, commit: 'd'.repeat(40), author: 'Ada' }],
  })

  it('is left as it is, with a warning, while everything else is published', () => {
    const changed = drift(deployedAfter(first, new Map([[path, 'by hand\n']])))
    const result = compileTexts([training('letters', '  rerun: 1\n')], changed)
    expect(result.change.has(path)).toBe(false)
    expect(result.change.size).toBeGreaterThan(0)
    expect(result.problems.map((one) => [one.code, one.where.file])).toContainEqual(['PUBLISHED_FILE_CHANGED', path])
  })

  it('is settled when it is what is wanted anyway', () => {
    expect([...compileTexts([training()], drift(first)).change]).toEqual([[path, first.files.get(path)]])
  })
})
