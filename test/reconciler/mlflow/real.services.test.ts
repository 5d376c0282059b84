import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LedgerView } from '../../../domain/ledger-files.ts'
import type { TrainingPlan } from '../../../domain/plan.ts'
import { absorbLedger } from '../../../reconciler/absorb.ts'
import { openMlflow } from '../../../reconciler/sources/mlflow/open.ts'
import { linkTracker } from '../../../reconciler/tracking/link.ts'
import { migrate } from '../../../records/migrate.ts'
import { openRecords } from '../../../records/open.ts'
import type { Records } from '../../../records/records.ts'
import { createServerDatabase, emptyTables, type TestDatabase } from '../../support/database.ts'
import { type House, openHouse, trackerReasons } from '../../support/mlflow/house.ts'
import { createMlflowServer, type MlflowServer } from '../../support/mlflow/server.ts'
import { addPlanned, trackedPlan, train, trainUntagged } from '../../support/mlflow/training.ts'
import { done, readRun } from '../../support/records.ts'

/* A real MLflow server, runs written by MLflow's own client with what a manifest gives it, and what the reconciler makes of them. */

let database: TestDatabase
let records: Records
let server: MlflowServer
const houses: House[] = []
beforeAll(async () => {
  database = await createServerDatabase()
  await migrate(database.pool, 'up')
  server = await createMlflowServer()
  await server.start()
})
beforeEach(async () => {
  await emptyTables(database.pool)
  records = openRecords(database.pool)
})
afterEach(async () => {
  for (const house of houses.splice(0)) await house.reconciler.stop()
})
afterAll(async () => {
  await server.remove()
  await database.close()
})

/** One pass, and all that it asks of MLflow. */
async function reconcile(): Promise<House> {
  const source = openMlflow({ uri: server.url })
  const house = openHouse(records, () => source)
  houses.push(house)
  await house.reconciler.pass()
  await house.reconciler.settleBeside(60_000)
  return house
}

interface Looked {
  readonly status: string
  readonly ended: boolean
  readonly tags: Readonly<Record<string, string>>
}

/** Runs as MLflow's own client sees them. */
async function look(...ids: readonly (string | undefined)[]): Promise<readonly Looked[]> {
  const [text] = await trainUntagged(server.url, 'looks', ...ids.map((id) => id ?? ''))
  return (JSON.parse(text ?? '') as { runs: readonly Looked[] }).runs
}

async function statusOf(...ids: readonly (string | undefined)[]): Promise<readonly string[]> {
  return (await look(...ids)).map(({ status }) => status)
}

const succeeded = { state: 'SUCCEEDED', failureClass: null } as const

describe('a training that logs to MLflow', () => {
  it('is found by the tags of its manifest, with params, the course of its metrics and its artifacts', async () => {
    const plan = trackedPlan('tagged', server.url)
    const [id] = await train(plan, 1, 'ends')
    const run = await addPlanned(records, plan, [succeeded])
    await reconcile()
    const [link] = await records.trackers.of([run.id])
    expect(link).toMatchObject({
      ...{ attempt: 1, trackerRunId: id, foundBy: 'tag', status: 'FINISHED', closedAs: null, incomplete: [] },
      ...{ params: { lr: '0.1', optimizer: 'sgd' }, metrics: { loss: 1 / 3, perplexity: 4 } },
      url: `${server.url}/#/experiments/${link?.experiment}/runs/${id}`,
    })
    expect([...(link?.artifacts ?? [])].sort((one, other) => (one.path < other.path ? -1 : 1))).toEqual([
      { path: 'model/inner/notes.txt', sizeBytes: 5 },
      { path: 'model/weights.bin', sizeBytes: 1234 },
    ])
    const course = await records.runs.metrics(run.id, 0, 10)
    expect(course.map(({ source, step, trainLoss, extra }) => ({ source, step, trainLoss, extra }))).toEqual(
      [0, 1, 2].map((step) => ({
        source: 'tracker',
        step,
        trainLoss: 1 / (step + 1),
        extra: { perplexity: 2 * step },
      })),
    )
    expect((await readRun(records, run.id)).trackerRunId).toBe(id)
    expect(await records.traces.find(id ?? '')).toEqual([{ kind: 'run', id: run.id }])
    expect(await trackerReasons(records, run.id)).toEqual(['TrackerLinked'])
  })

  it.each([
    ['crashed', { state: 'FAILED', failureClass: 'APP_EXIT' }, 'FAILED', 'ended as FAILED (APP_EXIT)'],
    ['lost its node', { state: 'FAILED', failureClass: 'NODE_LOST' }, 'KILLED', 'ended as FAILED (NODE_LOST)'],
    ['was cancelled', { state: 'CANCELLED', failureClass: 'CANCELLED' }, 'KILLED', 'ended as CANCELLED'],
    ['succeeded and did not end its run', succeeded, 'FINISHED', 'ended as SUCCEEDED'],
  ] as const)('and %s leaves its runs open; they are closed, and say why', async (what, attempt, status, why) => {
    const plan = trackedPlan(what.replaceAll(' ', '-'), server.url)
    const ids = await train(plan, 1, 'crashes')
    const run = await addPlanned(records, plan, [attempt])
    await reconcile()
    for (const closed of await look(...ids)) {
      expect(closed).toMatchObject({ status, ended: true, tags: { 'specyard.closed_as': status } })
      expect(closed.tags['specyard.closed_because']).toContain(`attempt 1 of dev/language/${plan.name} ${why}`)
    }
    expect(await records.trackers.of([run.id])).toMatchObject([{ trackerRunId: ids[0], status, closedAs: status }])
    expect(await records.runs.metrics(run.id, 0, 10)).toHaveLength(2)
    expect(await trackerReasons(records, run.id)).toEqual(['TrackerLinked', 'TrackerRunClosed', 'TrackerRunClosed'])
  })

  it('in an experiment of its own and without tags is found by what `done` names, and gets its tags', async () => {
    const plan = trackedPlan('named', server.url)
    const [id] = await trainUntagged(server.url, 'by-itself')
    const run = await addPlanned(records, plan, [succeeded])
    await records.callbacks.store([done(run.id, { trackerRunId: id ?? '' })])
    await reconcile()
    expect(await records.trackers.of([run.id])).toMatchObject([
      { trackerRunId: id, foundBy: 'done', metrics: { val_loss: 0.5 } },
    ])
    expect((await look(id))[0]?.tags).toMatchObject({ 'specyard.job_id': run.id, 'specyard.attempt': '1' })
    // What is no finite number is left out of the course.
    expect(await records.runs.metrics(run.id, 0, 10)).toMatchObject([{ step: 7, validationLoss: 0.5, extra: {} }])
  })

  it('in another experiment than its environment names is found by its tags', async () => {
    const plan = trackedPlan('wandering', server.url)
    const elsewhere: TrainingPlan = {
      ...plan,
      variables: plan.variables.filter(({ name }) => name !== 'MLFLOW_EXPERIMENT_NAME'),
    }
    const [id] = await train(elsewhere, 1, 'ends')
    const run = await addPlanned(records, plan, [succeeded])
    await reconcile()
    expect(await records.trackers.of([run.id])).toMatchObject([{ trackerRunId: id, experiment: '0' }])
  })

  it('that another run owns is linked and left alone', async () => {
    const [owner, plan] = [trackedPlan('owner', server.url), trackedPlan('borrower', server.url)]
    const [id] = await train(owner, 1, 'crashes')
    const run = await addPlanned(records, plan, [{ state: 'FAILED', failureClass: 'APP_EXIT' }])
    await records.callbacks.store([done(run.id, { outcome: 'FAILED', trackerRunId: id ?? '' })])
    await reconcile()
    expect(await statusOf(id)).toEqual(['RUNNING'])
    expect(await trackerReasons(records, run.id)).toEqual(['TrackerLinked', 'TrackerRunOfAnother'])
  })

  it('names a run that is not there: its tags are tried, and both are told', async () => {
    const plan = trackedPlan('mistaken', server.url)
    const [id] = await train(plan, 1, 'ends')
    const run = await addPlanned(records, plan, [succeeded])
    await records.callbacks.store([done(run.id, { trackerRunId: 'no such run' })])
    await reconcile()
    expect(await records.trackers.of([run.id])).toMatchObject([{ trackerRunId: id, foundBy: 'tag' }])
    expect(await trackerReasons(records, run.id)).toEqual(['TrackerLinked', 'TrackerRunMissing'])
  })

  it('and wrote nothing there is told as such; one that never started is not', async () => {
    const silent = await addPlanned(records, trackedPlan('silent', server.url), [succeeded])
    const stillborn = await addPlanned(records, trackedPlan('stillborn', server.url), [{ startedAt: null }])
    await reconcile()
    expect(await trackerReasons(records, silent.id)).toEqual(['NoTrackerRun'])
    expect(await trackerReasons(records, stillborn.id)).toEqual([])
  })

  it('much has its whole range kept, in bounded rows', async () => {
    const plan = trackedPlan('chatty', server.url)
    await train(plan, 1, 'logs-much')
    const run = await addPlanned(records, plan, [succeeded])
    await reconcile()
    const [link] = await records.trackers.of([run.id])
    expect(link?.incomplete).toEqual(['metrics: 4001 of 12000 steps are kept, spread evenly'])
    const first = await records.runs.metrics(run.id, 0, 1000)
    expect(first.map(({ step }) => step).slice(0, 3)).toEqual([0, 3, 6])
  })
})

describe('a training that is tried again', () => {
  it('and goes on with the run of the attempt before: that is not closed under it, and each attempt is linked to it', async () => {
    const plan = trackedPlan('resuming', server.url)
    const [id] = await train(plan, 1, 'crashes')
    const first = { state: 'FAILED', failureClass: 'PREEMPTED' } as const
    const run = await addPlanned(records, plan, [first, { state: 'RUNNING', failureClass: null, endedAt: null }])
    await reconcile()
    expect(await statusOf(id)).toEqual(['RUNNING'])
    await train(plan, 2, 'resumes-and-crashes', id ?? '')
    const now = await readRun(records, run.id)
    const ended = now.attempts.map((one) =>
      one.attempt === 2 ? { ...one, state: 'FAILED' as const, failureClass: 'OOM' as const, endedAt: new Date() } : one,
    )
    await records.runs.apply({ next: { ...now, state: 'FAILED', attempts: ended }, events: [], actions: [] })
    await reconcile()
    expect(await statusOf(id)).toEqual(['FAILED'])
    expect((await records.trackers.of([run.id])).map((link) => [link.attempt, link.trackerRunId])).toEqual([
      [1, id],
      [2, id],
    ])
    expect((await records.runs.metrics(run.id, 0, 10)).map(({ attempt, step }) => [attempt, step])).toEqual([
      ...[0, 1].map((step) => [1, step]),
      ...[0, 1, 2, 3].map((step) => [2, step]),
    ])
  })

  it('and begins a run of its own: the one before is closed at once', async () => {
    const plan = trackedPlan('restarting', server.url)
    const [before] = await train(plan, 1, 'crashes')
    const [its] = await train(plan, 2, 'crashes')
    await addPlanned(records, plan, [{}, { state: 'RUNNING', failureClass: null, endedAt: null }])
    await reconcile()
    expect(await statusOf(before, its)).toEqual(['FAILED', 'RUNNING'])
  })
})

describe('a training that was given up as lost', () => {
  it('and turns out to have succeeded has its MLflow run closed anew', async () => {
    const plan = trackedPlan('late', server.url)
    const [id] = await train(plan, 1, 'crashes')
    const run = await addPlanned(records, plan, [{ failureClass: 'LOST' }])
    await reconcile()
    expect(await statusOf(id)).toEqual(['KILLED'])
    const now = await readRun(records, run.id)
    const attempts = now.attempts.map((one) => ({ ...one, ...succeeded }))
    await records.runs.apply({ next: { ...now, state: 'SUCCEEDED', attempts }, events: [], actions: [] })
    const { reconciler, advance } = await reconcile()
    advance(120)
    await reconciler.pass()
    await reconciler.settleBeside(60_000)
    expect(await statusOf(id)).toEqual(['FINISHED'])
    expect(await records.trackers.of([run.id])).toMatchObject([{ status: 'FINISHED', closedAs: 'FINISHED' }])
  })
})

describe('a server that goes away', () => {
  it('is waited for by nobody, and when it is back everything is linked', async () => {
    const plan = trackedPlan('patient', server.url)
    const [id] = await train(plan, 1, 'crashes')
    const run = await addPlanned(records, plan, [{ failureClass: 'OOM' }])
    await server.stop()
    const { reconciler, advance } = await reconcile()
    expect(await records.trackers.of([run.id])).toEqual([])
    expect(await readRun(records, run.id)).toMatchObject({ state: 'FAILED' })
    expect(await records.actions.pendingCount()).toBe(0)
    await server.start()
    advance(30)
    await reconciler.pass()
    await reconciler.settleBeside(60_000)
    expect(await records.trackers.of([run.id])).toMatchObject([{ trackerRunId: id, closedAs: 'FAILED' }])
  })
})

describe('records that were lost', () => {
  it('have their links, metrics and who closed what again, from the ledger and MLflow', async () => {
    const plan = trackedPlan('rebuilt', server.url)
    await train(plan, 1, 'crashes')
    await train(plan, 2, 'ends')
    const run = await addPlanned(records, plan, [{}, succeeded])
    await reconcile()
    const links = await records.trackers.of([run.id])
    expect(links.map((link) => [link.attempt, link.status, link.closedAs])).toEqual([
      [1, 'FAILED', 'FAILED'],
      [2, 'FINISHED', null],
    ])
    const course = (await records.runs.metrics(run.id, 0, 10)).map(({ id: _, ...rest }) => rest)
    await emptyTables(database.pool)
    await absorbLedger(records, ledgerOf(plan), new Date())
    await reconcile()
    expect(await records.trackers.of([run.id])).toEqual(links)
    expect((await records.runs.metrics(run.id, 0, 10)).map(({ id: _, ...rest }) => rest)).toEqual(course)
  })
})

describe('a reconciler that was replaced', () => {
  it('closes nothing in MLflow', async () => {
    const plan = trackedPlan('fenced', server.url)
    const [id] = await train(plan, 1, 'crashes')
    const run = await addPlanned(records, plan, [{}])
    const old = records.fenced(await records.fence.take('the first'))
    await records.fence.take('the second')
    const action = { kind: 'link-tracker', environment: 'dev', runId: run.id, attempt: 1 } as const
    const forever = new AbortController().signal
    await expect(linkTracker(old, action, openMlflow({ uri: server.url }), forever)).rejects.toMatchObject({
      code: 'FENCE_LOST',
    })
    expect(await statusOf(id)).toEqual(['RUNNING'])
  })
})

/** The ledger of a run whose two attempts have ended and are retired. */
function ledgerOf(plan: TrainingPlan): LedgerView {
  const { id, digest, shortDigest, source, environment, project, name } = plan
  const attempts = ['APP_EXIT' as const, null].map((failureClass, index) => ({
    ...{ attempt: index + 1, jobName: `${name}-${shortDigest}-${index + 1}` },
    ...{ failureClass, retired: true, checkpointUri: null },
  }))
  const ended = { status: 'ended', outcome: 'SUCCEEDED', cancelReason: null, supersededBy: null } as const
  return {
    runs: [
      {
        ...{ format: 1, environment, project, name },
        runs: [{ id, digest, shortDigest, source, attempts, plan, ...ended }],
      },
    ],
    ...{ endpoints: [], models: [], environments: [] },
  }
}
