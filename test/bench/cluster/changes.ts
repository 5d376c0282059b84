import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../../cluster/support/cluster.ts'
import { queryOnce } from '../../../records/pool.ts'
import { resource } from '../../cluster/base/kubernetes.ts'
import { until } from '../../cluster/base/wait.ts'
import { kill, revive } from '../../cluster/support/faults.ts'
import { row, type Row } from '../report.ts'
import type { House } from './house.ts'
import { type Change, type Latencies, latencies, percentile, type Told } from './latency.ts'
import type { Programs } from './programs.ts'

/** What is told later than this counts as missed. */
const lastWordSeconds = 3

interface SeenPod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly status: {
    readonly phase: string
    readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: { readonly message?: string } } }[]
  }
}

/**
 * Until the row of every training says what the API server has of its pod: writes that are under way together may arrive in another order.
 * @throws Error where one never does: then nothing that was measured counts
 */
async function untilTrue(cluster: Cluster, { database, namespace }: House): Promise<void> {
  const isTrue = async (): Promise<boolean> => {
    const path = `${resource('v1', 'pods', namespace)}?labelSelector=app%3Dtrainer`
    const pods = await cluster.kubernetes.list<SeenPod>(path)
    const rows = await queryOnce<{ id: string; status: string; message: string }>(
      database.pool,
      'select id, status, message from training_jobs',
    )
    const told = new Map(rows.map(({ id, status, message }) => [id, `${status} ${message}`.trim()]))
    return pods.every(({ metadata, status }) => {
      const waiting = status.containerStatuses?.[0]?.state?.waiting?.message
      // One that nobody changed waits for a node, in the scheduler's words.
      if (status.phase !== 'Running' && waiting === undefined) return true
      return told.get(metadata.labels['job-id'] ?? '') === (waiting === undefined ? 'RUNNING' : `QUEUED ${waiting}`)
    })
  }
  await until('every row to say what the API server says', isTrue, { seconds: 120, everyMilliseconds: 500 })
}

/** Until every training has its pod, and the product has granted its lease and has nothing left to do. */
async function untilPodsWait(
  cluster: Cluster,
  { namespace, database }: House,
  say: (line: string) => void,
): Promise<void> {
  const isCalm = async (): Promise<boolean> => {
    const pods = await cluster.kubernetes.list(`${resource('v1', 'pods', namespace)}?labelSelector=app%3Dtrainer`)
    const sums = `(select count(*) from training_jobs) as runs,
      (select count(*) from training_job_attempts where lease_granted_at is not null) as granted,
      (select count(*) from actions where done_at is null) as due`
    const [found] = await queryOnce<{ runs: number; granted: number; due: number }>(database.pool, `select ${sums}`)
    if (!found) return false
    say(`  ${found.runs} runs, ${pods.length} pods, ${found.granted} leases, ${found.due} actions due`)
    return found.runs > 0 && pods.length >= found.runs && found.granted === found.runs && found.due === 0
  }
  await until('every training to have its pod and its lease', isCalm, { seconds: 600, everyMilliseconds: 5000 })
}

/** They would answer each change with work and writes of their own, such as that the pod has no node after all, or how many pods of the Job are ready. */
const bystanders = ['kube-scheduler', 'kube-controller-manager', 'argocd-application-controller'] as const

/**
 * A training's pod begins to run, and waits again, at the API server; the product writes the row with its history and tells it to a client of its
 * event stream. Beside it a bare watch of the same pods, in a process like the one that hears the stream.
 */
export async function measureChanges(
  cluster: Cluster,
  house: House,
  programs: Programs,
  size: { readonly changesPerSecond: number; readonly seconds: number },
  say: (line: string) => void,
): Promise<readonly Row[]> {
  const { changesPerSecond, seconds } = size
  const { folder } = cluster
  await untilPodsWait(cluster, house, say)
  for (const one of bystanders) await kill(cluster, one)
  const watch = programs.start('listen-once', ['watch', folder, house.namespace])
  const stream = programs.start('listen-once', ['stream', house.url])
  await Promise.all([watch.said('hears'), stream.said('hears')])
  const words = [folder, house.namespace, String(changesPerSecond), String(seconds)]
  const made = JSON.parse(await programs.start('write-once', words).finish()) as {
    readonly changes: readonly Change[]
    readonly failed: number
    readonly seconds: number
  }
  await untilTrue(cluster, house)
  for (const one of bystanders) revive(cluster, one)
  await pause(lastWordSeconds * 1000)
  const heard = async (one: typeof watch): Promise<Latencies> => {
    const lines = (await one.finish()).trim().split('\n')
    return latencies(made.changes, JSON.parse(lines.at(-1) ?? '[]') as readonly Told[])
  }
  const [raw, ours] = [await heard(watch), await heard(stream)]
  const rate = Math.round(made.changes.length / made.seconds)
  say(`  ${made.changes.length} changes, ${rate} a second, ${made.failed} writes failed`)
  for (const [name, { missed, overtaken }] of Object.entries({ 'raw watch': raw, 'event stream': ours }))
    say(
      `  ${name}: ${overtaken} overtaken by the next change of the same training, ${missed} told by nothing, such as what was taken back at once`,
    )
  return [50, 99].map((percent) =>
    row({
      metric: `status change at the API server to row and event, ${changesPerSecond} a second, p${percent}`,
      unit: 'ms',
      better: 'less',
      ours: percentile(ours.milliseconds, percent),
      peer: { name: 'bare watch of the same objects', value: percentile(raw.milliseconds, percent) },
      bound: percent === 99 ? 300 : undefined,
    }),
  )
}
