/*
 * A log-linear language model over characters.
 *
 * The score of each possible next character is the sum of a few rows of weights; softmax turns scores into probabilities.
 * Which rows are added depends on what stands before the character:
 *
 *   - one row that is always there (how frequent each character is at all),
 *   - one for each of the characters at distance 1, 2, … `distances`,
 *   - one for each whole context of 2, 3, … `order` characters. There are too many of those to give each a row of its own,
 *     so a hash shares `buckets` rows among them.
 *
 * Texts are arrays of character numbers (see text.mjs); number 0 stands for what is unknown and for what is before the beginning.
 */

/** How far back the distance features reach unless told otherwise, in characters. */
export const defaultShape = { distances: 6, order: 5, buckets: 16_384 }

/** @typedef {{ alphabetSize: number, distances: number, order: number, buckets: number }} Shape */
/** @typedef {{ shape: Shape, weights: Float32Array }} Model */

/** A model that knows nothing: every character is equally likely.
 * @param {Shape} shape
 * @returns {Model} */
export function createModel(shape) {
  return { shape, weights: new Float32Array(rowCount(shape) * shape.alphabetSize) }
}

/** @param {Shape} shape */
export function rowCount({ alphabetSize, distances, order, buckets }) {
  return 1 + distances * alphabetSize + (order >= 2 ? buckets : 0)
}

/** How many rows one context adds up.
 * @param {Shape} shape */
export function featureCount({ distances, order }) {
  return 1 + distances + Math.max(0, order - 1)
}

/**
 * Writes where the rows of the context before `position` begin in the weights.
 * @param {Shape} shape
 * @param {ArrayLike<number>} text
 * @param {number} position
 * @param {Int32Array} offsets of length featureCount, from index `at`
 * @param {number} [at]
 */
export function contextRows({ alphabetSize, distances, order, buckets }, text, position, offsets, at = 0) {
  let next = at
  offsets[next++] = 0
  for (let distance = 1; distance <= distances; distance++) {
    const character = distance <= position ? text[position - distance] : 0
    offsets[next++] = (1 + (distance - 1) * alphabetSize + character) * alphabetSize
  }
  const firstBucket = 1 + distances * alphabetSize
  let hash = position >= 1 ? text[position - 1] + 1 : 1
  for (let length = 2; length <= order; length++) {
    const character = length <= position ? text[position - length] : 0
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + Math.imul(character + 1 + (length << 12), 0x297a2d39)
    const mixed = Math.imul(hash ^ (hash >>> 13), 0x165667b1)
    offsets[next++] = (firstBucket + (((mixed ^ (mixed >>> 16)) >>> 0) % buckets)) * alphabetSize
  }
}

/**
 * Fills `probabilities` for one context.
 * @param {Model} model
 * @param {Int32Array} offsets the context's rows, `features` of them from index `at`
 * @param {number} at
 * @param {number} features
 * @param {Float32Array} probabilities `alphabetSize` values are written from index `into`
 * @param {number} into
 */
export function predict({ shape, weights }, offsets, at, features, probabilities, into) {
  const size = shape.alphabetSize
  const end = into + size
  probabilities.fill(0, into, end)
  // Four rows at a time: most of the time goes into loading and storing, not into adding.
  let row = at
  for (; row + 3 < at + features; row += 4) {
    const first = offsets[row] - into
    const second = offsets[row + 1] - into
    const third = offsets[row + 2] - into
    const fourth = offsets[row + 3] - into
    for (let c = into; c < end; c++) {
      probabilities[c] += weights[first + c] + weights[second + c] + weights[third + c] + weights[fourth + c]
    }
  }
  for (; row < at + features; row++) {
    const offset = offsets[row] - into
    for (let c = into; c < end; c++) probabilities[c] += weights[offset + c]
  }
  let highest = Number.NEGATIVE_INFINITY
  for (let c = into; c < end; c++) if (probabilities[c] > highest) highest = probabilities[c]
  let sum = 0
  for (let c = into; c < end; c++) {
    const weight = Math.exp(probabilities[c] - highest)
    probabilities[c] = weight
    sum += weight
  }
  for (let c = into; c < end; c++) probabilities[c] /= sum
}

/**
 * One step of stochastic gradient descent on a batch of positions. The loss of a batch is the sum of its examples' losses,
 * −log p(character | context), so that the learning rate means the same for every batch size.
 * @param {Model} model changed in place
 * @param {ArrayLike<number>} text
 * @param {Int32Array} positions
 * @param {number} learningRate
 * @param {{ offsets: Int32Array, probabilities: Float32Array }} scratch from `createScratch`, for at least as many positions
 * @returns {{ loss: number, correct: number }} summed over the batch, as they were before the step
 */
export function step(model, text, positions, learningRate, scratch) {
  const { shape, weights } = model
  const size = shape.alphabetSize
  const features = featureCount(shape)
  const { offsets, probabilities } = scratch
  let loss = 0
  let correct = 0
  for (let example = 0; example < positions.length; example++) {
    const position = positions[example]
    const into = example * size
    contextRows(shape, text, position, offsets, example * features)
    predict(model, offsets, example * features, features, probabilities, into)
    const wanted = into + text[position]
    loss -= Math.log(Math.max(probabilities[wanted], 1e-30))
    if (isHighest(probabilities, into, size, wanted)) correct++
    // From here on it is the gradient of the loss in the scores: probability, less one for the character that came.
    probabilities[wanted] -= 1
  }
  for (let example = 0; example < positions.length; example++) {
    const into = example * size
    const end = into + size
    for (let c = into; c < end; c++) probabilities[c] *= learningRate
    for (let row = example * features; row < (example + 1) * features; row++) {
      const offset = offsets[row] - into
      for (let c = into; c < end; c++) weights[offset + c] -= probabilities[c]
    }
  }
  return { loss, correct }
}

/** @param {Shape} shape @param {number} batchSize */
export function createScratch(shape, batchSize) {
  return {
    offsets: new Int32Array(batchSize * featureCount(shape)),
    probabilities: new Float32Array(batchSize * shape.alphabetSize),
  }
}

/**
 * How well a model foretells a text, without learning from it.
 * @param {Model} model
 * @param {ArrayLike<number>} text
 * @param {number} [from] first position that counts; what stands before it is context only
 * @param {number} [to]
 * @returns {{ loss: number, accuracy: number, perplexity: number }} loss in nats for each character
 */
export function evaluate(model, text, from = 0, to = text.length) {
  const { shape } = model
  const features = featureCount(shape)
  const { offsets, probabilities } = createScratch(shape, 1)
  let loss = 0
  let correct = 0
  for (let position = from; position < to; position++) {
    contextRows(shape, text, position, offsets)
    predict(model, offsets, 0, features, probabilities, 0)
    loss -= Math.log(Math.max(probabilities[text[position]], 1e-30))
    if (isHighest(probabilities, 0, shape.alphabetSize, text[position])) correct++
  }
  const count = Math.max(1, to - from)
  return { loss: loss / count, accuracy: correct / count, perplexity: Math.exp(loss / count) }
}

/** Whether no other character is more likely than the one at `wanted`.
 * @param {Float32Array} probabilities @param {number} into @param {number} size @param {number} wanted */
function isHighest(probabilities, into, size, wanted) {
  const value = probabilities[wanted]
  for (let c = into; c < into + size; c++) if (probabilities[c] > value) return false
  return true
}
