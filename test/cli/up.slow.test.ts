import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UpDocument } from '../../cli/up/document.ts'
import { builtProgram } from '../support/main-job/built.ts'
import { copyExample, type Example } from '../support/main-job/example.ts'
import { type Ended, startProgram } from '../support/main-job/program.ts'

/* The main job from its beginning to its end, without a terminal and undisturbed. */
const program = builtProgram()
let example: Example
let document: UpDocument
beforeAll(() => {
  example = copyExample()
})
afterAll(async () => {
  await example.remove()
})

const run = (...args: readonly string[]): Promise<Ended> => startProgram(program, example.folder, args).ended
const settle = ['up', '--until-settled', '--output', 'json', '--port', '0', '--timeout', '240s'] as const

/** The pods there have been, by the folders that the local cluster made for them. */
function pods(): readonly string[] {
  return readdirSync(join(example.state, 'local', 'pods')).sort()
}

/** How often a trainer started, as its own first lines say. */
async function trainerStarts(name: string, attempt: number): Promise<number> {
  const { stdout } = await run('logs', name, '--attempt', String(attempt), '--tail', '10000')
  return stdout.split('\n').filter((line) => / begins at the beginning| goes on from checkpoint/.test(line)).length
}

describe('specyard up --until-settled --output json on the worked example', () => {
  it('settles, with one JSON document on standard output and nothing else there', async () => {
    const ended = await run(...settle)
    expect(ended.code, ended.stderr).toBe(0)
    document = JSON.parse(ended.stdout) as UpDocument
    expect(document.reason).toBeNull()
    expect(document.seconds).toBeGreaterThan(0)
  })

  it('runs both trainings, one of which fails first and is tried again; what a connected cluster does not serve waits and says so', async () => {
    const states = document.runs.map((one) => [one.name, one.environment, one.state, one.attempts, one.retryCount])
    expect(states.sort()).toEqual([
      ['handbook-lm', 'dev', 'SUCCEEDED', 1, 0],
      ['handbook-retry', 'dev', 'SUCCEEDED', 2, 1],
      ['support-sft', 'stg', 'PENDING', 1, 0],
    ])
    expect(document.runs.map(({ name, reason }) => [name, reason]).sort()).toContainEqual([
      'support-sft',
      'ClusterNotConnected',
    ])
    expect(await trainerStarts('handbook-lm', 1)).toBe(1)
    expect(await trainerStarts('handbook-retry', 1)).toBe(1)
    expect(await trainerStarts('handbook-retry', 2)).toBe(1)
  })

  it('learns: the test perplexity is less than half of that of letter frequencies', () => {
    const { finalMetrics } = document.runs.find((one) => one.name === 'handbook-lm') ?? {}
    expect(finalMetrics?.['test_perplexity']).toBeLessThan((finalMetrics?.['baseline_perplexity'] ?? 0) / 2)
  })

  it('registers one version, serves it in dev, and waits for a promotion in prod', () => {
    expect(document.modelVersions).toMatchObject([{ model: 'handbook-lm', version: 1 }])
    expect(document.modelVersions[0]?.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(document.modelVersions[0]?.sizeBytes).toBeGreaterThan(0)
    expect(
      document.endpoints.map(({ environment, status, url }) => [environment, status, url !== null]).sort(),
    ).toEqual([
      ['dev', 'healthy', true],
      ['prod', 'waiting', false],
    ])
    expect(document.endpoints.find(({ environment }) => environment === 'prod')?.reason).toContain('promotion')
  })

  it('names its commits: the specs, the retry, the registered version with the endpoint that follows it', () => {
    expect(document.publications.length).toBeGreaterThanOrEqual(3)
    for (const { commit, files } of document.publications) {
      expect(commit).toMatch(/^[0-9a-f]{40}$/)
      expect(files).toBeGreaterThan(0)
    }
  })

  it('a second run starts no run and makes no commit', async () => {
    const before = pods()
    const ended = await run(...settle)
    const again = JSON.parse(ended.stdout) as UpDocument
    expect({ code: ended.code, publications: again.publications }).toEqual({ code: 0, publications: [] })
    expect(again.runs.map((one) => one.id).sort()).toEqual(document.runs.map((one) => one.id).sort())
    expect(pods()).toEqual(before)
  })

  it('status, logs and trace answer without a running up', async () => {
    expect((await run('status')).stdout).toMatch(/dev\/language\/handbook-lm +SUCCEEDED/)
    expect((await run('logs', 'handbook-retry', '--attempt', '1')).stdout).toContain('[TRACE:')
    expect((await run('trace', 'handbook-lm@1')).stdout).toContain('specs/handbook/training.yaml')
  })
})
