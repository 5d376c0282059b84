import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServerDatabase, type TestDatabase } from '../support/database.ts'
import { builtProgram } from '../support/main-job/built.ts'
import { copyExample, type Example } from '../support/main-job/example.ts'
import { endOf, type Running, startProgram, untilSaid } from '../support/main-job/program.ts'

/* Specyard as a service: no working tree, a spec repository and a deploy repository of their own, a real PostgreSQL. */
const program = builtProgram()
let database: TestDatabase & { readonly url: string }
let example: Example
/** Where the service is started: nothing but its settings. */
let home: string
let specs: string
let deploy: string

const git = (folder: string, ...args: readonly string[]): string =>
  execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
const person = ['-c', 'user.name=A Person', '-c', 'user.email=person@example.com']

beforeAll(async () => {
  database = await createServerDatabase()
  example = copyExample()
  home = join(example.folder, 'home')
  specs = join(example.folder, 'specs.git')
  deploy = join(example.folder, 'deploy.git')
  const work = join(example.folder, 'work')
  mkdirSync(home)
  git(example.folder, 'init', '--quiet', '--initial-branch=main', work)
  cpSync(join(example.folder, 'specs'), join(work, 'specs'), { recursive: true })
  git(work, 'add', '--all')
  git(work, ...person, 'commit', '--quiet', '--message', 'Specs')
  git(example.folder, 'clone', '--quiet', '--bare', work, specs)
  git(example.folder, 'init', '--quiet', '--bare', '--initial-branch=main', deploy)
  writeFileSync(
    join(home, 'specyard.yaml'),
    `apiVersion: specyard.dev/v1
kind: Settings
specs: { repository: ${specs} }
deploy: { repository: ${deploy} }
reconcile: { cron: '* * * * * *' }
`,
  )
})
afterAll(async () => {
  await database.close()
  await example.remove()
})

const start = (...args: readonly string[]): Running =>
  startProgram(program, home, args, { environment: { DATABASE_URL: database.url } })

async function stopped(running: Running): Promise<void> {
  running.kill('SIGTERM')
  const ended = await endOf(running, 30)
  expect(ended.code, ended.stderr).toBe(0)
}

const training = {
  apiVersion: 'specyard.dev/v1',
  kind: 'TrainingJob',
  metadata: { name: 'asked-for', project: 'language' },
  spec: {
    environment: 'stg',
    task: { type: 'language-modelling' },
    model: { name: 'char-loglinear', source: 'custom' },
    dataset: { ref: 'handbook' },
    training: { epochs: 3 },
    image: `ghcr.io/example/trainer@sha256:${'0'.repeat(64)}`,
  },
}

describe('specyard serve', () => {
  let serving: Running
  let users: string
  let trainers: string
  beforeAll(async () => {
    serving = start('serve', '--port', '0', '--callbacks', '127.0.0.1:0')
    await untilSaid(serving, /callbacks {3}http/)
    users = /API +(\S+)/.exec(serving.said())?.[1] ?? ''
    trainers = /callbacks +(\S+)/.exec(serving.said())?.[1] ?? ''
  })

  it('publishes what is merged, with the commit that it was compiled from', async () => {
    await untilSaid(serving, /specs [0-9a-f]{10} published as [0-9a-f]{10}/)
    expect(git(deploy, 'log', '-1', '--format=%B', 'main')).toContain(
      `Specyard-Source-Commit: ${git(specs, 'rev-parse', 'main')}`,
    )
  })

  it('commits a spec that is handed in to the spec repository, and publishes it', async () => {
    const answer = await fetch(`${users}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(training),
    })
    const body = (await answer.json()) as { id: string; spec_path: string; commit: string }
    expect({ status: answer.status, body }).toMatchObject({ status: 201 })
    expect(git(specs, 'show', `main:${body.spec_path}`)).toContain('name: asked-for')
    expect(git(deploy, 'rev-parse', 'main')).toBe(body.commit)
    const again = await fetch(`${users}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(training),
    })
    expect(((await again.json()) as { id: string }).id).toBe(body.id)
    expect(git(specs, 'rev-list', '--count', 'main')).toBe('2')
  })

  it('tells problems of specs that are merged, and leaves what is published as it is', async () => {
    const before = git(deploy, 'rev-parse', 'main')
    const work = join(example.folder, 'broken')
    git(example.folder, 'clone', '--quiet', specs, work)
    writeFileSync(join(work, 'specs', 'broken.yaml'), 'apiVersion: specyard.dev/v1\nkind: Modell\n')
    git(work, 'add', '--all')
    git(work, ...person, 'commit', '--quiet', '--message', 'Break it')
    git(work, 'push', '--quiet', 'origin', 'HEAD:main')
    await untilSaid(serving, /are not published:\n.*specs\/broken\.yaml:2:7 {2}error {2}KIND_UNKNOWN/s)
    expect(git(deploy, 'rev-parse', 'main')).toBe(before)
  })

  it('opens to other machines what trainers need, and nothing else', async () => {
    expect((await fetch(`${trainers}/readyz`)).status).toBe(200)
    expect((await fetch(`${trainers}/v1/jobs`)).status).toBe(404)
    expect((await fetch(`${users}/v1/jobs`)).status).toBe(200)
  })

  it('ends in order when it is told to', () => stopped(serving))
})

describe('specyard reconcile', () => {
  it('goes on until it is told to stop, and tells probes and Prometheus how it stands', async () => {
    const running = start('reconcile', '--health', '127.0.0.1:0')
    await untilSaid(running, /probes +http/)
    const [, url = ''] = /metrics: (\S+)\/metrics/.exec(running.said()) ?? []
    await expect
      .poll(async () => (await fetch(`${url}/readyz`).catch(() => null))?.status, { timeout: 60_000 })
      .toBe(200)
    await expect
      .poll(async () => (await fetch(`${url}/metrics`)).text(), { timeout: 60_000 })
      .toMatch(/^specyard_leading 1$/m)
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^specyard_waiting_leases 0$/m)
    await stopped(running)
  })

  it('--once publishes what is merged and makes one pass', async () => {
    const work = join(example.folder, 'mended')
    git(example.folder, 'clone', '--quiet', specs, work)
    git(work, 'rm', '--quiet', 'specs/broken.yaml')
    git(work, ...person, 'commit', '--quiet', '--message', 'Mend it')
    writeFileSync(
      join(work, 'specs', 'more.yaml'),
      JSON.stringify({ ...training, metadata: { ...training.metadata, name: 'more' } }),
    )
    git(work, 'add', '--all')
    git(work, ...person, 'commit', '--quiet', '--message', 'More')
    git(work, 'push', '--quiet', 'origin', 'HEAD:main')
    const ended = await endOf(start('reconcile', '--once'), 60)
    expect({ code: ended.code, said: ended.stdout }).toEqual({ code: 0, said: 'reconciled\n' })
    expect(git(deploy, 'show', 'main:.specyard/ledger/runs/stg/language/more.json')).toContain('"active"')
  })

  it('without DATABASE_URL names what is missing', async () => {
    const ended = await startProgram(program, home, ['reconcile']).ended
    expect(ended.code).toBe(3)
    expect(ended.stderr).toMatch(/SETTINGS_INVALID {2}a service needs DATABASE_URL/)
  })
})
