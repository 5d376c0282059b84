import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MlflowServer } from '../../support/mlflow/server.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type Line, layLine } from '../support/connections.ts'
import { loggingTo, mlflowTrainings, startMlflow, type Way } from '../support/mlflow.ts'
import { openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import { hasEnded, hasSucceeded, isCancelled, isRunning, shortGraces, untilTold } from '../support/yard-objects.ts'

/*
 * Pods on the real node log to a real MLflow over the network, with nothing but what their manifest gives them; the reconciler comes to the same
 * server by a line of its own, which a test can break without a trainer noticing.
 */

interface Tracked extends RunAnswer {
  readonly mlflow_run_id: string | null
  readonly tracker_runs: readonly {
    readonly attempt: number
    readonly tracker_run_id: string
    readonly found_by: string
    readonly status: string
    readonly closed_as: string | null
    readonly url: string
    readonly params: Readonly<Record<string, string>>
    readonly metrics: Readonly<Record<string, number>>
    readonly artifacts: readonly { readonly path: string; readonly size_bytes: number | null }[]
    readonly incomplete: readonly string[]
  }[]
}

/** A run as MLflow itself has it. */
interface Kept {
  readonly info: { readonly status: string; readonly end_time?: number }
  readonly data: { readonly tags: readonly { readonly key: string; readonly value: string }[] }
}

let cluster: Cluster
let server: MlflowServer
let line: Line
let yard: Yard
let specOf: Awaited<ReturnType<typeof mlflowTrainings>>

const once = '  terminationGraceSeconds: 1\n  retry: { maxRetries: 0 }\n'

/** Merges a training of this name and waits until it is so. */
async function train(name: string, way: Way, isSo: (run: RunAnswer) => unknown, seconds = 120): Promise<RunAnswer> {
  await yard.merge({ [`${name}.yaml`]: specOf({ environment: yard.environment, name, way, more: once }) })
  return yard.untilRun(name, `to come so far (${way})`, isSo, seconds)
}

async function untilLinked(name: string, seconds = 90): Promise<Tracked> {
  const isLinked = (run: RunAnswer): boolean => {
    const [link] = (run as Tracked).tracker_runs
    return link !== undefined && link.incomplete.length === 0
  }
  return (await yard.untilRun(name, 'to be linked to MLflow', isLinked, seconds)) as Tracked
}

async function keptOf(
  id: string | null | undefined,
): Promise<Kept & { readonly tagged: Readonly<Record<string, string>> }> {
  const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${id}`)
  const { run } = (await answer.json()) as { readonly run: Kept }
  return { ...run, tagged: Object.fromEntries(run.data.tags.map(({ key, value }) => [key, value])) }
}

const openedIn = async ({ id }: RunAnswer): Promise<string | undefined> => {
  const { lines } = await yard.ask<{ readonly lines: readonly string[] }>(`/v1/jobs/${id}/logs?tail=100`)
  return /MLflow run (\w+)/.exec(lines.join('\n'))?.[1]
}

describe.runIf(hasRealNode())('a pod that logs to MLflow', () => {
  beforeAll(async () => {
    cluster = theCluster()
    ;[server, specOf] = await Promise.all([startMlflow(cluster), mlflowTrainings(cluster)])
    line = await layLine(server.url)
    yard = await openYard(cluster, {
      settings: shortGraces,
      environment: () => loggingTo(server),
      variables: { MLFLOW_TRACKING_URI: line.url },
    })
  }, 300_000)
  afterAll(async () => {
    try {
      await yard?.close()
    } finally {
      await line?.remove()
      await server?.remove()
    }
  })

  it('is found by the tags that its manifest gives it, with the course of its metrics and its artifacts', async () => {
    await train('tagged', 'ends', hasSucceeded)
    const run = await untilLinked('tagged')
    const [link] = run.tracker_runs
    expect(link).toMatchObject({
      ...{ attempt: 1, found_by: 'tag', status: 'FINISHED', closed_as: null },
      ...{ params: { lr: '0.1' }, metrics: { loss: 1 / 3 } },
      artifacts: [{ path: 'model/weights.bin', size_bytes: 1234 }],
    })
    expect((await keptOf(link?.tracker_run_id)).tagged).toMatchObject({ 'specyard.job_id': run.id })
    const { items } = await yard.ask<{ readonly items: readonly Readonly<Record<string, unknown>>[] }>(
      `/v1/jobs/${run.id}/metrics?limit=100`,
    )
    const course = items.filter(({ source }) => source === 'tracker')
    expect(course.map(({ step, loss }) => [step, loss])).toEqual([0, 1, 2].map((step) => [step, 1 / (step + 1)]))
    const { stdout } = await yard.command('trace', link?.tracker_run_id ?? '')
    expect(stdout).toContain(run.id)
    expect(stdout).toContain(`MLflow run ${link?.tracker_run_id}  FINISHED`)
  })

  it('is found by what `done` names where it logs somewhere else and without tags', async () => {
    await train('named', 'names', hasSucceeded)
    const run = await untilLinked('named')
    expect(run.tracker_runs).toMatchObject([{ found_by: 'done', status: 'FINISHED', metrics: { loss: 1 / 3 } }])
    const { tagged } = await keptOf(run.mlflow_run_id)
    expect(tagged).toMatchObject({ 'specyard.job_id': run.id, 'specyard.attempt': '1' })
  })

  it('and ends with exit code 137 leaves its MLflow run open, which is closed and says why', async () => {
    const failed = await train('crashed', 'crashes', hasEnded)
    expect(failed).toMatchObject({ state: 'FAILED', attempts: [{ evidence: { exit_code: 137 } }] })
    const run = await untilLinked('crashed')
    const [link] = run.tracker_runs
    expect(link?.closed_as).toMatch(/^(FAILED|KILLED)$/)
    const kept = await keptOf(link?.tracker_run_id)
    expect(kept.info).toMatchObject({ status: link?.closed_as, end_time: expect.any(Number) as number })
    expect(kept.tagged['specyard.closed_because']).toContain(
      `attempt 1 of ${yard.environment}/language/crashed ended as`,
    )
    // What it had logged by then is on the record all the same.
    expect(link).toMatchObject({ metrics: { loss: 1 / 3 }, artifacts: [{ path: 'model/weights.bin' }] })
  })

  it('and is killed because somebody cancels the run has its MLflow run closed as killed', async () => {
    const running = await train('cancelled', 'stays', isRunning)
    const id = await until('its MLflow run to be there', () => openedIn(running), { seconds: 60 })
    expect((await keptOf(id)).info.status).toBe('RUNNING')
    await yard.ask(`/v1/jobs/${running.id}/cancel`, 'POST')
    await yard.untilRun('cancelled', 'to be cancelled', isCancelled, 90)
    const run = await untilLinked('cancelled')
    expect(run.tracker_runs).toMatchObject([{ tracker_run_id: id, status: 'KILLED', closed_as: 'KILLED' }])
    expect((await keptOf(id)).info.status).toBe('KILLED')
  })

  it('ends as it would while MLflow answers nobody who asks for the record, and is linked when it does again', async () => {
    line.silence('all')
    try {
      await train('unanswered', 'ends', hasSucceeded)
      // The model is registered and the next one trains: nothing waits for the tracker.
      await train('unanswered-too', 'ends', hasSucceeded)
      const run = (await yard.newestRun('unanswered')) as Tracked
      expect(run.tracker_runs).toEqual([])
      expect(run.final_metrics).toEqual({ loss: 1 / 3 })
    } finally {
      line.cut('open')
      line.mend()
    }
    for (const name of ['unanswered', 'unanswered-too'])
      expect((await untilLinked(name, 180)).tracker_runs).toMatchObject([{ status: 'FINISHED' }])
  })

  it('ends as it would when MLflow is stopped under it, and the run that it could not end there is closed later', async () => {
    const running = await train('outlives', 'until-mlflow-is-gone', isRunning)
    const id = await until('its MLflow run to be there', () => openedIn(running), { seconds: 60 })
    await server.stop()
    try {
      await yard.untilRun('outlives', 'to succeed without MLflow', hasSucceeded, 90)
      await train('alone', 'without-mlflow', hasSucceeded)
    } finally {
      await server.start()
    }
    const run = await untilLinked('outlives', 180)
    expect(run.tracker_runs).toMatchObject([{ tracker_run_id: id, status: 'FINISHED', closed_as: 'FINISHED' }])
    expect((await keptOf(id)).info.status).toBe('FINISHED')
    // One that nobody heard of there says so.
    const alone = await yard.newestRun('alone')
    await untilTold(yard, alone ?? running, 'NoTrackerRun', 180)
  })
})
