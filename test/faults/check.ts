import { expect } from 'vitest'
import { checks } from './promises.ts'
import type { Check, ClusterStage, Outcome } from './promise.ts'

/** The seed of every run of the tests; `npm run faults -- --seed N` takes others. */
export const usualSeed = 1

export function checkOf(id: string): Check {
  const check = checks.find((one) => one.id === id)
  if (check === undefined) throw new Error(`there is no check of ${id}`)
  return check
}

/** Runs a check at the scale of CI and expects the promise to be kept. @returns what was counted */
export async function expectKept(id: string, cluster?: ClusterStage['cluster']): Promise<Outcome['counts']> {
  const check = checkOf(id)
  const stage = { seed: usualSeed, count: check.ci, isOver: () => false, say: () => {} }
  if (check.needs !== 'cluster') return kept(id, await check.run(stage))
  if (cluster === undefined) throw new Error(`${id} needs a cluster`)
  return kept(id, await check.run({ ...stage, cluster }))
}

function kept(id: string, { violations, counts }: Outcome): Outcome['counts'] {
  expect(violations, `${id}: npm run faults -- --only ${id} --seed ${usualSeed}`).toEqual([])
  return counts
}
