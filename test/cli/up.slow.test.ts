import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UpDocument } from '../../cli/up/document.ts'
import { endLeftovers } from '../../local/leftovers.ts'

const root = join(import.meta.dirname, '..', '..')
let folder: string

/** The worked example with little to learn. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'specyard-up-'))
  for (const part of ['specs', 'specyard.yaml', 'examples'])
    cpSync(join(root, part), join(folder, part), { recursive: true })
  const path = join(folder, 'specs', 'handbook', 'training.yaml')
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/samplesPerEpoch: \d+/g, 'samplesPerEpoch: 20000'))
})
afterAll(async () => {
  await endLeftovers(join(folder, '.specyard', 'local'))
  rmSync(folder, { recursive: true, force: true })
})

function start(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', join(root, 'cli', 'main.ts'), '--directory', folder, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder },
  })
}

async function run(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(...args)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout, stderr }
}

/** One port for all starts, as the settings' own: a trainer that outlives a killed `up` reports to the next one at the same address. */
let settle: readonly string[]
beforeAll(async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  settle = ['up', '--until-settled', '--output', 'json', '--port', String(port), '--timeout', '100s']
})

/** The pods there have been, by the folders that the local cluster made for them. */
function pods(): readonly string[] {
  return readdirSync(join(folder, '.specyard', 'local', 'pods')).sort()
}

/** Which attempts of which runs started their trainers, as the trainers' own first lines say. */
async function trainerStarts(): Promise<readonly string[]> {
  const starts: string[] = []
  for (const [name, attempt] of [
    ['handbook-lm', '1'],
    ['handbook-retry', '1'],
    ['handbook-retry', '2'],
  ] as const) {
    const { stdout } = await run('logs', name, '--attempt', attempt, '--tail', '10000')
    const beginnings = stdout
      .split('\n')
      .filter((line) => / begins at the beginning| goes on from checkpoint/.test(line))
    starts.push(`${name} ${attempt}: ${beginnings.length}`)
  }
  return starts
}

describe('specyard up on the worked example', () => {
  let document: UpDocument

  it('killed at several points and started again, settles with nothing lost and nothing run twice', async () => {
    for (const milestone of ['published', 'WaitingForLease', 'RUNNING', 'Backoff']) {
      const child = start(...settle)
      await new Promise<void>((resolve) => {
        child.stderr?.on('data', (chunk: Buffer) => {
          if (chunk.toString().includes(milestone)) child.kill('SIGKILL')
        })
        child.on('close', () => resolve())
      })
    }
    const ended = await run(...settle)
    expect(ended.stderr).not.toContain('defect')
    expect(ended.code, ended.stderr).toBe(0)
    document = JSON.parse(ended.stdout) as UpDocument
    const states = document.runs.map((one) => [one.name, one.state, one.attempts, one.retryCount])
    expect(states.sort()).toEqual([
      ['handbook-lm', 'SUCCEEDED', 1, 0],
      ['handbook-retry', 'SUCCEEDED', 2, 1],
      ['support-sft', 'PENDING', 1, 0],
    ])
    expect(await trainerStarts()).toEqual(['handbook-lm 1: 1', 'handbook-retry 1: 1', 'handbook-retry 2: 1'])
  })

  it('learns: the test perplexity is less than half of that of letter frequencies', () => {
    const { finalMetrics } = document.runs.find((one) => one.name === 'handbook-lm') ?? {}
    expect(finalMetrics?.['test_perplexity']).toBeLessThan((finalMetrics?.['baseline_perplexity'] ?? 0) / 2)
  })

  it('registers one version, serves it in dev, and waits for a promotion in prod', () => {
    expect(document.modelVersions).toMatchObject([{ model: 'handbook-lm', version: 1 }])
    const endpoints = document.endpoints.map(({ environment, status, url }) => [environment, status, url !== null])
    expect(endpoints.sort()).toEqual([
      ['dev', 'healthy', true],
      ['prod', 'waiting', false],
    ])
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
    const traced = await run('trace', 'handbook-lm@1')
    expect(traced.stdout).toContain('specs/handbook/training.yaml')
  })

  it('broken specs are exit 1 with their problems, and nothing is published', async () => {
    const path = join(folder, 'specs', 'broken.yaml')
    writeFileSync(path, 'apiVersion: specyard.dev/v1\nkind: Modell\n')
    const ended = await run('publish')
    rmSync(path)
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('specs/broken.yaml:2:7  error  KIND_UNKNOWN')
  })
})
