import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtProgram } from '../support/main-job/built.ts'
import { type Ended, endOf, startProgram } from '../support/main-job/program.ts'
import { gitIn } from '../support/publisher.ts'

/* The command in a spec repository of its own, with the embedded database and deploy repository. The tests follow on each other. */

const common = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, images: { example/trainer: trainer } }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: data, format: text }
`
const training = (name: string, epochs: number): string => `---
apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: ${name}, project: language }
spec:
  environment: dev
  task: { type: language-modelling }
  model: { name: char-loglinear, source: custom }
  dataset: { ref: text }
  training: { epochs: ${epochs} }
  image: example/trainer:1
`

const program = builtProgram()
let folder: string
let byHand: string

const run = (...args: readonly string[]): Promise<Ended> => endOf(startProgram(program, folder, args), 120)
const inState = (...parts: readonly string[]): string => join(folder, '.specyard', ...parts)
const head = (): string => gitIn(inState('deploy.git'), 'rev-parse', 'main')
const loseDatabase = (): void => rmSync(inState('database'), { recursive: true })

/** As somebody who is not Specyard: the second name's run is said to have succeeded. */
function editLedger(): string {
  const clone = join(folder, '..', 'clone')
  gitIn(folder, 'clone', '--quiet', inState('deploy.git'), clone)
  const path = '.specyard/ledger/runs/dev/language/second.json'
  const text = readFileSync(join(clone, path), 'utf8')
  writeFileSync(join(clone, path), text.replace('"outcome": null', '"outcome": "SUCCEEDED"'))
  gitIn(clone, 'commit', '--quiet', '--all', '--message', 'By hand')
  gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
  return gitIn(clone, 'rev-parse', 'HEAD')
}

beforeAll(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'specyard-rebuild-')), 'specs')
  mkdirSync(join(folder, 'specs'), { recursive: true })
  writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  for (const specs of [
    [training('first', 1), training('second', 1)],
    [training('first', 2), training('second', 1)],
    [training('first', 2)],
  ]) {
    writeFileSync(join(folder, 'specs', 'training.yaml'), common + specs.join(''))
    expect(await run('publish')).toMatchObject({ code: 0 })
  }
  byHand = editLedger()
})
afterAll(() => {
  rmSync(join(folder, '..'), { recursive: true, force: true, maxRetries: 10 })
})

describe('specyard rebuild', () => {
  it('makes the records that are not there, and says what it does not know or believe', async () => {
    const { code, stdout, stderr } = await run('rebuild', '--output', 'json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      complete: true,
      history: { first: { at: expect.any(String) }, last: { commit: expect.any(String) } },
      rebuilt: {
        runs: 3,
        goingOn: 3,
        dropped: 0,
        attempts: 3,
        modelVersions: 0,
        releases: 0,
        publications: 3,
        known: 0,
      },
      filled: { jobs: 0, evidence: 0, trackerLinks: 0 },
      unknown: {
        attemptsWithoutJob: 3,
        attemptsWithoutEvidence: 3,
        notRebuilt: { count: 0 },
        disbelieved: {
          count: 1,
          changes: [
            { commit: byHand, author: 'Ada <ada@example.com>', path: '.specyard/ledger/runs/dev/language/second.json' },
          ],
        },
      },
    })
    // No cluster is connected here, and nothing is concluded from that.
    expect(head()).toBe(byHand)
    const traced = JSON.parse((await run('trace', 'first', '--output', 'json')).stdout) as { runs: { state: string }[] }
    expect(traced.runs.map(({ state }) => state)).not.toContain('SUCCEEDED')
  })

  it('refuses a database that has runs, with their number and the way on', async () => {
    const { code, stderr } = await run('rebuild')
    expect(code).toBe(3)
    expect(stderr).toContain('RECORDS_PRESENT  the database has records of 3 runs')
    expect(stderr).toContain('--into-existing')
  })

  it('adds nothing to records that are complete when it is told to add to them', async () => {
    const { code, stdout } = await run('rebuild', '--into-existing')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^runs +0 +commits /m)
    expect(stdout).toMatch(/^runs left as they are +3 +the records had them already$/m)
  })

  it('prints as a table what is there again and what is not, once the database is lost once more', async () => {
    loseDatabase()
    const { code, stdout } = await run('rebuild')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^REBUILT +COUNT +FROM$/m)
    expect(stdout).toMatch(
      /^runs +3 +commits [0-9a-f]{10} \(.*Z\) to [0-9a-f]{10} \(.*Z\); 3 not ended, 0 no longer in the ledger$/m,
    )
    expect(stdout).toMatch(/^NOT KNOWN +COUNT +WHY$/m)
    expect(stdout).toMatch(/^Jobs and pods of attempts +3 +no cluster/m)
    expect(stdout).toContain(
      `.specyard/ledger/runs/dev/language/second.json  ${byHand.slice(0, 10)}  Ada <ada@example.com>`,
    )
  })

  it('starts nothing: what is published stays as it is', async () => {
    const before = head()
    expect(await run('publish')).toMatchObject({ code: 0 })
    const changed = gitIn(
      inState('deploy.git'),
      'diff',
      '--name-only',
      before,
      'main',
      '--',
      'environments',
      'applications',
    )
    expect(changed).toBe('')
  })
})
