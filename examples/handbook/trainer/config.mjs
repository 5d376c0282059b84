/*
 * What a training is told: the environment variables of its Job and the words of its command.
 */
import { parseArgs } from 'node:util'
import { defaultShape } from './model.mjs'

export const help = `Learns a character-level language model from the text files of a dataset folder.

  node train.mjs [--fail-at-epoch <n>] [--fail-on-attempt <n>]

  --fail-at-epoch <n>     fault switch: ends with exit code 17 when epoch <n> has ended and its checkpoint is written …
  --fail-on-attempt <n>   … in this attempt only (default 1), so that the next one can be seen to go on from there
  --help                  these lines

Environment, as a Job of Specyard has it:
  TRAINING_CONFIG         JSON { model, dataset: { splits }, training: { epochs, batchSize, learningRate, scheduler, earlyStop, seed, parameters } }
  DATASET_URI             folder with .txt files (default dataset); DATASET_DIGEST, where given, must be theirs
  STORAGE_PATH            folder for checkpoints and models (default storage)
  JOB_ID TRACE_ID ATTEMPT POD_UID CHECKPOINT_URI OUTPUT_MODEL
  BACKEND_BASE_URL CALLBACK_TOKEN CALLBACK_TOKEN_FILE   where to report; without them it trains all the same
  CALLBACK_DONE_SECONDS   how long it goes on trying to report its end (default 30)

training.parameters:
  order                   longest context that has weights of its own, characters (default ${defaultShape.order})
  distances               how many single characters back count (default ${defaultShape.distances})
  buckets                 rows that the contexts share (default ${defaultShape.buckets})
  samplesPerEpoch         positions that an epoch learns from (default: all)
  checkpointEveryEpochs   (default 2)
`

/** A setting that no attempt can train with. */
export class ConfigError extends Error {}

/** @typedef {ReturnType<typeof readConfig>} Config */

/** @param {Record<string, string | undefined>} environment @param {string[]} words of the command line */
export function readConfig(environment, words) {
  const { values } = parseWords(words)
  const { model, dataset, training } = parseBlock(environment.TRAINING_CONFIG)
  const parameters = training.parameters ?? {}
  const scheduler = training.scheduler ?? { type: 'constant' }
  const earlyStop = training.earlyStop ?? { enabled: false }
  const storage = environment.STORAGE_PATH ?? 'storage'
  refuseUnknown('optimizer', training.optimizer ?? 'sgd', ['sgd'])
  refuseUnknown('scheduler.type', scheduler.type, ['constant', 'linear', 'cosine'])
  refuseUnknown('earlyStop.metric', earlyStop.metric ?? 'val_loss', ['val_loss'])
  refuseUnknown('STORAGE_TYPE', environment.STORAGE_TYPE ?? 'local', ['local', 'pvc'])
  return Object.freeze({
    help: values.help === true,
    failAtEpoch:
      values['fail-at-epoch'] === undefined ? null : whole('--fail-at-epoch', Number(values['fail-at-epoch'])),
    failOnAttempt: whole('--fail-on-attempt', Number(values['fail-on-attempt'] ?? 1)),
    jobId: environment.JOB_ID || 'local',
    traceId: environment.TRACE_ID || 'none',
    attempt: whole('ATTEMPT', Number(environment.ATTEMPT ?? 1)),
    checkpointUri: environment.CHECKPOINT_URI ?? '',
    datasetFolder: environment.DATASET_URI || 'dataset',
    datasetDigest: environment.DATASET_DIGEST ?? '',
    storage,
    outputModel: environment.OUTPUT_MODEL || environment.SPECYARD_NAME || model?.name || 'model',
    splits: dataset?.splits ?? { train: 0.8, validation: 0.1, test: 0.1 },
    epochs: whole('epochs', training.epochs ?? Number(environment.EPOCHS ?? 10)),
    batchSize: whole('batchSize', training.batchSize ?? 64),
    learningRate: training.learningRate ?? 0.1,
    scheduler: { type: scheduler.type, warmupEpochs: scheduler.warmupEpochs ?? 0 },
    patience: earlyStop.enabled ? whole('earlyStop.patience', earlyStop.patience ?? 5) : null,
    seed: training.seed ?? 1,
    shape: {
      distances: whole('distances', parameters.distances ?? defaultShape.distances),
      order: whole('order', parameters.order ?? defaultShape.order),
      buckets: whole('buckets', parameters.buckets ?? defaultShape.buckets),
    },
    samplesPerEpoch: parameters.samplesPerEpoch ?? Number.POSITIVE_INFINITY,
    checkpointEveryEpochs: whole('checkpointEveryEpochs', parameters.checkpointEveryEpochs ?? 2),
  })
}

/** @param {string[]} words */
function parseWords(words) {
  try {
    return parseArgs({
      args: words,
      options: {
        help: { type: 'boolean' },
        'fail-at-epoch': { type: 'string' },
        'fail-on-attempt': { type: 'string' },
      },
    })
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : error}; --help says what there is`)
  }
}

/** @param {string | undefined} text @returns {{ model?: any, dataset?: any, training: any }} */
function parseBlock(text) {
  try {
    const { model, dataset, training } = JSON.parse(text || '{}')
    return { model, dataset, training: training ?? {} }
  } catch (error) {
    throw new ConfigError(`TRAINING_CONFIG is not JSON: ${error instanceof Error ? error.message : error}`)
  }
}

/** @param {string} name @param {unknown} value @param {string[]} known */
function refuseUnknown(name, value, known) {
  if (!known.includes(String(value)))
    throw new ConfigError(`${name} "${value}" is not known here; use one of: ${known.join(', ')}`)
}

/** @param {string} name @param {unknown} value */
function whole(name, value) {
  if (!Number.isSafeInteger(value) || Number(value) < 1)
    throw new ConfigError(`${name} must be a whole number from 1, not ${value}`)
  return Number(value)
}
