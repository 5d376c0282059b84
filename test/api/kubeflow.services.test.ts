import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from 'js-yaml'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createCallbackApi } from '../../api/server.ts'
import { createTokens } from '../../api/tokens.ts'
import { renderJob } from '../../compiler/render/job.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Run } from '../../domain/run.ts'
import { resolveVariables } from '../../local/kubelet/variables.ts'
import type { PodVariable } from '../../local/store/pod-spec.ts'
import { migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import type { Records } from '../../records/records.ts'
import { openTestApi, signingKey } from '../support/api.ts'
import { compileTexts, training } from '../support/compiler.ts'
import { createServerDatabase, emptyTables } from '../support/database.ts'
import { addRun, readRun } from '../support/records.ts'

/*
 * Hugging Face's transformers, as it is: it finds the variables of a rendered Job in its environment and reports by itself, to the door that
 * trainers come through, from where its words go to PostgreSQL.
 */

const program = fileURLToPath(new URL('../support/transformers-training.py', import.meta.url))
const plan = compileTexts([training()]).impact.starts[0] as TrainingPlan
const now = (): Date => new Date()
const tokens = createTokens(signingKey, now)

let python: string
let database: Awaited<ReturnType<typeof createServerDatabase>>
let records: Records
let backendUrl: string
let closeApi: () => Promise<unknown>
let folder: string
let run: Run

beforeAll(async () => {
  const given = process.env['TRANSFORMERS_PYTHON']
  if (!given)
    throw new Error(
      'TRANSFORMERS_PYTHON is not set; install transformers: export TRANSFORMERS_PYTHON="$(npx tsx tools/install-python.ts transformers)"',
    )
  python = given
  database = await createServerDatabase()
  await migrate(database.pool, 'up')
  records = openRecords(database.pool)
  const { app, ports } = await openTestApi(records, { now, tokens })
  const door = await createCallbackApi(ports)
  backendUrl = await door.listen({ host: '127.0.0.1', port: 0 })
  closeApi = () => Promise.all([door.close(), app.close()])
})
afterAll(async () => {
  await closeApi()
  await database.close()
})
beforeEach(async () => {
  await emptyTables(database.pool)
  run = await addRun({ pool: database.pool, records }, { id: plan.id, state: 'RUNNING' })
  folder = mkdtempSync(join(tmpdir(), 'specyard-transformers-'))
  mkdirSync(join(folder, 'callback'))
  writeFileSync(join(folder, 'callback', 'token'), (await tokens.mint({ runId: run.id, attempt: 1 })).token)
  return () => rmSync(folder, { recursive: true, force: true })
})

/** What the Job's manifest puts into its trainer's environment. */
function jobEnvironment(): Readonly<Record<string, string>> {
  const job = load(renderJob(plan, { attempt: 1, checkpointUri: null })) as {
    spec: { template: { spec: { containers: { env: PodVariable[] }[] } } }
  }
  const resolved = resolveVariables(job.spec.template.spec.containers[0]?.env ?? [], {
    given: { PATH: process.env['PATH'] ?? '', HOME: folder, BACKEND_BASE_URL: backendUrl },
    forced: {},
    ...{ namespace: plan.namespace, podName: 'pod', podUid: 'pod-uid-1', labels: {} },
    secret: (name) => ({ format: 1, name, namespace: plan.namespace, data: { token: 'in the file' }, lease: null }),
  })
  if ('missing' in resolved) throw new Error(resolved.missing)
  return resolved.environment
}

async function train(steps: number, stepSeconds: number, more: Readonly<Record<string, string>> = {}) {
  const child = spawn(python, [program, String(steps), String(stepSeconds)], {
    ...{ cwd: folder, env: { ...jobEnvironment(), ...more }, stdio: ['ignore', 'pipe', 'pipe'] },
    timeout: 90_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

const points = () => records.runs.metrics(run.id, 0, 100)

it('a training of transformers reports how far it is, at its own pace, and how it ends is left to its Job', async () => {
  const steps = 600
  const { code, output } = await train(steps, 0.012)
  expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining("reported by ['kubeflow']") })

  const told = await points()
  const [first, ...later] = told
  const last = later.at(-1)
  const between = later.slice(0, -1)
  expect(first).toMatchObject({ attempt: 1, step: 0, extra: { total_steps: steps } })
  expect(between.length).toBeGreaterThan(0)
  for (const { step, trainLoss, extra } of between) {
    expect(step).toBeGreaterThan(0)
    expect(step).toBeLessThanOrEqual(steps)
    expect(trainLoss).toBeGreaterThan(0)
    expect(extra).toEqual({ learning_rate: 0.05, total_steps: steps })
  }
  expect(last).toMatchObject({ step: between.at(-1)?.step, epoch: 1, extra: { learning_rate: 0.05 } })
  expect(last?.extra['train_loss']).toBeGreaterThan(0)

  expect(await readRun(records, run.id)).toMatchObject({
    ...{ state: 'RUNNING', progress: { step: last?.step, percentage: 100 } },
  })
  expect(await records.callbacks.said(run.id)).toMatchObject([
    { attempt: 1, done: null, lastHeartbeat: { percentage: 100, remainingSeconds: 0 } },
  ])
})

it.each([
  ['whose image has no list of authorities', { KUBEFLOW_TRAINER_SERVER_CA_CERT: '/nowhere/ca.crt' }, [0, 0]],
  ['that was told not to report', { DISABLE_KUBEFLOW_INTEGRATION: 'TRUE' }, []],
  ['whose token is not there', { KUBEFLOW_TRAINER_SERVER_TOKEN: 'callback/no-token' }, []],
])('a training of transformers %s trains, and says what it can', async (_what, environment, steps) => {
  expect(await train(3, 0, environment)).toMatchObject({ code: 0 })
  expect((await points()).map(({ step }) => step)).toEqual(steps)
})
