/*
 * Reads the text of a dataset, cuts it into what is learned from, what is watched and what is never seen, and turns it into numbers.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The text is cut into this many stretches, and each stretch into its parts, so that every part has some of every chapter. */
export const stretches = 8
/** Characters that the training part has less often than this are unknown. */
const frequencyMin = 3

/**
 * All files `*.txt` of a folder, one after the other in the order of their names.
 * @param {string} folder
 * @returns {{ text: string, digest: string }} digest: `sha256:` of their bytes
 */
export function readText(folder) {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
  if (names.length === 0) throw new Error(`the dataset folder ${folder} holds no .txt file`)
  const hash = createHash('sha256')
  const texts = names.map((name) => {
    const bytes = readFileSync(join(folder, name))
    hash.update(bytes)
    return bytes.toString('utf8')
  })
  return { text: texts.join(''), digest: `sha256:${hash.digest('hex')}` }
}

/** @typedef {{ train: number, validation: number, test: number }} Splits shares, together 1 */
/** @typedef {[from: number, to: number]} Block */

/**
 * Where each part lies in a text of some length: contiguous blocks that never overlap and together are the whole.
 * @param {number} length @param {Splits} splits
 * @returns {{ train: Block[], validation: Block[], test: Block[] }}
 */
export function splitBlocks(length, splits) {
  /** @type {{ train: Block[], validation: Block[], test: Block[] }} */
  const blocks = { train: [], validation: [], test: [] }
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((length * stretch) / stretches)
    const to = Math.floor((length * (stretch + 1)) / stretches)
    const validation = from + Math.round((to - from) * splits.train)
    const test = Math.min(to, validation + Math.round((to - from) * splits.validation))
    blocks.train.push([from, validation])
    blocks.validation.push([validation, test])
    blocks.test.push([test, to])
  }
  return blocks
}

/** @typedef {{ alphabet: string[], train: Uint16Array, validation: Uint16Array, test: Uint16Array }} Parts */

/**
 * The parts of a text as numbers. The alphabet is that of the training part alone; what it does not know is number 0.
 * @param {string} text @param {Splits} splits
 * @returns {Parts}
 */
export function prepareText(text, splits) {
  const characters = [...text]
  const blocks = splitBlocks(characters.length, splits)
  /** @param {Block[]} ranges */
  const taken = (ranges) => ranges.flatMap(([from, to]) => characters.slice(from, to))
  const train = taken(blocks.train)
  const alphabet = alphabetOf(train)
  return {
    alphabet,
    train: encode(train, alphabet),
    validation: encode(taken(blocks.validation), alphabet),
    test: encode(taken(blocks.test), alphabet),
  }
}

/** The characters of a text that are worth knowing, in the order of their code points. @param {string[]} characters */
function alphabetOf(characters) {
  const counts = new Map()
  for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1)
  const known = [...counts].filter(([, count]) => count >= frequencyMin).map(([character]) => character)
  return known.sort((left, right) => left.codePointAt(0) - right.codePointAt(0))
}

/**
 * @param {string | string[]} characters @param {string[]} alphabet
 * @returns {Uint16Array} 0 for what the alphabet lacks, else its place there, counted from 1
 */
export function encode(characters, alphabet) {
  const numbers = new Map(alphabet.map((character, index) => [character, index + 1]))
  return Uint16Array.from(characters, (character) => numbers.get(character) ?? 0)
}

/**
 * The perplexity on a text of a model that knows nothing but how often each character stands in another text.
 * Each is counted once more than it was seen, so that nothing is impossible.
 * @param {Uint16Array} seen @param {Uint16Array} text @param {number} alphabetSize with the unknown character
 */
export function frequencyPerplexity(seen, text, alphabetSize) {
  const counts = new Float64Array(alphabetSize).fill(1)
  for (const character of seen) counts[character] += 1
  const total = seen.length + alphabetSize
  let loss = 0
  for (const character of text) loss -= Math.log(counts[character] / total)
  return Math.exp(loss / Math.max(1, text.length))
}
