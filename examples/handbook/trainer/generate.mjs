/*
 * Writes text: draws one character after the other from what a model expects.
 */
import { contextRows, featureCount, predict } from './model.mjs'
import { randomNumbers } from './random.mjs'
import { encode } from './text.mjs'

/**
 * Continues a prompt, one character at a time.
 * @param {import('./model.mjs').Model} model @param {string[]} alphabet
 * @param {{ prompt: string, maxTokens: number, temperature: number, seed: number }} options
 *   temperature: 0 always takes the likeliest character, 1 draws as the model expects, more is wilder
 * @returns {Generator<string, void>} the characters after the prompt; the same for the same options
 */
export function* generate(model, alphabet, { prompt, maxTokens, temperature, seed }) {
  const { shape } = model
  const features = featureCount(shape)
  const offsets = new Int32Array(features)
  const probabilities = new Float32Array(shape.alphabetSize)
  const random = randomNumbers(seed)
  const text = [...encode([...prompt], alphabet)]
  for (let written = 0; written < maxTokens; written++) {
    contextRows(shape, text, text.length, offsets)
    predict(model, offsets, 0, features, probabilities, 0)
    // What is unknown cannot be written.
    probabilities[0] = 0
    const character = temperature === 0 ? likeliest(probabilities) : draw(probabilities, temperature, random())
    text.push(character)
    yield alphabet[character - 1] ?? ''
  }
}

/** @param {Float32Array} probabilities */
function likeliest(probabilities) {
  let best = 1
  for (let c = 2; c < probabilities.length; c++) if (probabilities[c] > probabilities[best]) best = c
  return best
}

/** @param {Float32Array} probabilities @param {number} temperature @param {number} chance 0 to 1 */
function draw(probabilities, temperature, chance) {
  let sum = 0
  for (let c = 1; c < probabilities.length; c++) {
    probabilities[c] = probabilities[c] ** (1 / temperature)
    sum += probabilities[c]
  }
  if (!(sum > 0)) return likeliest(probabilities)
  let left = chance * sum
  for (let c = 1; c < probabilities.length; c++) {
    left -= probabilities[c]
    if (left < 0) return c
  }
  return likeliest(probabilities)
}
