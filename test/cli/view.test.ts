import { expect, it } from 'vitest'
import { howFar } from '../../cli/up/view.ts'

const progress = { step: 120, epoch: null, totalEpochs: null, percentage: null }

it.each([
  [{ epoch: 3, totalEpochs: 16 }, 'epoch 3/16'],
  [{ epoch: 3 }, 'epoch 3'],
  [{}, 'step 120'],
])('a trainer that counts %o is shown as %s', (counted, shown) => {
  expect(howFar({ ...progress, ...counted })).toBe(shown)
})
