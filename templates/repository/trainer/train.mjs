// An example of a trainer: fits a line through points, reports how it goes, and resumes from its checkpoint.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { clientOptions, createClient } from './specyard-client.mjs'

const {
  DATASET_URI = 'data',
  STORAGE_PATH = 'storage',
  JOB_ID = 'local',
  CHECKPOINT_URI = '',
  OUTPUT_MODEL = 'model',
} = process.env
const { training = {} } = JSON.parse(process.env.TRAINING_CONFIG || '{}')
const { epochs = 100, learningRate = 0.01 } = training
const log = (/** @type {string} */ line) => console.log(`[TRACE:${process.env.TRACE_ID ?? 'none'}] ${line}`)
const specyard = createClient({ ...clientOptions(process.env), log })

const points = readFileSync(join(DATASET_URI, 'points.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',').map(Number))

/** So that nobody ever finds half a file. @param {string} path @param {string} text */
function writeWhole(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

const checkpoint = join(STORAGE_PATH, 'checkpoints', JOB_ID, 'state.json')
const resumed = [checkpoint, CHECKPOINT_URI].find((path) => path !== '' && existsSync(path))
const state = resumed ? JSON.parse(readFileSync(resumed, 'utf8')) : { epoch: 0, slope: 0, offset: 0, loss: 0 }
log(`${points.length} points, from epoch ${state.epoch} to ${epochs}`)

let stopping = false
process.once('SIGTERM', () => {
  stopping = true
})

while (state.epoch < epochs && !stopping) {
  state.loss = 0
  for (const [x = 0, y = 0] of points) {
    const error = state.slope * x + state.offset - y
    state.slope -= learningRate * error * x
    state.offset -= learningRate * error
    state.loss += error ** 2 / points.length
  }
  state.epoch += 1
  specyard.heartbeat({ step: state.epoch * points.length, epoch: state.epoch, total_epochs: epochs, loss: state.loss })
  if (state.epoch % 50 === 0) {
    writeWhole(checkpoint, JSON.stringify(state))
    specyard.event({ type: 'checkpoint', epoch: state.epoch, step: state.epoch * points.length, uri: checkpoint })
    log(`epoch ${state.epoch} loss ${state.loss.toFixed(4)}`)
  }
  // Lets reports go out, and the signal come in.
  await breathe()
}

writeWhole(checkpoint, JSON.stringify(state))
if (stopping) {
  log('asked to stop: the next attempt goes on from the checkpoint')
  process.exit(143)
}
const model = JSON.stringify({ slope: state.slope, offset: state.offset })
const digest = createHash('sha256').update(model).digest('hex')
// Part of the digest is in the path, so that an address never means other bytes later.
const uri = join(STORAGE_PATH, 'models', OUTPUT_MODEL, digest.slice(0, 12), 'model.json')
writeWhole(uri, model)
log(`model ${uri}`)
const artifacts = [{ name: 'model', uri, size_bytes: model.length, digest: `sha256:${digest}` }]
await specyard.done({ outcome: 'SUCCEEDED', metrics: { loss: state.loss }, artifacts })
process.exit(0)
