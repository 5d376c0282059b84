import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../examples/handbook/trainer/config.mjs'
import {
  checkpointName,
  decodeModel,
  digestOf,
  encodeModel,
  listCheckpoints,
  pruneCheckpoints,
  readCheckpoint,
  writeWhole,
} from '../../examples/handbook/trainer/model-file.mjs'
import { prepareText } from '../../examples/handbook/trainer/text.mjs'
import { createTraining, fingerprintOf, learningRateAt } from '../../examples/handbook/trainer/training.mjs'
import { easyText, trainingConfig } from '../support/trainer.ts'

const folder = mkdtempSync(join(tmpdir(), 'specyard-training-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const splits = { train: 0.8, validation: 0.1, test: 0.1 }
const parts = prepareText(easyText(400), splits)

function config(training: Readonly<Record<string, unknown>> = {}) {
  return readConfig({ TRAINING_CONFIG: trainingConfig(training) }, [])
}

type Training = ReturnType<typeof createTraining>

/** Trains to the end, or until so many batches have been seen. */
function train(training: Training, batches = Number.POSITIVE_INFINITY): Training {
  for (let seen = 0; !training.finished();) {
    while (!training.epochIsOver()) {
      if (seen >= batches) return training
      training.nextBatch()
      seen += 1
    }
    training.endEpoch()
  }
  return training
}

function bytesOf(training: Training): Buffer {
  return encodeModel({ alphabet: parts.alphabet, state: training.state }, training.model)
}

describe('a training', () => {
  it('gives the same bytes for the same seed and others for another', () => {
    const digest = (seed: number) => digestOf(bytesOf(train(createTraining(config({ seed }), parts))))
    expect(digest(7)).toBe(digest(7))
    expect(digest(7)).not.toBe(digest(8))
  })

  it.each([
    ['between two epochs', 125 * 2],
    ['in the middle of an epoch', 125 + 17],
    ['before its first step', 0],
  ])('that goes on from a checkpoint %s gives the same as one that was never interrupted', (_where, batches) => {
    const interrupted = train(createTraining(config(), parts), batches)
    const { header, model } = decodeModel(bytesOf(interrupted))
    const resumed = createTraining(config(), parts, { model, state: header.state })
    expect(resumed.state).toEqual(interrupted.state)
    expect(bytesOf(train(resumed)).equals(bytesOf(train(createTraining(config(), parts))))).toBe(true)
  })

  it('ends early when the validation loss gets no better for as long as its patience', () => {
    const patient = config({
      epochs: 50,
      learningRate: 3,
      scheduler: { type: 'constant' },
      earlyStop: { enabled: true, patience: 2 },
    })
    const training = train(createTraining(patient, parts))
    expect(training.state).toMatchObject({ stoppedEarly: true, epochsWithoutImprovement: 2 })
    expect(training.state.epoch).toBeLessThan(50)
  })
})

describe('the learning rate', () => {
  it.each([
    ['rises from nothing during the warm-up', { type: 'cosine', warmupEpochs: 2 }, 1, 0.05],
    ['is whole after the warm-up', { type: 'cosine', warmupEpochs: 2 }, 2, 0.1],
    ['is half in the middle of a cosine', { type: 'cosine', warmupEpochs: 2 }, 6, 0.05],
    ['is nothing at the end of a cosine', { type: 'cosine', warmupEpochs: 2 }, 10, 0],
    ['falls in a line', { type: 'linear', warmupEpochs: 0 }, 2.5, 0.075],
    ['stays', { type: 'constant', warmupEpochs: 0 }, 9, 0.1],
  ])('%s', (_what, scheduler, epochs, rate) => {
    expect(learningRateAt(config({ epochs: 10, scheduler }), epochs)).toBeCloseTo(rate, 9)
  })
})

describe('checkpoints', () => {
  const state = createTraining(config(), parts).state
  const checkpoint = (fingerprint: string) =>
    encodeModel({ fingerprint, state, alphabet: parts.alphabet }, createTraining(config(), parts).model)

  it('the newest one that can be read and is of this training is used, the others are told', () => {
    const place = join(folder, 'mixed')
    mkdirSync(place)
    writeWhole(join(place, checkpointName(2, 0)), checkpoint('this'))
    writeWhole(join(place, checkpointName(3, 0)), checkpoint('another'))
    writeFileSync(join(place, checkpointName(3, 20)), checkpoint('this').subarray(0, 500))
    writeFileSync(join(place, checkpointName(10, 0)), 'no checkpoint at all')
    const told: string[] = []
    const read = readCheckpoint(listCheckpoints(place), 'this', (line) => told.push(line))
    expect(read?.path).toBe(join(place, 'epoch-2.bin'))
    expect(told).toHaveLength(3)
    expect(told.join('\n')).toMatch(
      /epoch-10\.bin.*\n.*epoch-3-batch-20\.bin.*\n.*epoch-3\.bin is not used: it is of another training/,
    )
  })

  it('the newest three are kept, and nothing of an interrupted write', () => {
    const place = join(folder, 'many')
    for (const epoch of [1, 2, 9, 10, 11]) writeWhole(join(place, checkpointName(epoch, 0)), Buffer.from('x'))
    writeFileSync(join(place, 'epoch-12.bin.half.tmp'), 'half')
    pruneCheckpoints(place)
    expect(readdirSync(place).sort()).toEqual(['epoch-10.bin', 'epoch-11.bin', 'epoch-9.bin'])
  })

  it('other data or settings make another training', () => {
    const fingerprints = [
      fingerprintOf(config(), 'sha256:a'),
      fingerprintOf(config(), 'sha256:b'),
      fingerprintOf(config({ learningRate: 0.2 }), 'sha256:a'),
      fingerprintOf(config({ epochs: 5 }), 'sha256:a'),
    ]
    expect(new Set(fingerprints).size).toBe(4)
  })

  it('a file that is cut off is no model', () => {
    const bytes = checkpoint('this')
    expect(() => decodeModel(bytes.subarray(0, bytes.length - 4))).toThrow('cut off')
    expect(() => decodeModel(Buffer.from('{"format":"other/1"}\n'))).toThrow('other/1')
    expect(() => decodeModel(Buffer.alloc(64))).toThrow('line of JSON')
  })
})

describe('what a training is told', () => {
  const training = (block: object) => ({ TRAINING_CONFIG: JSON.stringify({ training: block }) })

  it.each([
    ['an optimizer that it has not', training({ epochs: 1, optimizer: 'adam' }), [], 'optimizer "adam"'],
    ['a schedule that it has not', training({ epochs: 1, scheduler: { type: 'step' } }), [], 'scheduler.type "step"'],
    [
      'a metric that it has not',
      training({ epochs: 1, earlyStop: { enabled: true, metric: 'val_map' } }),
      [],
      'val_map',
    ],
    ['no epochs', training({ epochs: 0 }), [], 'epochs must be'],
    ['text that is no JSON', { TRAINING_CONFIG: '{' }, [], 'TRAINING_CONFIG is not JSON'],
    ['storage that it cannot reach', { STORAGE_TYPE: 's3' }, [], 'STORAGE_TYPE "s3"'],
    ['a word that it does not know', {}, ['--fail'], '--help'],
    ['an epoch that is none', {}, ['--fail-at-epoch', 'x'], '--fail-at-epoch must be'],
  ])('%s is refused by name', (_what, environment, words, message) => {
    expect(() => readConfig(environment, words)).toThrow(message)
  })
})
