import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../../records/migrate.ts'
import { createServerDatabase } from '../../support/database.ts'
import { createFindings, type Outcome, type Stage } from '../promise.ts'
import { createRandom, type Random } from '../random.ts'
import { openApiDoor } from './api-door.ts'
import { type Canaries, createCanaries } from './canaries.ts'
import { runCommands } from './commands.ts'
import { type Door, doorsOf } from './doors.ts'
import { openEcho } from './echo.ts'

/*
 * P13: fifty secrets, planted wherever secrets come from, and looked for in everything that leaves us or stays behind: raw, in base64, URLs and JSON.
 */

export async function plantSecrets(stage: Stage): Promise<Outcome> {
  const { seed, count, say } = stage
  const canaries = createCanaries(seed)
  const findings = createFindings()
  const smell = (sink: string, text: string): void => {
    const found = [...new Set(canaries.find(text))]
    findings.expect(found.length === 0, () => `${sink} holds ${found.join(', ')}:\n${excerptOf(text, canaries)}`)
  }
  const sinks = await runCommands(canaries, count > 1000, smell, say)
  const failures = await failOften(stage, canaries, smell)
  return { counts: { canaries: canaries.count, ...sinks, ...failures }, violations: findings.all() }
}

type Smell = (sink: string, text: string) => void

async function failOften(
  { seed, count, isOver, say }: Stage,
  canaries: Canaries,
  smell: Smell,
): Promise<Readonly<Record<string, number>>> {
  const database = await createServerDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'specyard-faults-secrets-'))
  const echo = await openEcho()
  await migrate(database.pool, 'up')
  const api = await openApiDoor(canaries, database.pool, database.url)
  try {
    const doors = [api.door, ...doorsOf(canaries, folder, echo.url)]
    const tally: Record<string, number> = Object.fromEntries(doors.map(({ name }) => [`failures: ${name}`, 0]))
    const random = createRandom(seed, 'failures')
    for (let done = 0; done < count && !isOver();) {
      const door = choose(doors, random)
      const said = await door.fail(random)
      // What was broken by chance may be whole.
      if (said === '') continue
      smell(`a failure of ${door.name}`, said)
      tally[`failures: ${door.name}`] = (tally[`failures: ${door.name}`] ?? 0) + 1
      done += 1
      if (done % 1000 === 0) say(`${done} of ${count} failures`)
    }
    return { failures: Object.values(tally).reduce((sum, one) => sum + one, 0), ...tally }
  } finally {
    await api.close()
    echo.close()
    await database.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

function choose(doors: readonly Door[], random: Random): Door {
  let left = random.next() * doors.reduce((sum, one) => sum + one.weight, 0)
  for (const door of doors) {
    left -= door.weight
    if (left < 0) return door
  }
  return doors[0] as Door
}

/** The line that holds the first leak. */
function excerptOf(text: string, canaries: Canaries): string {
  const line = text.split('\n').find((one) => canaries.find(one).length > 0) ?? text
  return line.slice(0, 600)
}
