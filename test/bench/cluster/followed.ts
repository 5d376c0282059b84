import type { Cluster } from '../../cluster/support/cluster.ts'
import { makeNamespace, removeNamespace } from '../../cluster/support/cluster.ts'
import { fill } from '../following/fill.ts'
import type { Memory } from '../following/memory.ts'
import { median, row, type Row } from '../report.ts'
import { type Followed, followByMetrics } from './kube-state-metrics.ts'
import type { Programs } from './programs.ts'

const megabyte = 2 ** 20
/** In turn, so that what the cluster still does of its own meets all of them. */
const rounds = 3

interface Told {
  readonly sinceStartSeconds: number
  readonly first: Memory
}

/** A namespace that is filled with trainings while something else is measured. */
export interface Filled {
  readonly namespace: string
  readonly trainings: number
  /** Resolves when all are there. */
  readonly whole: Promise<void>
}

export async function beginFilling(cluster: Cluster, trainings: number, say: (line: string) => void): Promise<Filled> {
  const namespace = await makeNamespace(cluster, 'bench')
  const from = performance.now()
  const whole = fill(cluster, namespace, trainings).then(() => {
    say(`  ${trainings} trainings are there after ${Math.round((performance.now() - from) / 1000)} s`)
  })
  // What fails is thrown to whoever waits for it.
  whole.catch(() => undefined)
  return { namespace, trainings, whole }
}

/** Many trainings with their pods: how long it takes to know them all, and what is held of them. Each program in a process of its own, in turn. */
export async function measureFollowing(
  cluster: Cluster,
  programs: Programs,
  { namespace, trainings, whole }: Filled,
  say: (line: string) => void,
): Promise<readonly Row[]> {
  try {
    await whole
    const follow = async (name: string): Promise<Followed> => {
      const text = await programs.start(name, [cluster.kubeconfig, namespace]).finish()
      const { sinceStartSeconds, first } = JSON.parse(text) as Told
      return { firstLookSeconds: sinceStartSeconds, rss: first.rss, peak: first.peak }
    }
    const seen = { ours: [] as Followed[], metrics: [] as Followed[], informer: [] as Followed[] }
    for (let round = 0; round < rounds; round += 1) {
      seen.metrics.push(await followByMetrics(cluster, namespace, trainings, say))
      seen.ours.push(await follow('source-once'))
      seen.informer.push(await follow('informer-once'))
      for (const [name, all] of Object.entries(seen)) {
        const { firstLookSeconds, rss, peak } = all.at(-1) as Followed
        const [held, most] = [rss, peak].map((bytes) => Math.round(bytes / megabyte))
        say(`  ${name}: ${firstLookSeconds.toFixed(1)} s, ${held} MB, at most ${most} MB`)
      }
    }
    const [ours, metrics, informer] = [seen.ours, seen.metrics, seen.informer].map(middle) as [Middle, Middle, Middle]
    return followingRows(trainings, { ours, metrics, informer })
  } finally {
    await removeNamespace(cluster, namespace)
  }
}

type Middle = Pick<Followed, 'firstLookSeconds' | 'rss'>

function middle(all: readonly Followed[]): Middle {
  return {
    firstLookSeconds: median(all.map(({ firstLookSeconds }) => firstLookSeconds)),
    rss: median(all.map(({ rss }) => rss)),
  }
}

function followingRows(
  trainings: number,
  { ours, metrics, informer }: Readonly<Record<'ours' | 'metrics' | 'informer', Middle>>,
): readonly Row[] {
  const of = `${trainings} Jobs with their pods`
  const whole = { metric: `full pass over ${of}`, unit: 's', better: 'less', bound: 10, goal: 1 } as const
  const held = { metric: `memory with ${of}`, unit: 'MB', better: 'less', bound: 250, goal: 1 } as const
  const look = ours.firstLookSeconds
  const rss = ours.rss / megabyte
  return [
    row({ ...whole, ours: look, peer: { name: 'kube-state-metrics', value: metrics.firstLookSeconds } }),
    row({ ...whole, ours: look, peer: { name: 'the client library’s informer', value: informer.firstLookSeconds } }),
    row({ ...held, ours: rss, peer: { name: 'kube-state-metrics', value: metrics.rss / megabyte } }),
    row({ ...held, ours: rss, peer: { name: 'the client library’s informer', value: informer.rss / megabyte } }),
  ]
}
