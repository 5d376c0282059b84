import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openMlflow } from '../../../reconciler/sources/mlflow/open.ts'
import { openRecords } from '../../../records/open.ts'
import { queryOnce } from '../../../records/pool.ts'
import type { Records } from '../../../records/records.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { until } from '../../support/main-job/conditions.ts'
import { addEnded, type House, openHouse, trackerReasons } from '../../support/mlflow/house.ts'
import {
  type Behaviour,
  behaviours,
  json,
  type Misbehaving,
  runJson,
  startMisbehaving,
} from '../../support/mlflow/misbehaving.ts'
import { leaseAction, readRun } from '../../support/records.ts'

/* A tracker that is slow, broken or gone: what is asked of it waits, and nothing else does. */

let database: TestDatabase
let records: Records
let server: Misbehaving
const houses: House[] = []
beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  await emptyTables(database.pool)
  records = openRecords(database.pool)
  server = await startMisbehaving(behaviours.hangs)
})
afterEach(async () => {
  for (const house of houses.splice(0)) await house.reconciler.stop()
  await server.close()
})
afterAll(() => database.close())

function house(milliseconds: number, rules: Parameters<typeof openHouse>[2] = {}): House {
  const source = openMlflow({ uri: server.url, requests: { milliseconds } })
  const opened = openHouse(records, () => source, rules)
  houses.push(opened)
  return opened
}

/** Has the run that is asked for, whichever it is. */
const helpful =
  (runId: () => string): Behaviour =>
  (request, response) => {
    const path = request.url ?? ''
    if (path.includes('get-by-name')) json(response, 200, { experiment: { experiment_id: '1' } })
    else if (path.includes('runs/search'))
      json(response, 200, {
        runs: [runJson('r1', { tags: { 'specyard.job_id': runId(), 'specyard.attempt': '1' }, metrics: ['loss'] })],
      })
    else if (path.includes('get-history')) json(response, 200, { metrics: [{ value: 2, timestamp: 1000, step: 3 }] })
    else json(response, 200, {})
  }

const retry = { firstSeconds: 10, mostSeconds: 100, giveUpSeconds: 3600 }

describe('a tracker that hangs', () => {
  it('delays no pass and no other action', async () => {
    const run = await addEnded(records)
    const { reconciler } = house(60_000)
    const began = performance.now()
    await reconciler.pass()
    await until('it was asked', () => server.asked.length > 0)
    await records.actions.add([leaseAction(run)])
    await reconciler.pass()
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(await records.actions.due(new Date(), 10)).toEqual([])
    expect((await readRun(records, run.id)).state).toBe('SUCCEEDED')
    expect(server.asked).toHaveLength(1)
  })

  it('holds up no stop, and its link is left to the next process', async () => {
    const run = await addEnded(records)
    const { reconciler } = house(60_000)
    await reconciler.pass()
    await until('it was asked', () => server.asked.length > 0)
    const began = performance.now()
    await reconciler.stop()
    expect(performance.now() - began).toBeLessThan(5000)
    server.behave(helpful(() => run.id))
    const next = house(1000).reconciler
    await next.pass()
    await next.settleBeside(10_000)
    expect(await records.trackers.of([run.id])).toMatchObject([{ trackerRunId: 'r1', status: 'FINISHED' }])
  })

  it('is waited for only as long as one wants', async () => {
    await addEnded(records)
    const { reconciler } = house(60_000)
    await reconciler.pass()
    const began = performance.now()
    await reconciler.settleBeside(200)
    expect(performance.now() - began).toBeLessThan(5000)
  })
})

describe('a tracker that fails', () => {
  it('is left alone for a while, for all that wait for it, and then asked again', async () => {
    const runs = [await addEnded(records), await addEnded(records), await addEnded(records)]
    const { reconciler, advance, logged } = house(1000, { trackerRetry: retry })
    server.behave(behaviours['answers 500'])
    await reconciler.pass()
    await reconciler.settleBeside(10_000)
    expect(server.asked).toHaveLength(1)
    expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
    expect(await records.actions.pendingCount()).toBe(0)
    // Nobody is in a hurry: passes before the time ask nothing and write nothing.
    const before = await queryOnce(database.pool, 'select xmin::text, * from actions order by id')
    await reconciler.pass()
    await reconciler.settleBeside(10_000)
    expect(await queryOnce(database.pool, 'select xmin::text, * from actions order by id')).toEqual(before)
    let asked = ''
    server.behave((request, response) => {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString()))
      request.on('end', () => {
        asked = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(body)?.[0] ?? asked
        helpful(() => asked)(request, response)
      })
    })
    advance(11)
    await reconciler.pass()
    await reconciler.settleBeside(10_000)
    expect(await records.trackers.of(runs.map(({ id }) => id))).toHaveLength(3)
    expect(await trackerReasons(records, runs[0]?.id ?? '')).toEqual(['TrackerLinked'])
  })

  it('is given up in the end, with an event, and the run is what it was', async () => {
    const run = await addEnded(records, { state: 'FAILED', failureClass: 'OOM' })
    const { reconciler, advance } = house(1000, { trackerRetry: { ...retry, giveUpSeconds: 100 } })
    server.behave(behaviours['answers with a page'])
    for (let round = 0; round < 8; round += 1) {
      await reconciler.pass()
      await reconciler.settleBeside(10_000)
      advance(30)
    }
    expect(await trackerReasons(records, run.id)).toEqual(['TrackerGivenUp'])
    const [row] = await queryOnce<{ result: string; tries: number }>(database.pool, 'select result, tries from actions')
    expect(row?.result).toMatch(
      /^given up: MLflow at http:\/\/127\.0\.0\.1:\d+, experiments\/get-by-name: its answer is no JSON/,
    )
    expect(row?.tries).toBeGreaterThanOrEqual(3)
    expect(await readRun(records, run.id)).toMatchObject({ state: 'FAILED', trackerRunId: null })
    expect(server.asked.length).toBeLessThan(8)
  })

  it('after the run was found keeps the link, and reads the rest when it can', async () => {
    const run = await addEnded(records)
    const { reconciler, advance } = house(1000, { trackerRetry: retry })
    server.behave((request, response) => {
      if (request.url?.includes('get-history')) behaviours['answers 500'](request, response)
      else helpful(() => run.id)(request, response)
    })
    await reconciler.pass()
    await reconciler.settleBeside(10_000)
    expect(await records.trackers.of([run.id])).toMatchObject([
      { incomplete: ['metrics: not read yet', 'artifacts: not read yet'] },
    ])
    server.behave(helpful(() => run.id))
    advance(11)
    await reconciler.pass()
    await reconciler.settleBeside(10_000)
    expect(await records.trackers.of([run.id])).toMatchObject([{ trackerRunId: 'r1', incomplete: [] }])
    expect(await records.runs.metrics(run.id, 0, 10)).toMatchObject([{ source: 'tracker', step: 3, trainLoss: 2 }])
    expect(await trackerReasons(records, run.id)).toEqual(['TrackerLinked'])
  })

  it('to list artifacts alone is linked all the same, and what is missing is said', async () => {
    const run = await addEnded(records)
    server.behave((request, response) => {
      if (request.url?.includes('artifacts/list')) behaviours['answers 500'](request, response)
      else helpful(() => run.id)(request, response)
    })
    const { reconciler } = house(1000)
    await reconciler.pass()
    await reconciler.settleBeside(10_000)
    const [link] = await records.trackers.of([run.id])
    expect(link?.incomplete).toEqual([expect.stringMatching(/^artifacts: .* it answers 500: no such column$/)])
    expect(await records.runs.metrics(run.id, 0, 10)).toHaveLength(1)
  })
})

describe('no tracker', () => {
  it('connected is an event that says what to set, once', async () => {
    const run = await addEnded(records)
    const opened = openHouse(records, undefined)
    houses.push(opened)
    for (let round = 0; round < 2; round += 1) {
      await opened.reconciler.pass()
      await opened.reconciler.settleBeside(10_000)
    }
    const events = await records.runs.events(run.id, 0, 100)
    expect(events.filter(({ type }) => type === 'tracker').map(({ message }) => message)).toEqual([
      'no tracker is connected: set MLFLOW_TRACKING_URI where the reconciler runs',
    ])
  })

  it('in an environment asks nothing', async () => {
    const run = await addEnded(records)
    await queryOnce(database.pool, `update training_configs set plan = plan - 'tracker'`)
    const { reconciler } = house(1000)
    await reconciler.pass()
    await reconciler.settleBeside(10_000)
    expect(server.asked).toEqual([])
    expect(await records.runs.events(run.id, 0, 100)).toHaveLength(1)
  })
})
