import { join } from 'node:path'
import { startBed } from '../../cluster/cluster.ts'
import { attach } from '../../cluster/support/cluster.ts'
import { openHouse } from '../cluster/house.ts'
import { buildPrograms } from '../cluster/programs.ts'
import { buildPeers } from '../compile/peers.ts'
import type { Row } from '../report.ts'
import { type Asked, runBench, say } from '../run-bench.ts'
import { measureBroken } from './broken.ts'
import { measureRendering } from './rendering.ts'
import { measureShifting } from './shifting.ts'

/*
 * npm run bench:serving                      a table; some minutes
 * npm run bench:serving -- --json            one JSON document on standard output
 * npm run bench:serving -- --quick           small sizes and no peer that has to be built, to see that it works
 * npm run bench:serving -- --only=rendering  some of: rendering, shifting, broken
 * The last one needs a cluster: where SPECYARD_CLUSTER names the folder of a running bed, it is used, else one is started.
 */

const sizes = {
  whole: {
    rendering: { endpoints: 1000, rounds: 5, forks: 20 },
    shifting: { callers: 16, secondsEach: 3, weights: [10, 25, 50, 75, 100, 75, 50, 25, 10, 0] },
    // Shorter than the Deployment's own deadline of 25 minutes, after which Argo CD would hear of it.
    broken: { argocdSecondsMax: 300 },
  },
  quick: {
    rendering: { endpoints: 8, rounds: 1, forks: 1 },
    shifting: { callers: 4, secondsEach: 1, weights: [50, 100, 0] },
    broken: { argocdSecondsMax: 30 },
  },
} as const
const parts = ['rendering', 'shifting', 'broken'] as const
type Part = (typeof parts)[number]

type Size = (typeof sizes)[keyof typeof sizes]

async function measure({ quick, begin }: Asked<Part>): Promise<readonly Row[]> {
  const size = sizes[quick ? 'quick' : 'whole']
  const rows: Row[] = []
  if (begin('rendering')) rows.push(...(await rendering(size, quick)))
  if (begin('shifting')) rows.push(...(await measureShifting(size.shifting, say)))
  if (begin('broken')) rows.push(...(await broken(size)))
  return rows
}

async function rendering(size: Size, quick: boolean): Promise<readonly Row[]> {
  const peers = quick ? null : await buildPeers(say)
  const programs = await buildPrograms([join(import.meta.dirname, 'endpoints-once.ts')])
  try {
    return await measureRendering({ ...size.rendering, peers, program: programs.path('endpoints-once') })
  } finally {
    programs.remove()
  }
}

async function broken(size: Size): Promise<readonly Row[]> {
  const given = process.env['SPECYARD_CLUSTER']
  const started = given ? undefined : await startBed({ say, parts: ['node', 'argocd'], audit: 'requests' })
  try {
    const cluster = attach(given ?? started?.bed.folder ?? '')
    const house = await openHouse(cluster)
    try {
      return await measureBroken(cluster, house, size.broken, say)
    } catch (error) {
      for (const one of [house.api, house.reconciler]) say(one.said().slice(-3000))
      throw error
    } finally {
      await house.close()
    }
  } finally {
    await started?.stop()
  }
}

await runBench('serving', parts, measure)
