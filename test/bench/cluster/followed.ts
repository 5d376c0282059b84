import type { Cluster } from '../../cluster/support/cluster.ts'
import { makeNamespace, removeNamespace } from '../../cluster/support/cluster.ts'
import { fill } from '../following/fill.ts'
import type { Memory } from '../following/memory.ts'
import { row, type Row } from '../report.ts'
import { type Followed, followByMetrics } from './kube-state-metrics.ts'
import type { Programs } from './programs.ts'

const megabyte = 2 ** 20

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
    const metrics = await followByMetrics(cluster, namespace, trainings, say)
    const ours = await follow('source-once')
    const informer = await follow('informer-once')
    for (const [name, one] of Object.entries({ ours, 'kube-state-metrics': metrics, informer })) {
      const [rss, peak] = [one.rss, one.peak].map((bytes) => Math.round(bytes / megabyte))
      say(`  ${name}: ${one.firstLookSeconds.toFixed(1)} s, ${rss} MB, at most ${peak} MB`)
    }
    return followingRows(trainings, { ours, metrics, informer })
  } finally {
    await removeNamespace(cluster, namespace)
  }
}

function followingRows(
  trainings: number,
  { ours, metrics, informer }: Readonly<Record<'ours' | 'metrics' | 'informer', Followed>>,
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
