import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generate } from '../../examples/handbook/trainer/generate.mjs'
import {
  contextRows,
  createModel,
  createScratch,
  evaluate,
  featureCount,
  predict,
  rowCount,
  step,
} from '../../examples/handbook/trainer/model.mjs'
import { epochOrder } from '../../examples/handbook/trainer/random.mjs'
import {
  encode,
  frequencyPerplexity,
  prepareText,
  readText,
  splitBlocks,
} from '../../examples/handbook/trainer/text.mjs'
import { easyText, workingFolder } from '../support/trainer.ts'

const shape = { alphabetSize: 12, distances: 2, order: 3, buckets: 64 }

function lossOf(model: ReturnType<typeof createModel>, text: Uint16Array, position: number): number {
  const offsets = new Int32Array(featureCount(model.shape))
  const probabilities = new Float32Array(model.shape.alphabetSize)
  contextRows(model.shape, text, position, offsets)
  predict(model, offsets, 0, offsets.length, probabilities, 0)
  return -Math.log(probabilities[text[position] ?? 0] ?? 0)
}

describe('the log-linear model', () => {
  it('a model that knows nothing has the size of the alphabet as its perplexity', () => {
    const text = Uint16Array.from({ length: 500 }, (_, index) => index % shape.alphabetSize)
    expect(evaluate(createModel(shape), text).perplexity).toBeCloseTo(shape.alphabetSize, 4)
  })

  it('a step moves each weight against the gradient that differences of the loss give', () => {
    const text = Uint16Array.from([3, 1, 4, 1, 5, 9, 2, 6])
    const model = createModel(shape)
    model.weights.forEach((_, index) => {
      model.weights[index] = Math.sin(index) / 3
    })
    const before = Float32Array.from(model.weights)
    const position = 6
    const rate = 0.01
    step(model, text, Int32Array.from([position]), rate, createScratch(shape, 1))
    const touched = new Int32Array(featureCount(shape))
    contextRows(shape, text, position, touched)
    for (const offset of touched) {
      for (let character = 0; character < shape.alphabetSize; character++) {
        const index = offset + character
        const at = (value: number): number => {
          const weights = Float32Array.from(before)
          weights[index] = value
          return lossOf({ shape, weights }, text, position)
        }
        const value = before[index] ?? 0
        const slope = (at(value + 0.01) - at(value - 0.01)) / 0.02
        expect(((model.weights[index] ?? 0) - value) / -rate).toBeCloseTo(slope, 2)
      }
    }
    const others = [...before.keys()].filter(
      (index) => !touched.some((row) => index >= row && index < row + shape.alphabetSize),
    )
    expect(others.filter((index) => model.weights[index] !== before[index])).toEqual([])
  })

  it('every context names rows inside the weights', () => {
    const characters = fc.array(fc.nat({ max: shape.alphabetSize - 1 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(characters, fc.nat({ max: 11 }), (text, at) => {
        const offsets = new Int32Array(featureCount(shape))
        contextRows(shape, text, Math.min(at, text.length), offsets)
        const last = rowCount(shape) * shape.alphabetSize
        return offsets.every((offset) => offset % shape.alphabetSize === 0 && offset >= 0 && offset < last)
      }),
    )
  })

  it('probabilities add up to one and none is negative', () => {
    const model = createModel(shape)
    model.weights.forEach((_, index) => {
      model.weights[index] = ((index * 37) % 100) - 50
    })
    const offsets = new Int32Array(featureCount(shape))
    const probabilities = new Float32Array(shape.alphabetSize)
    contextRows(shape, [1, 2, 3], 3, offsets)
    predict(model, offsets, 0, offsets.length, probabilities, 0)
    expect(probabilities.reduce((sum, one) => sum + one)).toBeCloseTo(1, 5)
    expect(probabilities.every((one) => one >= 0)).toBe(true)
  })

  it('the loss falls step by step on what it learns', () => {
    const parts = prepareText(easyText(300), { train: 0.8, validation: 0.1, test: 0.1 })
    const model = createModel({ ...shape, alphabetSize: parts.alphabet.length + 1 })
    const scratch = createScratch(model.shape, 32)
    const losses = [0, 1, 2, 3].map((epoch) => {
      const order = epochOrder(parts.train.length, parts.train.length, 1, epoch)
      for (let at = 0; at < order.length; at += 32) step(model, parts.train, order.subarray(at, at + 32), 0.1, scratch)
      return evaluate(model, parts.test).loss
    })
    expect(losses).toEqual([...losses].sort((left, right) => right - left))
    expect(losses.at(-1)).toBeLessThan(
      Math.log(frequencyPerplexity(parts.train, parts.test, model.shape.alphabetSize)) / 2,
    )
  })
})

describe('the text', () => {
  it('splits never overlap and together are the whole, whatever length and shares', () => {
    const shares = fc
      .tuple(fc.nat({ max: 100 }), fc.nat({ max: 100 }), fc.nat({ max: 100 }))
      .filter((all) => all.some((one) => one > 0))
    fc.assert(
      fc.property(fc.nat({ max: 5000 }), shares, (length, [a, b, c]) => {
        const sum = a + b + c
        const blocks = splitBlocks(length, { train: a / sum, validation: b / sum, test: c / sum })
        const all = [...blocks.train, ...blocks.validation, ...blocks.test].sort(([x, u], [y, v]) => x - y || u - v)
        let next = 0
        for (const [from, to] of all) {
          if (from !== next || to < from) return false
          next = to
        }
        return next === length
      }),
    )
  })

  it('what stands in the test part alone is unknown to the alphabet', () => {
    const text = `${'abc '.repeat(2000)}`
    const { test } = splitBlocks([...text].length, { train: 0.8, validation: 0.1, test: 0.1 })
    const characters = [...text]
    for (const [from, to] of test) characters.fill('é', from, to)
    const parts = prepareText(characters.join(''), { train: 0.8, validation: 0.1, test: 0.1 })
    expect(parts.alphabet).toEqual([' ', 'a', 'b', 'c'])
    expect(new Set(parts.test)).toEqual(new Set([0]))
  })

  it('letter frequencies that are all alike have the size of the alphabet as their perplexity', () => {
    const text = Uint16Array.from({ length: 4000 }, (_, index) => index % 8)
    expect(frequencyPerplexity(text, text, 8)).toBeCloseTo(8, 6)
  })

  it('a character outside the basic plane is one character', () => {
    expect([...encode('a😀b', ['a', '😀'])]).toEqual([1, 2, 0])
  })

  it('the digest of a dataset is that of its bytes', () => {
    const folder = workingFolder(10)
    try {
      const { text, digest } = readText(`${folder.path}/dataset`)
      expect(text).toBe(easyText(10))
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    } finally {
      folder.remove()
    }
  })
})

describe('the order of an epoch', () => {
  it('is the same for the same seed and epoch, and another for another', () => {
    const order = (seed: number, epoch: number) => [...epochOrder(200, 200, seed, epoch)].join()
    expect(order(7, 3)).toBe(order(7, 3))
    expect(new Set([order(7, 3), order(7, 4), order(8, 3)]).size).toBe(3)
  })

  it('takes each position once, and no more of them than wanted', () => {
    expect([...epochOrder(100, 500, 1, 1)].sort((left, right) => left - right)).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    )
    expect(new Set(epochOrder(100, 30, 1, 1)).size).toBe(30)
  })
})

describe('writing text', () => {
  const parts = prepareText(easyText(200), { train: 0.8, validation: 0.1, test: 0.1 })
  const model = createModel({ ...shape, alphabetSize: parts.alphabet.length + 1 })
  step(model, parts.train, epochOrder(parts.train.length, 2000, 1, 1), 0.01, createScratch(model.shape, 2000))
  const write = (options: { seed: number; temperature: number }) =>
    [...generate(model, parts.alphabet, { prompt: 'The ', maxTokens: 60, ...options })].join('')

  it('the same seed writes the same text, another seed another one', () => {
    expect(write({ seed: 1, temperature: 1 })).toBe(write({ seed: 1, temperature: 1 }))
    expect(write({ seed: 1, temperature: 1 })).not.toBe(write({ seed: 2, temperature: 1 }))
  })

  it('temperature 0 needs no luck: every seed writes the same', () => {
    expect(write({ seed: 1, temperature: 0 })).toBe(write({ seed: 2, temperature: 0 }))
  })

  it('writes as many characters as asked for, all of its alphabet', () => {
    const text = write({ seed: 3, temperature: 2 })
    expect([...text]).toHaveLength(60)
    expect([...text].filter((character) => !parts.alphabet.includes(character))).toEqual([])
  })
})
