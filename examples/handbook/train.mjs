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
import { digestOf, encodeModel, listCheckpoints, readCheckpoint, writeWhole } from './trainer/model-file.mjs'
import { createReport } from './trainer/report.mjs'
import { frequencyPerplexity, prepareText, readText } from './trainer/text.mjs'
import { createTraining, fingerprintOf } from './trainer/training.mjs'

const exitCodes = { fine: 0, failed: 1, config: 2, fault: 17, terminated: 143 }
const heartbeatMilliseconds = 500
/** How long it computes before it lets messages go out and signals come in. */
const breatheMilliseconds = 25

/** @param {import('./trainer/config.mjs').Config} config @returns {Promise<number>} exit code */
async function main(config) {
  let terminated = false
  process.once('SIGTERM', () => {
    terminated = true
  })
  const log = (/** @type {string} */ line) => process.stdout.write(`[TRACE:${config.traceId}] ${line}\n`)
  const { parts, digest } = readParts(config, log)
  const context = {
    config,
    log,
    specyard: createClient({ ...clientOptions(process.env), log }),
    folder: join(config.storage, 'checkpoints', `job-${config.jobId}`),
    fingerprint: fingerprintOf(config, digest),
    alphabet: parts.alphabet,
  }
  const training = startTraining(context, parts)
  const early = await train(context, training, () => terminated)
  return early ?? finish(context, training, parts)
}

/** @param {import('./trainer/config.mjs').Config} config @param {(line: string) => void} log */
function readParts(config, log) {
  const { text, digest } = readText(config.datasetFolder)
  if (config.datasetDigest !== '' && config.datasetDigest !== digest) {
    throw new ConfigError(`the dataset's digest is ${digest}, not ${config.datasetDigest} as its spec says`)
  }
  const parts = prepareText(text, config.splits)
  const [learned, watched, tested] = [parts.train.length, parts.validation.length, parts.test.length]
  log(`${text.length} characters, ${parts.alphabet.length} different ones`)
  log(`${learned} to learn from, ${watched} for validation, ${tested} for the test`)
  if (learned === 0 || watched === 0 || tested === 0) {
    throw new ConfigError('a part of the text is empty; look at the splits')
  }
  return { parts, digest }
}

/**
 * Goes on from the newest checkpoint of this job, else from the one that it was told of, else begins at the beginning.
 * @param {import('./trainer/report.mjs').Context} context @param {import('./trainer/text.mjs').Parts} parts
 */
function startTraining({ config, folder, fingerprint, log }, parts) {
  const given = config.checkpointUri !== '' && existsSync(config.checkpointUri) ? [config.checkpointUri] : []
  const from = readCheckpoint([...listCheckpoints(folder), ...given], fingerprint, log)
  const training = createTraining(config, parts, from)
  const where = from
    ? `goes on from checkpoint ${from.path}: ${training.state.epoch} of ${config.epochs} epochs, step ${training.state.step}`
    : `begins at the beginning: ${config.epochs} epochs of ${training.batches} steps`
  log(`attempt ${config.attempt} ${where}`)
  return training
}

/**
 * Trains to the last epoch.
 * @param {import('./trainer/report.mjs').Context} context @param {import('./trainer/report.mjs').Training} training
 * @param {() => boolean} terminated
 * @returns {Promise<number | undefined>} the exit code when it ends before
 */
async function train(context, training, terminated) {
  const { config, specyard, log } = context
  const { state } = training
  const report = createReport(context, training)
  let beaten = Number.NEGATIVE_INFINITY
  // Counted across epochs: one that is shorter than a breath must not keep signals and messages out.
  let breathed = performance.now()
  while (!training.finished()) {
    while (!training.epochIsOver()) {
      training.nextBatch()
      if (performance.now() - breathed < breatheMilliseconds) continue
      if (performance.now() - beaten >= heartbeatMilliseconds) {
        report.heartbeat()
        beaten = performance.now()
      }
      await breathe()
      breathed = performance.now()
      if (!terminated()) continue
      report.checkpoint()
      log('asked to stop: the checkpoint is written, the next pod goes on from there')
      await specyard.flush(1_000)
      return exitCodes.terminated
    }
    const { loss, accuracy, validation } = training.endEpoch()
    report.epochEnd({ loss, accuracy, val_loss: validation.loss, val_accuracy: validation.accuracy })
    if (!Number.isFinite(validation.loss))
      return fail(context, 'the loss is no number any more; try a smaller learningRate')
    report.heartbeat()
    const faulty = config.attempt === config.failOnAttempt && config.failAtEpoch === state.epoch
    if (faulty || state.epoch % config.checkpointEveryEpochs === 0 || training.finished()) report.checkpoint()
    if (!faulty) continue
    log(
      `fault switch: --fail-at-epoch ${state.epoch} --fail-on-attempt ${config.attempt} ends it with exit code ${exitCodes.fault}`,
    )
    await specyard.flush(5_000)
    return exitCodes.fault
  }
  return undefined
}

/** @param {import('./trainer/report.mjs').Context} context @param {string} message */
async function fail({ specyard, log }, message) {
  log(`failed: ${message}`)
  await specyard.done({ outcome: 'FAILED', message, mlflow_run_id: null, metrics: {}, artifacts: [] })
  return exitCodes.failed
}

/**
 * The test on text that was never seen, and the model as a file whose path holds its digest.
 * @param {import('./trainer/report.mjs').Context} context @param {import('./trainer/report.mjs').Training} training
 * @param {import('./trainer/text.mjs').Parts} parts
 */
async function finish({ config, specyard, log, alphabet }, { model, state }, parts) {
  if (state.stoppedEarly) log(`stopped early: no better validation loss in ${config.patience} epochs`)
  const tested = evaluate(model, parts.test)
  const baseline = frequencyPerplexity(parts.train, parts.test, model.shape.alphabetSize)
  const { validation } = state
  const metrics = {
    test_perplexity: tested.perplexity,
    baseline_perplexity: baseline,
    test_accuracy: tested.accuracy,
    ...(validation ? { val_loss: validation.loss, val_accuracy: validation.accuracy } : {}),
    epochs: state.epoch,
  }
  const bytes = encodeModel({ kind: 'model', alphabet }, model)
  const digest = digestOf(bytes)
  const short = digest.slice('sha256:'.length, 'sha256:'.length + 12)
  const uri = join(config.storage, 'models', config.outputModel, short, 'model.bin')
  writeWhole(uri, bytes)
  log(`model ${uri} of ${bytes.length} bytes, ${digest}`)
  log(`test_perplexity ${tested.perplexity.toFixed(3)}, with letter frequencies alone ${baseline.toFixed(3)}`)
  const artifacts = [{ name: 'model', uri, size_bytes: bytes.length, digest }]
  await specyard.done({ outcome: 'SUCCEEDED', message: null, mlflow_run_id: null, metrics, artifacts })
  return exitCodes.fine
}

try {
  const config = readConfig(process.env, process.argv.slice(2))
  if (config.help) process.stdout.write(help)
  process.exitCode = config.help ? exitCodes.fine : await main(config)
} catch (error) {
  const words = error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : error
  process.stderr.write(`${words}\n`)
  process.exitCode = error instanceof ConfigError ? exitCodes.config : exitCodes.failed
}
// What is left (a connection that is kept open) is no reason to stay.
process.exit()
