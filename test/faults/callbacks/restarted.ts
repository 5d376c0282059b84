import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createFindings, type Findings, type Outcome, type Stage } from '../promise.ts'
import { createRandom } from '../random.ts'
import { openHouse } from './house.ts'
import { type Answered, type Load, send, startLoad } from './load.ts'
import { expectNothingLost } from './rows.ts'
import { untilAcknowledged } from './wait.ts'

/* P5: PostgreSQL restarted under load: whoever asks meanwhile is told to come again, nothing of ours ends, and soon after it is back all goes on. */

const ends = ['fast', 'immediate', 'killed'] as const
const recoverySecondsMax = 5

export async function restartPostgres({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const house = await openHouse()
  const { service, postgres, trainers } = house
  const random = createRandom(seed, 'restarted')
  const findings = createFindings()
  const restarts = { fast: 0, immediate: 0, killed: 0 }
  const recoveries: number[] = []
  const load = startLoad(service.url, trainers)
  const reader = startReader(service.url, trainers[0]?.runId ?? '')
  try {
    for (let number = 1; number <= count && !isOver(); number += 1) {
      const how = ends[number - 1] ?? random.pick(ends)
      await untilAcknowledged(load, service)
      await pause(random.between(0, 1000))
      await postgres.end(how)
      await pause(random.between(0, 500))
      await postgres.start()
      const seconds = await untilAcknowledged(load, service)
      restarts[how] += 1
      recoveries.push(seconds)
      findings.expect(seconds <= recoverySecondsMax, () => `restart ${number}, ${how}: recovered after ${seconds} s`)
      if (number % 10 === 0) say(`${number} of ${count} restarts, ${load.ackedCount()} messages acknowledged`)
    }
    await Promise.all([load.stop(), reader.stop()])
    const told = [...load.refusals, ...reader.refusals]
    expectOnlyPatience(told, findings)
    const { pool } = await house.pool()
    const { rows, lost } = await expectNothingLost(pool, load, findings)
    findings.expect(service.crashes() === 0, () => `the service ended by itself:\n${service.said().slice(-2000)}`)
    return {
      counts: {
        restarts: recoveries.length,
        ...restarts,
        ...{ acknowledged: load.ackedCount(), rows, lost, reads: reader.count() },
        'answers 503 with Retry-After': told.filter(isPatience).length,
        'other answers': told.filter((one) => !isPatience(one)).length,
        'seconds until recovered, longest': Math.max(...recoveries),
        'service ended by itself': service.crashes(),
      },
      violations: findings.all(),
    }
  } finally {
    await Promise.all([load.stop(), reader.stop()])
    await house.close()
  }
}

function isPatience({ status, retryAfter }: Answered): boolean {
  return status === 503 && retryAfter !== undefined && Number(retryAfter) > 0
}

function expectOnlyPatience(answers: Load['refusals'], findings: Findings): void {
  for (const answer of answers)
    findings.expect(isPatience(answer), () => `${answer.path} was answered with ${JSON.stringify(answer)}`)
}

/** Somebody who looks at a run all the time. */
function startReader(url: string, runId: string) {
  const agent = new Agent({ keepAlive: true })
  const refusals: (Answered & { path: string })[] = []
  let count = 0
  let stopped = false
  const read = async (): Promise<void> => {
    while (!stopped) {
      for (const path of [`/v1/jobs/${runId}`, '/v1/jobs', '/readyz']) {
        const answer = await send(agent, 'GET', url + path)
        count += 1
        if (answer.status !== 200) refusals.push({ ...answer, path })
      }
      await pause(20)
    }
  }
  const reading = read()
  return {
    refusals,
    count: () => count,
    stop: async () => {
      stopped = true
      await reading
      agent.destroy()
    },
  }
}
