import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MlflowServer } from '../../support/mlflow/server.ts'
import type { Ended } from '../../support/main-job/program.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type HeldTraining, holdTraining } from '../support/held.ts'
import { trainerStarts } from '../support/invariant.ts'
import { loseAndRebuild } from '../support/lost-records.ts'
import { loggingTo, mlflowTrainings, startMlflow } from '../support/mlflow.ts'
import { createQueue } from '../support/queues.ts'
import { onSimulatedNodes } from '../support/simulated-nodes.ts'
import { openYard, type RunAnswer, trainingSpec, type Yard } from '../support/yard.ts'
import {
  hasEnded,
  hasSucceeded,
  isRunning,
  newestJobName,
  shortGraces,
  stepOf,
  untilJobGone,
} from '../support/yard-objects.ts'

/*
 * The database is lost with everything in it. `specyard rebuild` makes the records anew from the history of the deploy repository, the cluster and
 * MLflow: what ended, what goes on, what waits; and the trainer that went on all the while is heard again.
 */

type Linked = RunAnswer & {
  readonly tracker_runs: readonly Readonly<Record<string, unknown>>[]
}

/** What `specyard rebuild --output json` says, as far as it is looked at. */
interface Report {
  readonly complete: boolean
  readonly rebuilt: Readonly<Record<string, number>>
  readonly filled: Readonly<Record<string, number>>
  readonly unknown: {
    readonly attemptsWithoutJob: number
    readonly attemptsWithoutEvidence: number
    readonly runsWithoutFailureClass: { readonly count: number; readonly runs: readonly string[] }
    readonly notRebuilt: { readonly count: number }
    readonly disbelieved: { readonly count: number }
  }
}

const names = ['finished', 'retried', 'failed', 'running', 'queued'] as const
type Name = (typeof names)[number]

const isRetired = ({ state, attempts }: RunAnswer): boolean => state === 'SUCCEEDED' && attempts[0]?.retired_at != null

const output = '  output: { model: handbook-lm, stage: experimental }\n'
const short = '  terminationGraceSeconds: 1\n'

describe.runIf(hasRealNode())('records that are lost while a run goes on and another one waits', () => {
  let cluster: Cluster
  let server: MlflowServer
  let yard: Yard
  let held: HeldTraining
  let report: Report
  let rebuild: Ended
  let startsBefore: number
  let stepBefore: number
  const before = new Map<Name, Linked>()
  const after = new Map<Name, Linked>()
  let modelsBefore: unknown
  const models = () => yard.ask<{ readonly items: readonly Readonly<Record<string, unknown>>[] }>('/v1/models')

  const known = async (name: Name): Promise<Linked> => (await yard.newestRun(name)) as Linked
  const isLinked = (run: RunAnswer): boolean => (run as Linked).tracker_runs.length === run.attempts.length

  beforeAll(async () => {
    cluster = theCluster()
    server = await startMlflow(cluster)
    yard = await openYard(cluster, {
      settings: shortGraces,
      environment: () => [...loggingTo(server), '  queues: [gpu]', '  gpuTypes: { T4: {} }'],
      variables: { MLFLOW_TRACKING_URI: server.url },
    })
    held = await holdTraining(cluster)
    // Nothing of it is free, so that what is queued there waits for as long as it is wanted.
    const flavor = onSimulatedNodes(yard.environment)
    await createQueue(cluster, { namespace: yard.namespace, name: 'gpu', gpus: 0, flavor })
    await begin()
    for (const name of names) before.set(name, await known(name))
    modelsBefore = (await models()).items
    startsBefore = trainerStarts(cluster, yard).length
    stepBefore = stepOf(before.get('running') as Linked)

    rebuild = await loseAndRebuild(yard)
    report = JSON.parse(rebuild.stdout || '{}') as Report
    for (const name of names) after.set(name, await known(name))
  }, 480_000)
  afterAll(async () => {
    try {
      await yard?.close()
    } finally {
      await held?.close()
      await server?.remove()
    }
  })

  /** One of each kind, side by side, each as far as it is wanted. */
  async function begin(): Promise<void> {
    const { environment } = yard
    const specOf = await mlflowTrainings(cluster)
    const queued = specOf({ environment, name: 'queued', way: 'ends', more: '  queue: gpu\n' })
    await yard.merge({
      'finished.yaml': specOf({
        ...{ environment, name: 'finished', way: 'ends' },
        more: `${short}${output}  ttlSecondsAfterFinished: 1\n`,
      }),
      'retried.yaml': specOf({
        ...{ environment, name: 'retried', way: 'succeeds-second' },
        more: `${short}  retry: { maxRetries: 1, backoffSeconds: 1 }\n`,
      }),
      'failed.yaml': specOf({
        ...{ environment, name: 'failed', way: 'crashes' },
        more: `${short}  retry: { maxRetries: 0 }\n`,
      }),
      'running.yaml': trainingSpec(cluster, { environment, name: 'running', command: held.command, more: short }),
      'queued.yaml': queued.replace(/^( {4}memory: .*)$/m, '$1\n    gpus: 1\n    gpuType: T4'),
    })
    const finished = await yard.untilRun('finished', 'to be retired', isRetired, 150)
    await untilJobGone(cluster, yard, newestJobName(finished))
    await yard.untilRun('finished', 'to be linked', isLinked, 90)
    const retried = (run: RunAnswer) => hasSucceeded(run) && (run as Linked).tracker_runs.length > 0
    await yard.untilRun('retried', 'to succeed at last and be linked', retried, 150)
    await yard.untilRun('failed', 'to fail and be linked', (run) => hasEnded(run) && isLinked(run), 150)
    await yard.untilRun('running', 'to train', (run) => isRunning(run) && stepOf(run) > 0, 150)
    await yard.untilRun('queued', 'to wait for quota', ({ state }) => state === 'QUEUED', 90)
  }

  it('are made anew, all of them', () => {
    expect(rebuild, rebuild.stderr).toMatchObject({ code: 0 })
    expect(report).toMatchObject({
      complete: true,
      rebuilt: { runs: 5, attempts: 6, modelVersions: 1, known: 0 },
      unknown: { notRebuilt: { count: 0 }, disbelieved: { count: 0 } },
    })
  })

  it.each(names)(
    'know the run %s by the same id, in the same state, with its attempts and what became of them',
    (name) => {
      const shape = (run: Linked | undefined) => ({
        ...{ id: run?.id, state: run?.state, attempt: run?.attempt, retries: run?.retry_count },
        disruptions: run?.disruption_count,
        attempts: run?.attempts.map(({ attempt, job_name, state }) => ({ attempt, job_name, state })),
      })
      expect(shape(after.get(name))).toEqual(shape(before.get(name)))
    },
  )

  it('know why an attempt failed, or say that nobody knows', () => {
    const classes = (run: Linked | undefined) => run?.attempts.map(({ failure_class }) => failure_class)
    expect(classes(after.get('retried'))).toEqual(['APP_EXIT', null])
    const isSaid = report.unknown.runsWithoutFailureClass.runs.includes(after.get('failed')?.id ?? '')
    expect(classes(after.get('failed'))).toEqual(isSaid ? [null] : classes(before.get('failed')))
  })

  it('have the Jobs, pods and ends that are still in the cluster', () => {
    for (const name of ['running', 'queued', 'failed'] as const)
      expect(after.get(name)?.attempts.at(-1)?.job_uid).toBe(before.get(name)?.attempts.at(-1)?.job_uid)
    expect(after.get('failed')?.attempts[0]?.evidence).toMatchObject({ exit_code: 137, node: cluster.node?.name })
  })

  it('have the model version with its digest, and the metrics of its run', async () => {
    const stripped = (items: unknown) =>
      (items as readonly Readonly<Record<string, unknown>>[]).map(({ model, version, digest, uri, stage }) => ({
        ...{ model, version, digest, uri, stage },
      }))
    expect(stripped((await models()).items)).toEqual(stripped(modelsBefore))
    expect(stripped(modelsBefore)).toHaveLength(1)
    expect(after.get('finished')?.final_metrics).toEqual(before.get('finished')?.final_metrics)
  })

  it('are linked to the same runs of MLflow, also the one that was closed here', async () => {
    for (const name of ['finished', 'retried', 'failed'] as const) {
      const pick = ({ tracker_runs: links }: Linked) =>
        links.map(({ attempt, tracker_run_id, status, closed_as, artifacts }) => ({
          ...{ attempt, tracker_run_id, status, closed_as, artifacts },
        }))
      const now = await yard.untilRun(name, 'to be linked again', (run) => (run as Linked).tracker_runs.length > 0, 90)
      expect(pick(now as Linked)).toEqual(pick(before.get(name) as Linked))
    }
  })

  it('say what nobody knows any more: the Job and the end of what is retired', () => {
    const finished = after.get('finished')
    expect(before.get('finished')?.attempts[0]).toMatchObject({
      job_uid: expect.any(String) as string,
      evidence: { exit_code: 0 },
    })
    expect(finished?.attempts[0]?.job_uid).toBeNull()
    expect(finished?.attempts[0]?.evidence?.exit_code ?? null).toBeNull()
    expect(report.unknown.attemptsWithoutJob).toBeGreaterThanOrEqual(1)
    expect(report.unknown.attemptsWithoutEvidence).toBeGreaterThanOrEqual(3)
    expect(report.unknown.attemptsWithoutJob).toBe(6 - (report.filled['jobs'] ?? 0))
  })

  it('lead from the spec to the model again', async () => {
    const { stdout } = await yard.command('trace', 'handbook-lm@1')
    expect(stdout).toContain('specs/finished.yaml:')
    expect(stdout).toContain(after.get('finished')?.id)
  })

  it('hear the run that went on again: its step goes on, and it succeeds in the attempt and the pod that it had', async () => {
    await yard.untilRun('running', 'to be heard again', (run) => stepOf(run) > stepBefore, 60)
    held.let('say-done')
    held.let('exit')
    const ended = await yard.untilRun('running', 'to end', hasEnded, 90)
    expect(ended).toMatchObject({ state: 'SUCCEEDED', attempt: 1, final_metrics: { accuracy: 0.9 } })
    expect(held.pods.size).toBe(1)
  })

  it('start nothing a second time', async () => {
    expect(trainerStarts(cluster, yard)).toHaveLength(startsBefore)
    expect(await known('queued')).toMatchObject({ state: 'QUEUED', attempt: 1 })
  })
})
