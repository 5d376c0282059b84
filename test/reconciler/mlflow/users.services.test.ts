import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MlflowSettings } from '../../../reconciler/sources/mlflow/address.ts'
import { openMlflow } from '../../../reconciler/sources/mlflow/open.ts'
import { migrate } from '../../../records/migrate.ts'
import { openRecords } from '../../../records/open.ts'
import type { Records } from '../../../records/records.ts'
import { createServerDatabase, emptyTables, type TestDatabase } from '../../support/database.ts'
import { type House, openHouse, trackerReasons } from '../../support/mlflow/house.ts'
import { administrator, createMlflowServer, type MlflowServer } from '../../support/mlflow/server.ts'
import { addPlanned, trackedPlan, trainAs } from '../../support/mlflow/training.ts'

/* A real MLflow server that asks for users. */

const reader = { username: 'reader', password: 'a-password-of-the-reader' }

let database: TestDatabase
let records: Records
let server: MlflowServer
const houses: House[] = []
beforeAll(async () => {
  database = await createServerDatabase()
  await migrate(database.pool, 'up')
  server = await createMlflowServer({ asksForUsers: true })
  await server.start()
  const answer = await fetch(`${server.url}/api/2.0/mlflow/users/create`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${administrator.username}:${administrator.password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(reader),
  })
  expect(answer.status, await answer.text()).toBe(200)
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

async function reconcile(settings: Omit<MlflowSettings, 'uri'>): Promise<House> {
  const source = openMlflow({ uri: server.url, ...settings })
  const house = openHouse(records, () => source)
  houses.push(house)
  await house.reconciler.pass()
  await house.reconciler.settleBeside(60_000)
  return house
}

const secrets = {
  MLFLOW_TRACKING_USERNAME: administrator.username,
  MLFLOW_TRACKING_PASSWORD: administrator.password,
}

describe('an MLflow server that asks for users', () => {
  it('lets who may change runs link and close them', async () => {
    const plan = trackedPlan('changed', server.url)
    const [id] = await trainAs(secrets, plan, 1, 'crashes')
    const run = await addPlanned(records, plan, [{ failureClass: 'OOM' }])
    await reconcile(administrator)
    expect(await records.trackers.of([run.id])).toMatchObject([{ trackerRunId: id, closedAs: 'FAILED' }])
  })

  it('lets who may only read link them, and tells that they are left open', async () => {
    const plan = trackedPlan('read', server.url)
    const [id] = await trainAs(secrets, plan, 1, 'crashes')
    const run = await addPlanned(records, plan, [{ failureClass: 'OOM' }])
    await reconcile(reader)
    expect(await records.trackers.of([run.id])).toMatchObject([{ trackerRunId: id, status: 'RUNNING', closedAs: null }])
    expect(await records.runs.metrics(run.id, 0, 10)).toHaveLength(2)
    expect(await trackerReasons(records, run.id)).toEqual(['TrackerLinked', 'TrackerRunLeftOpen', 'TrackerRunLeftOpen'])
  })

  it.each([
    ['a wrong password', { ...reader, password: 'a-wrong-password' }, 'a-wrong-password'],
    ['a token that it does not know', { token: 'an-unknown-token' }, 'an-unknown-token'],
    ['nothing', {}, 'Basic'],
  ])('refuses who comes with %s; the link waits, and no message repeats it', async (_, settings, secret) => {
    const plan = trackedPlan('refused', server.url)
    const run = await addPlanned(records, plan, [{ failureClass: 'OOM' }])
    const { logged } = await reconcile(settings)
    expect(await records.trackers.of([run.id])).toEqual([])
    expect(await records.actions.pendingCount()).toBe(0)
    const messages = logged.map(({ message }) => message).join('\n')
    expect(messages).toMatch(/^MLflow at \S+ refuses experiments\/get-by-name: it answers 401/)
    expect(messages).not.toContain(secret)
  })
})
