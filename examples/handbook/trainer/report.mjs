/*
 * What the trainer says on the way: to whoever reads its log, and to Specyard.
 */
import { join } from 'node:path'
import { checkpointName, encodeModel, pruneCheckpoints, writeWhole } from './model-file.mjs'

/** @typedef {ReturnType<import('../specyard-client.mjs').createClient>} Client */
/** @typedef {ReturnType<import('./training.mjs').createTraining>} Training */
/** @typedef {{ config: import('./config.mjs').Config, specyard: Client, log: (line: string) => void, folder: string, fingerprint: string,
 *   alphabet: string[] }} Context folder: where this job's checkpoints are */

/** @param {Context} context @param {Training} training */
export function createReport({ config, specyard, log, folder, fingerprint, alphabet }, training) {
  const { model, state } = training
  return {
    heartbeat: () => {
      const now = training.current()
      const { validation } = state
      specyard.heartbeat({
        step: state.step,
        epoch: state.epoch,
        total_epochs: config.epochs,
        ...(now ? { loss: now.loss, accuracy: now.accuracy } : {}),
        ...(validation ? { val_loss: validation.loss, val_accuracy: validation.accuracy } : {}),
        memory_usage_gb: process.memoryUsage().rss / 1e9,
      })
    },
    /** @param {Record<string, number>} metrics */
    epochEnd: (metrics) => {
      const words = Object.entries(metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`)
      log(`epoch ${state.epoch}/${config.epochs} ${words.join(' ')}`)
      const message = `epoch ${state.epoch} of ${config.epochs}`
      specyard.event({ type: 'epoch_end', epoch: state.epoch, step: state.step, message, metrics })
    },
    checkpoint: () => {
      const uri = join(folder, checkpointName(state.epoch, state.batch))
      writeWhole(uri, encodeModel({ kind: 'checkpoint', fingerprint, alphabet, state }, model))
      pruneCheckpoints(folder)
      log(`checkpoint ${uri}`)
      const message = `checkpoint after ${state.epoch} epochs`
      specyard.event({ type: 'checkpoint', epoch: state.epoch, step: state.step, message, uri })
    },
  }
}
