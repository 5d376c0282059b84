import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UpDocument } from '../../cli/up/document.ts'
import { readClaim } from '../../local/process/pod-files.ts'
import { builtProgram } from '../support/main-job/built.ts'
import { until } from '../support/main-job/conditions.ts'
import { copyExample, type Example, lengthened } from '../support/main-job/example.ts'
import { type Ended, type Running, startProgram } from '../support/main-job/program.ts'
import { lookAt, type Sight } from '../support/main-job/sight.ts'

interface Job {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly reason: string
  readonly attempt: number
}

const training = 'specs/handbook/training.yaml'
const program = builtProgram()
let example: Example
let sight: Sight
let up: Running

beforeAll(() => {
  example = copyExample()
  sight = lookAt(example)
  write('examples/handbook/endless.mjs', trainer)
})
afterAll(async () => {
  up.kill('SIGKILL')
  await example.remove()
})

const start = (...args: readonly string[]): Running => startProgram(program, example.folder, args)
const run = (...args: readonly string[]): Promise<Ended> => start(...args).ended
const said = (running: Running, pattern: RegExp | string): Promise<unknown> =>
  until(`it says ${String(pattern)}`, () =>
    typeof pattern === 'string' ? running.said().includes(pattern) : pattern.test(running.said()),
  )
async function jobs(): Promise<readonly Job[]> {
  const { stdout } = await run('status', '--output', 'json')
  return (JSON.parse(stdout) as { jobs: readonly Job[] }).jobs
}
const endpoints = async (): Promise<readonly { environment: string; status: string; url: string | null }[]> =>
  (JSON.parse((await run('status', '--output', 'json')).stdout) as { endpoints: never[] }).endpoints
const jobNow = (name: string, condition: (job: Job) => boolean): Promise<Job> =>
  until(`${name} is as it is waited for`, async () => {
    const answer = (await sight.ask(`/v1/jobs?name=${name}&limit=100`)) as { items: readonly Job[] } | undefined
    return answer?.items.find((job) => job.name === name && condition(job))
  })
/** A training that lasts until it is told to end, of a trainer that learns nothing meanwhile: the processor is for what is tried. */
const endless = (name: string): string => `
apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: ${name}, project: language }
spec:
  environment: dev
  task: { type: language-modelling }
  jobType: PRETRAIN
  model: { name: char-loglinear, source: custom }
  dataset: { ref: handbook, splits: { train: 0.8, validation: 0.1, test: 0.1 } }
  training:
    epochs: 100000
    batchSize: 64
    learningRate: 0.01
    optimizer: sgd
  image: ghcr.io/example/handbook-trainer:1.0.0@sha256:77b246c6d9c0dfaa967206084e00284d9ab46576ba4c13322fd3afeaa4c3b27e
  command: [node, endless.mjs]
  resources: { cpu: { request: '1', limit: '2' }, memory: { request: 256Mi, limit: 1Gi } }
`
const trainer = `
import { clientOptions, createClient } from './specyard-client.mjs'

const specyard = createClient(clientOptions(process.env))
process.once('SIGTERM', () => process.exit(143))
let step = 0
setInterval(() => specyard.heartbeat({ step: (step += 1), epoch: 1, loss: 1 }), 500)
`
const write = (path: string, text: string): void => writeFileSync(join(example.folder, path), text)

describe('specyard up that goes on watching', () => {
  it('says what it will start and what waits, and where things are once everything has settled', async () => {
    up = start('up', '--port', '0')
    await said(up, 'Ctrl-C stops in order')
    const text = up.said()
    expect(text.indexOf('starts      dev/language/handbook-lm')).toBeLessThan(text.indexOf('published'))
    expect(text).toMatch(/waits +stg\/language\/support-sft +\(no cluster is connected/)
    expect(text).toMatch(/waits +prod\/language\/handbook +\(.*promotion/)
  })

  it('the places that it names answer: reference, endpoint, status, logs, trace', async () => {
    const [, reference = ''] = /reference: (\S+)/.exec(up.said()) ?? []
    expect(await (await fetch(reference)).text()).toContain('swagger')
    const [, url = '', body = ''] = /curl -s (\S+) .* -d '([^']+)'/.exec(up.said()) ?? []
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(((await answer.json()) as { text: string }).text.length).toBeGreaterThan(50)
    for (const command of ['status', 'logs', 'trace']) {
      const [, words = ''] = new RegExp(`npx specyard (${command}[^\\n]*)`).exec(up.said()) ?? []
      const ended = await run(...words.split(' '))
      expect({ words, code: ended.code, empty: ended.stdout === '' }).toEqual({ words, code: 0, empty: false })
    }
  })

  it('a second up in the same folder says which process holds it, and a busy port names --port', async () => {
    const second = await run('up', '--until-settled', '--timeout', '5s')
    expect({ code: second.code, stderr: second.stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(new RegExp(`ALREADY_RUNNING.*${up.pid}`)) as unknown,
    })
    const [, port = ''] = /API +http:\/\/127\.0\.0\.1:(\d+)/.exec(up.said()) ?? []
    const other = copyExample()
    const busy = await startProgram(program, other.folder, ['up', '--until-settled', '--port', port]).ended
    const begun = existsSync(join(other.folder, '.specyard', 'database'))
    await other.remove()
    expect(begun, 'the database was opened for nothing').toBe(false)
    expect({ code: busy.code, stderr: busy.stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/PORT_BUSY[^]*--port/) as unknown,
    })
  })

  it('a new spec that is saved starts, and a change of it supersedes the run that goes on, and says so', async () => {
    write('specs/long.yaml', endless('long'))
    const first = await jobNow('long', (job) => job.state === 'RUNNING')
    write('specs/long.yaml', endless('long').replace('learningRate: 0.01', 'learningRate: 0.02'))
    await said(up, `supersedes  dev/language/long  (run ${first.id} is cancelled)`)
    const second = await jobNow('long', (job) => job.state === 'RUNNING' && job.id !== first.id)
    expect(await jobNow('long', (job) => job.id === first.id && job.state === 'CANCELLED')).toMatchObject({
      reason: 'SUPERSEDED',
    })
    expect(second.attempt).toBe(1)
    expect(up.said()).toContain('saved       specs/long.yaml')
  })

  it('a save without a change that matters starts nothing', async () => {
    const commits = sight.commits().length
    write('specs/long.yaml', `# a comment\n${endless('long').replace('learningRate: 0.01', 'learningRate: 0.02')}`)
    await said(up, 'published   nothing')
    expect(sight.commits()).toHaveLength(commits)
  })

  it('a broken save shows its problems and changes nothing that runs', async () => {
    const commits = sight.commits().length
    const before = await jobNow('long', (job) => job.state === 'RUNNING')
    write('specs/long.yaml', `${endless('long')}  queeue: gpu\n`)
    await said(up, /specs\/long\.yaml:\d+:3 +error +KEY_UNKNOWN/)
    await said(up, 'nothing was published, and nothing that runs was changed')
    expect(sight.commits()).toHaveLength(commits)
    expect(await jobNow('long', (job) => job.state === 'RUNNING')).toMatchObject({ id: before.id })
    expect((await endpoints()).find((one) => one.environment === 'dev')?.status).toBe('healthy')
  })

  it('a deleted spec cancels its run and says so', async () => {
    const before = await jobNow('long', (job) => job.state === 'RUNNING')
    rmSync(join(example.folder, 'specs/long.yaml'))
    await said(up, `cancels     dev/language/long  (its spec is gone; run ${before.id})`)
    await jobNow('long', (job) => job.id === before.id && job.state === 'CANCELLED')
    await until('its pod is gone', () => sight.podsOf('long', 1).every(({ exit }) => exit !== undefined))
  })

  it('a changed spec of a run that has ended starts a new one and cancels nothing', async () => {
    const before = await jobNow('handbook-retry', (job) => job.state === 'SUCCEEDED')
    example.edit(training, (text) => text.replace('name: handbook-retry\n', 'name: handbook-retry\n  labels: {}\n'))
    // Fails late, so that there is time to interrupt it after a checkpoint.
    example.edit(training, (text) =>
      lengthened(text)
        .replaceAll(/seed: \d+/g, 'seed: 12')
        .replace("'4', --fail-on", "'12', --fail-on"),
    )
    await jobNow('handbook-retry', (job) => job.id !== before.id && job.state === 'RUNNING')
    expect(up.said()).not.toContain(`run ${before.id} is cancelled`)
  })
})

describe('an orderly stop', () => {
  it('interrupts the trainings, ends the endpoints, exits 0, and leaves no word that is no longer true', async () => {
    await jobNow('handbook-retry', (job) => job.state === 'RUNNING' && job.attempt === 1)
    await until('a checkpoint is written', () => sight.logs().some((log) => /epoch 3\/14/.test(log)))
    up.kill('SIGINT')
    expect((await up.ended).code).toBe(0)
    // One that nothing was started for yet, since its lease was not granted, waits for the next start.
    const begun = sight.pods().filter(({ folder }) => readClaim(folder) !== undefined)
    expect(begun.filter(({ exit }) => exit === undefined)).toEqual([])
    expect((await jobs()).filter((job) => job.state === 'RUNNING')).toEqual([])
    expect((await endpoints()).map((one) => one.status)).not.toContain('healthy')
    expect((await run('status')).stderr).toContain('nobody watches')
  })

  it('the next start resumes inside the same Job and brings the endpoint up before it says healthy', async () => {
    const ended = await run('up', '--until-settled', '--output', 'json', '--port', '0', '--timeout', '240s')
    expect(ended.code, ended.stderr).toBe(0)
    const document = JSON.parse(ended.stdout) as UpDocument
    const newest = document.runs.filter((one) => one.name === 'handbook-retry').at(-1)
    expect(newest).toMatchObject({ state: 'SUCCEEDED', attempts: 2, retryCount: 1 })
    expect(document.endpoints.find((one) => one.environment === 'dev')).toMatchObject({ status: 'healthy' })
    const log = await run('logs', newest?.id ?? '', '--attempt', '1', '--tail', '10000')
    expect(log.stdout).toMatch(/attempt 1 goes on from checkpoint/)
  })
})

describe('specyard up', () => {
  it('--timeout bounds the wait: exit 3, with what it waited for', async () => {
    write('specs/long.yaml', endless('longer'))
    const ended = await run('up', '--until-settled', '--output', 'json', '--port', '0', '--timeout', '3s')
    expect(ended.code).toBe(3)
    expect((JSON.parse(ended.stdout) as { reason: string }).reason).toMatch(/not settled within 3 s: .*longer/)
    rmSync(join(example.folder, 'specs/long.yaml'))
  })

  it('--fresh starts over: what was there is gone, and everything runs anew', async () => {
    const ended = await run('up', '--fresh', '--until-settled', '--output', 'json', '--port', '0', '--timeout', '240s')
    expect(ended.code, ended.stderr).toBe(0)
    const document = JSON.parse(ended.stdout) as UpDocument
    expect(document.runs.map((one) => one.name).sort()).toEqual(['handbook-lm', 'handbook-retry', 'support-sft'])
    expect(document.modelVersions).toMatchObject([{ version: 1 }])
  })
})
