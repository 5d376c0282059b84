import { afterAll, beforeAll, expect, inject } from 'vitest'
import { takeTurn } from './desk.ts'
import { needsBedAlone } from './alone.ts'

/* Before and after each file of the cluster's tests: see turns.ts. */

/** No file waits longer for those before it. */
const waitMilliseconds = 3_600_000

let endTurn = () => {}
beforeAll(async () => {
  endTurn = await takeTurn(inject('clusterTurns'), needsBedAlone(expect.getState().testPath ?? ''))
}, waitMilliseconds)
afterAll(() => endTurn())
