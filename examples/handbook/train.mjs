/*
 * The worked example's trainer: learns a small language model from the text in its dataset folder and tells Specyard how it goes.
 * `node train.mjs --help` says what it reads; README.md beside it says how it works.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { clientOptions, createClient } from './specyard-client.mjs'
import { ConfigError, help, readConfig } from './trainer/config.mjs'
import { evaluate } from './trainer/model.mjs'
import {
  checkpointName,
  digestOf,
  encodeModel,
  listCheckpoints,
  pruneCheckpoints,
  readCheckpoint,
  writeWhole,
} from './trainer/model-file.mjs'
import { frequencyPerplexity, prepareText, readText } from './trainer/text.mjs'
import { createTraining, fingerprintOf } from './trainer/training.mjs'

const exitCodes = { fine: 0, failed: 1, config: 2, fault: 17, terminated: 143 }
const heartbeatMilliseconds = 500
/** How long it computes before it lets messages go out and signals come in. */
const breatheMilliseconds = 25

/** @param {import('./trainer/config.mjs').Config} config @returns {Promise<number>} exit code */
async function train(config) {
  const log = (/** @type {string} */ line) => process.stdout.write(`[TRACE:${config.traceId}] ${line}\n`)
  const specyard = createClient({ ...clientOptions(process.env), log })
  let terminated = false
  process.once('SIGTERM', () => {
    terminated = true
  })

  const { text, digest } = readText(config.datasetFolder)
  if (config.datasetDigest !== '' && config.datasetDigest !== digest) {
    throw new ConfigError(`the dataset's digest is ${digest}, not ${config.datasetDigest} as its spec says`)
  }
  const parts = prepareText(text, config.splits)
  const { train: learned, validation, test } = parts
  log(
    `text of ${text.length} characters, ${parts.alphabet.length} different ones; ${learned.length} to learn from, ${validation.length} for validation, ${test.length} for the test`,
  )
  if (learned.length === 0 || validation.length === 0 || test.length === 0)
    throw new ConfigError('a part of the text is empty; look at the splits')

  const fingerprint = fingerprintOf(config, digest)
  const folder = join(config.storage, 'checkpoints', `job-${config.jobId}`)
  const given = config.checkpointUri !== '' && existsSync(config.checkpointUri) ? [config.checkpointUri] : []
  const from = readCheckpoint([...listCheckpoints(folder), ...given], fingerprint, log)
  const training = createTraining(config, parts, from)
  const { model, state } = training
  if (from)
    log(
      `attempt ${config.attempt} goes on from checkpoint ${from.path}: ${state.epoch} of ${config.epochs} epochs, step ${state.step}`,
    )
  else log(`attempt ${config.attempt} begins at the beginning: ${config.epochs} epochs of ${training.batches} steps`)

  const heartbeat = () => {
    const now = training.current()
    specyard.heartbeat({
      step: state.step,
      epoch: state.epoch,
      total_epochs: config.epochs,
      ...(now ? { loss: now.loss, accuracy: now.accuracy } : {}),
      ...(state.validation ? { val_loss: state.validation.loss, val_accuracy: state.validation.accuracy } : {}),
      memory_usage_gb: process.memoryUsage().rss / 1e9,
    })
  }
  const writeCheckpoint = () => {
    const uri = join(folder, checkpointName(state.epoch, state.batch))
    writeWhole(uri, encodeModel({ kind: 'checkpoint', fingerprint, alphabet: parts.alphabet, state }, model))
    pruneCheckpoints(folder)
    log(`checkpoint ${uri}`)
    specyard.event({
      type: 'checkpoint',
      epoch: state.epoch,
      step: state.step,
      message: `checkpoint after ${state.epoch} epochs`,
      uri,
    })
  }

  let breathed = performance.now()
  let beaten = Number.NEGATIVE_INFINITY
  while (!training.finished()) {
    while (!training.epochIsOver()) {
      training.nextBatch()
      if (performance.now() - breathed < breatheMilliseconds) continue
      if (performance.now() - beaten >= heartbeatMilliseconds) {
        heartbeat()
        beaten = performance.now()
      }
      await breathe()
      breathed = performance.now()
      if (!terminated) continue
      writeCheckpoint()
      log('asked to stop: the checkpoint is written, the next pod goes on from there')
      await specyard.flush(1_000)
      return exitCodes.terminated
    }
    const ended = training.endEpoch()
    const metrics = {
      loss: ended.loss,
      accuracy: ended.accuracy,
      val_loss: ended.validation.loss,
      val_accuracy: ended.validation.accuracy,
    }
    log(
      `epoch ${state.epoch}/${config.epochs} ${Object.entries(metrics)
        .map(([name, value]) => `${name} ${value.toFixed(4)}`)
        .join(' ')}`,
    )
    if (!Number.isFinite(ended.validation.loss))
      return failed(specyard, log, 'the loss is no number any more; a smaller learningRate may help')
    specyard.event({
      type: 'epoch_end',
      epoch: state.epoch,
      step: state.step,
      message: `epoch ${state.epoch} of ${config.epochs}`,
      metrics,
    })
    heartbeat()
    const faulty = config.attempt === config.failOnAttempt && config.failAtEpoch === state.epoch
    if (faulty || state.epoch % config.checkpointEveryEpochs === 0 || training.finished()) writeCheckpoint()
    if (faulty) {
      log(
        `fault switch: --fail-at-epoch ${config.failAtEpoch} --fail-on-attempt ${config.failOnAttempt} ends this attempt with exit code ${exitCodes.fault}`,
      )
      await specyard.flush(5_000)
      return exitCodes.fault
    }
  }
  return finish(config, parts, training, specyard, log)
}

/** @param {ReturnType<typeof createClient>} specyard @param {(line: string) => void} log @param {string} message */
async function failed(specyard, log, message) {
  log(`failed: ${message}`)
  await specyard.done({ outcome: 'FAILED', message, mlflow_run_id: null, metrics: {}, artifacts: [] })
  return exitCodes.failed
}

/**
 * The test on text that was never seen, and the model as a file whose path holds its digest.
 * @param {import('./trainer/config.mjs').Config} config @param {import('./trainer/text.mjs').Parts} parts
 * @param {ReturnType<typeof createTraining>} training @param {ReturnType<typeof createClient>} specyard @param {(line: string) => void} log
 */
async function finish(config, parts, { model, state }, specyard, log) {
  if (state.stoppedEarly) log(`stopped early: no better validation loss in ${config.patience} epochs`)
  const tested = evaluate(model, parts.test)
  const metrics = {
    test_perplexity: tested.perplexity,
    baseline_perplexity: frequencyPerplexity(parts.train, parts.test, model.shape.alphabetSize),
    test_accuracy: tested.accuracy,
    ...(state.validation ? { val_loss: state.validation.loss, val_accuracy: state.validation.accuracy } : {}),
    epochs: state.epoch,
  }
  const bytes = encodeModel({ kind: 'model', alphabet: parts.alphabet }, model)
  const digest = digestOf(bytes)
  const uri = join(
    config.storage,
    'models',
    config.outputModel,
    digest.slice('sha256:'.length, 'sha256:'.length + 12),
    'model.bin',
  )
  writeWhole(uri, bytes)
  log(`model ${uri} of ${bytes.length} bytes, ${digest}`)
  log(
    `test_perplexity ${metrics.test_perplexity.toFixed(3)}, with letter frequencies alone ${metrics.baseline_perplexity.toFixed(3)}`,
  )
  await specyard.done({
    outcome: 'SUCCEEDED',
    message: null,
    mlflow_run_id: null,
    metrics,
    artifacts: [{ name: 'model', uri, size_bytes: bytes.length, digest }],
  })
  return exitCodes.fine
}

try {
  const config = readConfig(process.env, process.argv.slice(2))
  if (config.help) process.stdout.write(help)
  process.exitCode = config.help ? exitCodes.fine : await train(config)
} catch (error) {
  process.stderr.write(
    `${error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : error}\n`,
  )
  process.exitCode = error instanceof ConfigError ? exitCodes.config : exitCodes.failed
}
// What is left (a connection that is kept open) is no reason to stay.
process.exit()
