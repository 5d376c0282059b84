/*
 * Models and checkpoints as files: one line of JSON that says what it is, then the weights as 32-bit floats, lowest byte first.
 */
import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { rowCount } from './model.mjs'

const format = 'char-loglinear/1'
const headerBytesMax = 1024 * 1024

/** @param {object} header @param {import('./model.mjs').Model} model @returns {Buffer} the same for the same model */
export function encodeModel(header, model) {
  const line = Buffer.from(`${JSON.stringify({ format, shape: model.shape, ...header })}\n`, 'utf8')
  const weights = Buffer.alloc(model.weights.length * 4)
  for (let index = 0; index < model.weights.length; index++) weights.writeFloatLE(model.weights[index], index * 4)
  return Buffer.concat([line, weights])
}

/**
 * @param {Buffer} bytes
 * @returns {{ header: any, model: import('./model.mjs').Model }}
 * @throws Error when it is not such a file, or not the whole of one
 */
export function decodeModel(bytes) {
  const end = bytes.subarray(0, headerBytesMax).indexOf(10)
  if (end < 0) throw new Error('it does not begin with a line of JSON')
  const header = JSON.parse(bytes.toString('utf8', 0, end))
  if (header.format !== format) throw new Error(`its format is ${header.format}, not ${format}`)
  const size = rowCount(header.shape) * header.shape.alphabetSize
  if (bytes.length !== end + 1 + size * 4) throw new Error('it is cut off')
  const weights = new Float32Array(size)
  for (let index = 0; index < size; index++) weights[index] = bytes.readFloatLE(end + 1 + index * 4)
  return { header, model: { shape: header.shape, weights } }
}

/** @param {Buffer} bytes */
export function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Writes a file whole or not at all: who reads it never sees half of it, whatever happens meanwhile.
 * @param {string} path @param {Buffer} bytes */
export function writeWhole(path, bytes) {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const file = openSync(temporary, 'wx')
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Checkpoints that are kept for each job. */
const checkpointsKept = 3

/** Name of a checkpoint after so many whole epochs, and so many batches of the next one. @param {number} epoch @param {number} batch */
export function checkpointName(epoch, batch) {
  return batch === 0 ? `epoch-${epoch}.bin` : `epoch-${epoch}-batch-${batch}.bin`
}

/** The checkpoints of a folder, newest first. @param {string} folder @returns {string[]} paths */
export function listCheckpoints(folder) {
  const found = readFolder(folder).flatMap((name) => {
    const [whole, epoch, batch] = /^epoch-(\d+)(?:-batch-(\d+))?\.bin$/.exec(name) ?? []
    return whole === undefined ? [] : [{ path: join(folder, name), epoch: Number(epoch), batch: Number(batch ?? 0) }]
  })
  found.sort((left, right) => right.epoch - left.epoch || right.batch - left.batch)
  return found.map(({ path }) => path)
}

/** Removes all but the newest checkpoints of a folder, and what an interrupted write left. @param {string} folder */
export function pruneCheckpoints(folder) {
  const leftovers = readFolder(folder).filter((name) => name.endsWith('.tmp'))
  const old = listCheckpoints(folder).slice(checkpointsKept)
  for (const path of [...old, ...leftovers.map((name) => join(folder, name))]) rmSync(path, { force: true })
}

/**
 * The first of some checkpoints that can be read and belongs to this very training; those that do not are told.
 * @param {string[]} paths @param {string} fingerprint @param {(line: string) => void} log
 */
export function readCheckpoint(paths, fingerprint, log) {
  for (const path of paths) {
    try {
      const { header, model } = decodeModel(readFileSync(path))
      if (header.fingerprint !== fingerprint) throw new Error('it is of another training: data or settings differ')
      return { path, state: header.state, model }
    } catch (error) {
      log(`checkpoint ${path} is not used: ${error instanceof Error ? error.message : error}`)
    }
  }
  return undefined
}

/** @param {string} folder @returns {string[]} */
function readFolder(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
