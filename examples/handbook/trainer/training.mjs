/*
 * The training itself: epochs of batches, and where it stands between any two of them.
 */
import { createHash } from 'node:crypto'
import { createModel, createScratch, evaluate, step } from './model.mjs'
import { epochOrder } from './random.mjs'

/**
 * Where a training stands. With the weights and the settings it decides all that follows, so that going on from a checkpoint gives the same.
 * @typedef {{ epoch: number, batch: number, step: number, lossSum: number, correct: number, seen: number, bestLoss: number | null,
 *   epochsWithoutImprovement: number, validation: { loss: number, accuracy: number } | null, stoppedEarly: boolean }} State
 * epoch: whole epochs that have ended; batch: batches of the next one that have; lossSum, correct, seen: of that unfinished epoch
 */

/** @returns {State} */
export function firstState() {
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    lossSum: 0,
    correct: 0,
    seen: 0,
    bestLoss: null,
    epochsWithoutImprovement: 0,
    validation: null,
    stoppedEarly: false,
  }
}

/**
 * What a checkpoint must have in common with a training that goes on from it.
 * @param {import('./config.mjs').Config} config @param {string} datasetDigest
 */
export function fingerprintOf(config, datasetDigest) {
  const { splits, epochs, batchSize, learningRate, scheduler, patience, seed, shape, samplesPerEpoch } = config
  const settings = [
    splits,
    epochs,
    batchSize,
    learningRate,
    scheduler,
    patience,
    seed,
    shape,
    samplesPerEpoch,
    datasetDigest,
  ]
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex')
}

/**
 * The learning rate of a batch: rises from zero during the warm-up, then stays or falls to zero.
 * @param {import('./config.mjs').Config} config @param {number} epochs so many have ended, fractions too
 */
export function learningRateAt({ learningRate, scheduler, epochs: total }, epochs) {
  const { type, warmupEpochs } = scheduler
  if (epochs < warmupEpochs) return (learningRate * epochs) / warmupEpochs
  const progress = Math.min(1, (epochs - warmupEpochs) / Math.max(1e-9, total - warmupEpochs))
  if (type === 'linear') return learningRate * (1 - progress)
  if (type === 'cosine') return (learningRate * (1 + Math.cos(Math.PI * progress))) / 2
  return learningRate
}

/**
 * @param {import('./config.mjs').Config} config
 * @param {import('./text.mjs').Parts} parts
 * @param {{ model: import('./model.mjs').Model, state: State }} [from] where an earlier attempt came to
 */
export function createTraining(config, parts, from) {
  const shape = { alphabetSize: parts.alphabet.length + 1, ...config.shape }
  const model = from?.model ?? createModel(shape)
  const state = { ...(from?.state ?? firstState()) }
  const scratch = createScratch(shape, config.batchSize)
  const samples = Math.min(parts.train.length, config.samplesPerEpoch)
  const batches = Math.ceil(samples / config.batchSize)
  let order = epochOrder(parts.train.length, samples, config.seed, state.epoch)

  const nextBatch = () => {
    const positions = order.subarray(state.batch * config.batchSize, (state.batch + 1) * config.batchSize)
    const rate = learningRateAt(config, state.epoch + (state.batch + 0.5) / batches)
    const { loss, correct } = step(model, parts.train, positions, rate, scratch)
    state.lossSum += loss
    state.correct += correct
    state.seen += positions.length
    state.batch += 1
    state.step += 1
  }

  /** Looks at the validation part and begins the next epoch. */
  const endEpoch = () => {
    const loss = state.lossSum / Math.max(1, state.seen)
    const accuracy = state.correct / Math.max(1, state.seen)
    const validation = evaluate(model, parts.validation)
    const improved = state.bestLoss === null || validation.loss < state.bestLoss
    Object.assign(state, {
      epoch: state.epoch + 1,
      batch: 0,
      lossSum: 0,
      correct: 0,
      seen: 0,
      validation: { loss: validation.loss, accuracy: validation.accuracy },
      bestLoss: improved ? validation.loss : state.bestLoss,
      epochsWithoutImprovement: improved ? 0 : state.epochsWithoutImprovement + 1,
    })
    state.stoppedEarly = config.patience !== null && state.epochsWithoutImprovement >= config.patience
    order = epochOrder(parts.train.length, samples, config.seed, state.epoch)
    return { loss, accuracy, validation }
  }

  return {
    model,
    state,
    batches,
    finished: () => state.epoch >= config.epochs || state.stoppedEarly,
    epochIsOver: () => state.batch >= batches,
    nextBatch,
    endEpoch,
    /** Loss and accuracy of the running epoch so far; null before its first batch. */
    current: () =>
      state.seen === 0 ? null : { loss: state.lossSum / state.seen, accuracy: state.correct / state.seen },
  }
}
