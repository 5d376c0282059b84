import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearest } from '../../compiler/validate/nearest.ts'

describe('the nearest word', () => {
  it.each([
    ['one letter too few', 'epchs', ['epochs', 'seed'], 'epochs'],
    ['two that changed places', 'sede', ['epochs', 'seed'], 'seed'],
    ['another way to part words', 'learning_rate', ['learningRate', 'rate'], 'learningRate'],
    ['the nearer of two', 'replica', ['replace', 'replicas'], 'replicas'],
    ['nothing that is as long as what changed', 'gpu', ['cpus', 'queue'], undefined],
    ['a long one, though a short one that is too far away has fewer changes', 'mric', ['uri', 'metric'], 'metric'],
    ['the first of two that are as near', 'tex', ['text', 'ex'], 'text'],
    ['nothing among nothing', 'text', [], undefined],
  ])('is %s', (_title, word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected)
  })

  it('is one that a single change leads to, whatever letters it has', () => {
    const word = fc.stringMatching(/^[a-z0-9äé日本]{4,12}$/)
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('x', 'Ä', '日'), (meant, at, letter) => {
        const index = at % (meant.length + 1)
        const written = meant.slice(0, index) + letter + meant.slice(index)
        expect(nearest(written, ['no', meant])).toBe(meant)
      }),
    )
  })
})
