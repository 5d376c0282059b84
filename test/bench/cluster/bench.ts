import { join } from 'node:path'
import { startBed } from '../../cluster/cluster.ts'
import { attach, type Cluster } from '../../cluster/support/cluster.ts'
import type { Row } from '../report.ts'
import { type Asked, runBench, say } from '../run-bench.ts'
import { measureChanges } from './changes.ts'
import { deliverTrainings, measureDelivery } from './delivery.ts'
import { beginFilling, type Filled, measureFollowing } from './followed.ts'
import { type House, openHouse } from './house.ts'
import { measureIdle } from './idle.ts'
import { buildPrograms, type Programs } from './programs.ts'

/*
 * npm run bench:cluster                    a table; twenty minutes, and a cluster of its own
 * npm run bench:cluster -- --json          one JSON document on standard output
 * npm run bench:cluster -- --quick         small sizes, to see that it works; its figures say little
 * npm run bench:cluster -- --only=idle     some of: delivery, changes, idle, following
 * Where SPECYARD_CLUSTER names the folder of a running bed, it is used.
 */

const sizes = {
  whole: {
    delivery: { rounds: 5, trainings: 1000 },
    changes: { changesPerSecond: 400, seconds: 30 },
    idle: { idleSeconds: 300, settleSecondsMax: 600 },
    following: 10_000,
  },
  quick: {
    delivery: { rounds: 1, trainings: 20 },
    changes: { changesPerSecond: 20, seconds: 3 },
    idle: { idleSeconds: 10, settleSecondsMax: 120 },
    following: 50,
  },
} as const
const parts = ['delivery', 'changes', 'idle', 'following'] as const
type Part = (typeof parts)[number]

type Size = (typeof sizes)[keyof typeof sizes]

async function measure(asked: Asked<Part>): Promise<readonly Row[]> {
  const size = sizes[asked.quick ? 'quick' : 'whole']
  const given = process.env['SPECYARD_CLUSTER']
  const started = given ? undefined : await startBed({ say, parts: ['kwok', 'argocd'], audit: 'requests' })
  const cluster = attach(given ?? started?.bed.folder ?? '')
  const programs = await buildPrograms(
    ['listen-once', 'write-once', '../following/source-once', '../following/informer-once'].map((name) =>
      join(import.meta.dirname, `${name}.ts`),
    ),
  )
  try {
    return await measureOn(cluster, programs, size, asked)
  } finally {
    programs.remove()
    await started?.stop()
  }
}

async function measureOn(
  cluster: Cluster,
  programs: Programs,
  size: Size,
  { wants, begin }: Asked<Part>,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  let filled: Filled | undefined
  // In a namespace of which the product knows nothing: meanwhile it idles.
  const fill = async (): Promise<void> => {
    if (wants('following')) filled = await beginFilling(cluster, size.following, say)
  }
  const house = parts.some((part) => part !== 'following' && wants(part)) ? await openHouse(cluster) : undefined
  try {
    if (house) rows.push(...(await measureHouse(cluster, house, programs, size, begin, fill)))
    else await fill()
  } catch (error) {
    for (const one of [house?.api, house?.reconciler]) say(one?.said().slice(-3000) ?? '')
    throw error
  } finally {
    await house?.close()
  }
  if (filled && begin('following')) rows.push(...(await measureFollowing(cluster, programs, filled, say)))
  return rows
}

async function measureHouse(
  cluster: Cluster,
  house: House,
  programs: Programs,
  size: Size,
  begin: (part: Part) => boolean,
  fill: () => Promise<void>,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  const { rounds, trainings } = size.delivery
  if (begin('delivery')) {
    rows.push(await measureDelivery(cluster, house, { trainings: 1, rounds, bound: 1000 }, say))
    rows.push(await measureDelivery(cluster, house, { trainings, rounds: 1, bound: 10_000 }, say))
  } else {
    // What changes, and what idles, are these.
    await deliverTrainings(cluster, house, `t${trainings}`, trainings)
  }
  if (begin('changes')) rows.push(...(await measureChanges(cluster, house, programs, size.changes, say)))
  await fill()
  if (begin('idle')) rows.push(...(await measureIdle(cluster, house, size.idle, say)))
  return rows
}

await runBench('cluster', parts, measure)
