import { openDatabase } from '../../../records/database.ts'
import { openRecords } from '../../../records/open.ts'
import type { PoolLike } from '../../../records/pool.ts'
import { openTestApi, type TestApi } from '../../support/api.ts'
import { addRun } from '../../support/records.ts'
import type { Random } from '../random.ts'
import type { Canaries } from './canaries.ts'
import type { Door } from './doors.ts'

/** The API, asked wrongly in every way by somebody whose requests are full of secrets: what it answers and what it logs. */
export async function openApiDoor(canaries: Canaries, pool: PoolLike, databaseUrl: string): Promise<OpenedDoor> {
  const run = await addRun({ pool, records: openRecords(pool) }, { state: 'RUNNING' })
  // A database that was there when it was opened, and is gone: every question to it fails.
  const gone = await openDatabase(databaseUrl)
  await gone.end()
  const apis = [await openTestApi(openRecords(pool)), await openTestApi(openRecords(gone))]
  const minted = await (apis[0] as TestApi).tokens.mint({ runId: run.id, attempt: 1 })
  canaries.replace('callback token', minted.token)
  return {
    door: { name: 'API', weight: 30, fail: (random) => ask(random.pick(apis), canaries, run.id, random) },
    close: async () => {
      for (const { app } of apis) await app.close()
    },
  }
}

export interface OpenedDoor {
  readonly door: Door
  close(): Promise<void>
}

const doors = [
  'heartbeat',
  'event',
  'done',
  'token',
  'cancel',
  'retry',
  'status',
  'events',
  'metrics',
  'logs',
  'nowhere',
]

async function ask(api: TestApi, canaries: Canaries, runId: string, random: Random): Promise<string> {
  const query = random.pick(['', `?token=${encodeURIComponent(canaries.of('query token'))}`, '?limit=-1'])
  const id = random.pick([runId, runId, 'another', '00000000-0000-5000-8000-000000000000', '%00'])
  const path = random.pick([
    `/v1/jobs/${id}/${random.pick(doors)}`,
    '/v1/jobs',
    `/v1/trace/${id}`,
    '/healthz',
    '/metrics',
    '/v1/models',
  ])
  const token = canaries.of('callback token')
  const authorization = random.pick([
    `Bearer ${token}`,
    `Bearer ${token.slice(0, -2)}`,
    `bearer  ${canaries.of('bearer token')}`,
    `Basic ${Buffer.from(`user:${canaries.of('bearer token')}`).toString('base64')}`,
    canaries.of('bearer token'),
    `Bearer ${token.split('.').slice(0, 2).join('.')}.`,
  ])
  const headers = { authorization, cookie: `session=${encodeURIComponent(canaries.of('cookie'))}` }
  const { text, headers: answered } = await api.ask(random.pick(['GET', 'POST', 'POST']), path + query, {
    headers: random.chance(0.9) ? headers : { ...headers, host: 'evil.example.com' },
    ...(random.chance(0.8) ? { body: bodyOf(canaries, random) } : {}),
  })
  return `${text} ${JSON.stringify(answered)} ${api.logged.splice(0).join('\n')}`
}

/** A trainer's message that holds a secret where none belongs, whole or in pieces. */
function bodyOf(canaries: Canaries, random: Random): string {
  const secret = random.pick([canaries.of('bearer token'), canaries.of('callback token')])
  const text = JSON.stringify({
    pod_uid: random.pick(['pod-1', 7, '']),
    sequence: random.pick([1, -1, 'one']),
    ...random.pick([
      { token: secret },
      { step: secret },
      { metrics: { loss: secret } },
      { type: secret },
      { outcome: secret },
    ]),
  })
  return random.chance(0.8) ? text : text.slice(0, random.between(1, text.length))
}
