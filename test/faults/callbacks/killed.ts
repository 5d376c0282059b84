import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../cluster/base/wait.ts'
import { createFindings, type Outcome, type Stage } from '../promise.ts'
import { createRandom } from '../random.ts'
import { openHouse } from './house.ts'
import { startLoad } from './load.ts'
import { expectNothingLost } from './rows.ts'
import { untilAcknowledged } from './wait.ts'

/* P1: the service, PostgreSQL or both, killed under the callbacks of trainers again and again: what was acknowledged is there. */

/** Nothing is killed before so many more were acknowledged, or a busy machine would show little. */
const acknowledgedBetween = 1000
const patienceSeconds = 120

const victims = ['service', 'PostgreSQL', 'both'] as const

export async function killUnderLoad({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const house = await openHouse()
  const { service, postgres, trainers } = house
  const random = createRandom(seed, 'killed')
  const kills = { service: 0, PostgreSQL: 0, both: 0 }
  const load = startLoad(service.url, trainers)
  try {
    for (let number = 1; number <= count && !isOver(); number += 1) {
      const victim = victims[number - 1] ?? random.pick(victims)
      await untilAcknowledged(load, service)
      const enough = (): boolean => load.ackedCount() >= number * acknowledgedBetween
      await until('enough messages to be acknowledged', enough, { seconds: patienceSeconds })
      await pause(random.between(0, 2000))
      await Promise.all([
        ...(victim === 'PostgreSQL' ? [] : [service.kill()]),
        ...(victim === 'service' ? [] : [postgres.end('killed')]),
      ])
      if (victim !== 'service') await postgres.start()
      if (victim !== 'PostgreSQL') await service.start()
      kills[victim] += 1
      if (number % 10 === 0) say(`${number} of ${count} kills, ${load.ackedCount()} messages acknowledged`)
    }
    await untilAcknowledged(load, service)
    await load.stop()
    const findings = createFindings()
    const { pool } = await house.pool()
    const { rows, lost } = await expectNothingLost(pool, load, findings)
    findings.expect(service.crashes() === 0, () => `the service ended by itself:\n${service.said().slice(-2000)}`)
    return {
      counts: {
        kills: kills.service + kills.PostgreSQL + kills.both,
        ...{ 'of the service': kills.service, 'of PostgreSQL': kills.PostgreSQL, 'of both': kills.both },
        ...{ acknowledged: load.ackedCount(), rows, lost, 'service ended by itself': service.crashes() },
      },
      violations: findings.all(),
    }
  } finally {
    await load.stop()
    await house.close()
  }
}
