import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { openRedis } from '../../../records/redis.ts'
import type { Records } from '../../../records/records.ts'
import { until } from '../../cluster/base/wait.ts'
import { readRun } from '../../support/records.ts'
import { createFindings, type Findings, type Outcome, type Stage } from '../promise.ts'
import { createRandom } from '../random.ts'
import { openRedisServer } from '../servers/redis.ts'
import { openHouse } from './house.ts'
import { send, startLoad } from './load.ts'
import { expectNothingLost } from './rows.ts'
import { untilAcknowledged, untilAllHeard } from './wait.ts'

/*
 * P4: Redis emptied and killed under load. Every answer of the API is what PostgreSQL holds, nobody is refused because of it, and live updates and live
 * state are there again within 5 s of its return.
 */

const betweenMilliseconds = { least: 500, most: 5000 }
const convergeSecondsMax = 5

export async function loseRedis({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const redis = await openRedisServer()
  const house = await openHouse({ REDIS_URL: redis.url }).catch(async (error: unknown) => {
    await redis.close()
    throw error
  })
  const { service, trainers } = house
  const random = createRandom(seed, 'redis')
  const findings = createFindings()
  const faults = { emptied: 0, killed: 0 }
  const load = startLoad(service.url, trainers)
  const stream = openStream(`${service.url}/v1/stream`)
  const live = await openRedis(redis.url)
  try {
    const { pool, records } = await house.pool()
    await untilAllHeard(load)
    const runId = trainers[0]?.runId ?? ''
    const isLive = async (): Promise<boolean> => (await live.status(runId)) !== undefined
    let slowest = 0
    let compared = 0
    for (let number = 1; number <= count && !isOver(); number += 1) {
      const how = (['emptied', 'killed'] as const)[number - 1] ?? random.pick(['emptied', 'killed'] as const)
      if (how === 'emptied') await redis.flush()
      else await redis.kill()
      faults[how] += 1
      for (let look = 0; look < 5; look += 1) compared += await compare(service.url, records, runId, findings)
      await pause(random.between(0, 1500))
      if (how === 'killed') await redis.start()
      const began = performance.now()
      const hears = async (): Promise<boolean> => stream.lastEvent() > began && (await isLive())
      await until('live updates to come again', hears, { seconds: 60, everyMilliseconds: 20 }).catch(async (cause) => {
        const heard = stream.lastEvent() > began ? 'the stream goes on' : 'the stream is silent'
        const state = (await isLive()) ? 'live state is there' : 'there is no live state'
        const acked = load.lastAck() > began ? 'trainers are heard' : 'no trainer is heard'
        const log = service.said().slice(-1000)
        throw new Error(`fault ${number}, ${how}: ${String(cause)}; ${heard}, ${state}, ${acked}; it said:\n${log}`, {
          cause,
        })
      })
      const seconds = (performance.now() - began) / 1000
      slowest = Math.max(slowest, seconds)
      findings.expect(seconds <= convergeSecondsMax, () => `fault ${number}, ${how}: live again after ${seconds} s`)
      await pause(random.between(betweenMilliseconds.least, count > 10 ? betweenMilliseconds.most : 1000))
      if (number % 10 === 0) say(`${number} of ${count} faults of Redis`)
    }
    await untilAcknowledged(load, service)
    await load.stop()
    for (const refusal of load.refusals)
      findings.expect(false, () => `${refusal.path} was answered with ${JSON.stringify(refusal)}`)
    const { rows, lost } = await expectNothingLost(pool, load, findings)
    findings.expect(stream.breaks() === 0, () => `the stream of live updates broke ${stream.breaks()} times`)
    findings.expect(service.crashes() === 0, () => `the service ended by itself:\n${service.said().slice(-2000)}`)
    return {
      counts: {
        ...{ faults: faults.emptied + faults.killed, ...faults, acknowledged: load.ackedCount(), rows, lost },
        ...{ 'answers compared with PostgreSQL': compared, 'refused or failed': load.refusalCount() },
        'seconds until live again, longest': slowest,
      },
      violations: findings.all(),
    }
  } finally {
    stream.close()
    await load.stop()
    await live.close()
    await house.close()
    await redis.close()
  }
}

const agent = new Agent({ keepAlive: true })

/** A run as the API tells it stands between what PostgreSQL held before and after: trainers go on meanwhile. */
async function compare(url: string, records: Records, runId: string, findings: Findings): Promise<1> {
  const before = await readRun(records, runId)
  const { status, body } = await send(agent, 'GET', `${url}/v1/jobs/${runId}`)
  const after = await readRun(records, runId)
  findings.expect(status === 200, () => `GET /v1/jobs/${runId} was answered with ${status}: ${body}`)
  if (status !== 200) return 1
  const told = JSON.parse(body) as { state: string; attempt: number; progress: { step: number } | null }
  const step = told.progress?.step ?? 0
  const isTrue =
    told.state === after.state &&
    told.attempt === after.attempt &&
    step >= (before.progress?.step ?? 0) &&
    step <= (after.progress?.step ?? 0)
  findings.expect(isTrue, () => `the API told ${body}, PostgreSQL held ${JSON.stringify({ before, after })}`)
  return 1
}

/** A dashboard's stream of live updates. */
function openStream(url: string) {
  let last = -Infinity
  let breaks = 0
  let closed = false
  const request = get(url, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('event: ')) last = performance.now()
    })
    response.on('close', () => {
      if (!closed) breaks += 1
    })
  })
  request.on('error', () => {
    if (!closed) breaks += 1
  })
  return {
    lastEvent: () => last,
    breaks: () => breaks,
    close: () => {
      closed = true
      request.destroy()
    },
  }
}
