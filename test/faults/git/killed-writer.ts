import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createFindings, type Findings, type Outcome, type Stage } from '../promise.ts'
import { createRandom, type Random } from '../random.ts'
import { commitsOf, damageOf, openScene, startProgram, writtenIn } from './scene.ts'

/*
 * P25: a process that publishes is killed at any moment, alone or with the programs that it started. The repository stays sound, what was told to be
 * published is there, the next run publishes without anybody's help.
 */

const lanesMany = 3
/** What Git began before may still be writing, and a check in the middle of that sees halves; damage stays. */
const settleSeconds = 60

interface Tally {
  kills: number
  told: number
  damaged: number
  stuck: number
  lost: number
  locks: number
}

export async function killWriters({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const findings = createFindings()
  const lanes = Math.min(lanesMany, count)
  let kills = 0
  const tell = (): void => {
    kills += 1
    if (kills % 25 === 0) say(`${kills} of ${count} kills`)
  }
  const tallies = await Promise.all(
    Array.from({ length: lanes }, (_, lane) => {
      const own = Math.floor(count / lanes) + (lane < count % lanes ? 1 : 0)
      return killInLane({ kills: own, isOver, tell }, createRandom(seed, `writers ${lane}`), findings)
    }),
  )
  const sum = (what: keyof Tally): number => tallies.reduce((all, one) => all + one[what], 0)
  return {
    counts: {
      ...{ kills: sum('kills'), 'publications told': sum('told'), lost: sum('lost'), damaged: sum('damaged') },
      ...{ 'next runs that did not end': sum('stuck'), 'locks left': sum('locks') },
    },
    violations: findings.all(),
  }
}

async function killInLane(
  work: { readonly kills: number; readonly isOver: () => boolean; readonly tell: () => void },
  random: Random,
  findings: Findings,
): Promise<Tally> {
  const tally: Tally = { kills: 0, told: 0, damaged: 0, stuck: 0, lost: 0, locks: 0 }
  const scene = await openScene()
  const { url, folder } = scene
  const cache = join(folder, 'cache')
  const told: string[] = []
  try {
    const program = scene.program('writer')
    for (let round = 0; round < work.kills && !work.isOver(); round += 1) {
      const writer = startProgram(program, [url, cache, `writer-${round}`, '1000'])
      await writer.printed(1 + random.between(0, 2))
      // Over the time that one publication takes.
      await wait(random.between(0, 200))
      writer.kill(random.chance(0.5))
      await writer.ended
      told.push(...commitsTold(writer.lines()))
      tally.kills += 1
      const next = startProgram(program, [url, cache, `next-${round}`, '1'])
      const code = await next.ended
      if (code !== 0) tally.stuck += 1
      findings.expect(code === 0, () => `after kill ${round} the next run ended with ${code}: ${next.errors()}`)
      told.push(...commitsTold(next.lines()))
      const damage = await damageThatStays(url)
      if (damage !== '') tally.damaged += 1
      findings.expect(damage === '', () => `after kill ${round}: ${damage}`)
      work.tell()
    }
    const there = new Set(commitsOf(url))
    tally.told = told.length
    tally.lost = told.filter((commit) => !there.has(commit)).length
    findings.expect(tally.lost === 0, () => `${tally.lost} of ${told.length} publications are not in the branch`)
    const { counted } = writtenIn(url)
    findings.expect(counted === '', () => counted)
    tally.locks = locksIn(url)
    findings.expect(tally.locks === 0, () => `${tally.locks} locks are left`)
  } finally {
    await scene.close()
  }
  return tally
}

function commitsTold(lines: readonly string[]): readonly string[] {
  return lines.slice(1).map((line) => line.split(' ')[0] ?? '')
}

async function damageThatStays(url: string): Promise<string> {
  const latest = performance.now() + settleSeconds * 1000
  for (;;) {
    const damage = damageOf(url)
    if (damage === '' || performance.now() > latest) return damage
    await wait(100)
  }
}

function locksIn(url: string): number {
  return readdirSync(url, { recursive: true }).filter((name) => String(name).endsWith('.lock')).length
}
