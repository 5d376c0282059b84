/*
 * A trainer that logs to MLflow over its REST API, with what its manifest gives it and nothing else, and ends in the way that its word says.
 * Like any good trainer it goes on when MLflow does not answer.
 */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { clientOptions, createClient } from '../../../examples/handbook/specyard-client.mjs'

const how = process.argv[2]
const server = process.env.MLFLOW_TRACKING_URI
const log = (line) => process.stdout.write(`[TRACE:${process.env.TRACE_ID}] ${line}\n`)
const specyard = createClient({ ...clientOptions(process.env), log })

const send = async (method, path, body, type = 'application/json') => {
  const headers = { 'content-type': type }
  const answer = await fetch(`${server}${path}`, { method, headers, body, signal: AbortSignal.timeout(20_000) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  const text = await answer.text()
  return text === '' ? {} : JSON.parse(text)
}
const post = (path, body) => send('POST', `/api/2.0/mlflow/${path}`, JSON.stringify(body))

const experimentNamed = async (name) => {
  const found = await send('GET', `/api/2.0/mlflow/experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`)
    .then(({ experiment }) => experiment.experiment_id)
    .catch(() => undefined)
  return found ?? (await post('experiments/create', { name })).experiment_id
}

/** Begins a run with three steps of a metric and an artifact. @returns its id */
const logged = async ({ experiment, tags }) => {
  const body = { experiment_id: await experimentNamed(experiment), start_time: Date.now() }
  const { run } = await post('runs/create', {
    ...body,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  })
  const { run_id: id, artifact_uri: artifacts } = run.info
  const metrics = [0, 1, 2].map((step) => ({ key: 'loss', value: 1 / (step + 1), timestamp: Date.now(), step }))
  await post('runs/log-batch', { run_id: id, metrics, params: [{ key: 'lr', value: '0.1' }] })
  const path = artifacts.replace(/^mlflow-artifacts:\//, '')
  await send(
    'PUT',
    `/api/2.0/mlflow-artifacts/artifacts/${path}/model/weights.bin`,
    'x'.repeat(1234),
    'application/octet-stream',
  )
  log(`MLflow run ${id}`)
  return id
}

const end = (id) => post('runs/update', { run_id: id, status: 'FINISHED', end_time: Date.now() })

const done = (more = {}) => {
  const digest = `sha256:${createHash('sha256').update(process.env.JOB_ID).digest('hex')}`
  const artifacts = [{ name: 'model', uri: `/storage/models/${process.env.JOB_ID}`, size_bytes: 1234, digest }]
  return specyard.done({ outcome: 'SUCCEEDED', metrics: { loss: 1 / 3 }, artifacts, ...more })
}

const mine = {
  experiment: process.env.MLFLOW_EXPERIMENT_NAME,
  tags: JSON.parse(process.env.MLFLOW_RUN_CONTEXT ?? '{}'),
}

const ways = {
  ends: async () => {
    await end(await logged(mine))
    await done()
  },
  // In a place of its own, and nothing that says whose it is: only `done` names it.
  names: async () => {
    const id = await logged({ experiment: 'elsewhere', tags: {} })
    await end(id)
    await done({ mlflow_run_id: id })
  },
  // As a process that was killed: whatever it had open stays open.
  crashes: async () => {
    await logged(mine)
    process.exit(137)
  },
  stays: async () => {
    await logged(mine)
    await pause(3_600_000)
  },
  'succeeds-second': async () => {
    if (process.env.ATTEMPT === '1') process.exit(3)
    await ways.ends()
  },
  'until-mlflow-is-gone': async () => {
    await logged(mine)
    while (await fetch(`${server}/health`).catch(() => undefined)) await pause(200)
    log('MLflow is gone')
    await done()
  },
  'without-mlflow': async () => {
    await logged(mine).catch((error) => log(`goes on without MLflow: ${error}`))
    await done()
  },
}
log(`attempt ${process.env.ATTEMPT} begins: ${how}`)
await ways[how]()
await specyard.flush(5_000)
process.exit(0)
