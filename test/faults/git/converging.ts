import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFindings, type Outcome, type Stage } from '../promise.ts'
import { median } from '../../bench/report.ts'
import { commitsOf, damageOf, forcedPushes, openScene, refuseAtRandom, startProgram, writtenIn } from './scene.ts'

/*
 * P23: eight writers in four processes publish to one branch at once, each process with a clone of its own, and the server refuses three of ten
 * pushes on top of those that come too late. Nothing is lost or made twice, no push is forced, and nobody waits long.
 */

const processes = [
  ['one', 'two'],
  ['three', 'four'],
  ['five', 'six'],
  ['seven', 'eight'],
]
const landSecondsMax = 5
/** On a machine that is busy with other things, where one alone takes long already: so many times as long. */
const timesAlone = 25

/** @param stage `count` commits of each writer */
export async function pushAtOnce({ count, isOver, say }: Stage): Promise<Outcome> {
  const findings = createFindings()
  const scene = await openScene()
  const { url, folder } = scene
  try {
    const program = scene.program('writer')
    const first = startProgram(program, [url, join(folder, 'cache-first'), 'first', '5'])
    await first.ended
    const alone = median(first.lines().slice(2).map(waitOf)) / 1000
    await refuseAtRandom(url)
    const writers = processes.map((names, index) =>
      startProgram(program, [url, join(folder, `cache-${index}`), names.join(','), String(count)]),
    )
    const watch = setInterval(() => {
      say(`${linesOf('pushes')} pushes, of which ${linesOf('refusals')} were refused`)
      if (isOver()) for (const writer of writers) writer.kill(false)
    }, 10_000)
    const codes = await Promise.all(writers.map((writer) => writer.ended))
    clearInterval(watch)
    codes.forEach((code, index) =>
      findings.expect(code === 0 || isOver(), () => `process ${index} ended with ${code}: ${writers[index]?.errors()}`),
    )
    const told = [first, ...writers].flatMap((writer) => writer.lines().slice(1))
    const commits = told.map((line) => line.split(' ')[0] ?? '')
    const texts = told.map((line) => line.split(' ').slice(2).join(' '))
    const waits = told
      .slice(first.lines().length - 1)
      .map(waitOf)
      .sort((left, right) => left - right)

    const there = commitsOf(url)
    const known = new Set(there)
    const { texts: own, counted } = writtenIn(url)
    const lost = told.filter((_, index) => !known.has(commits[index] ?? '') || !own.has(texts[index] ?? '')).length
    const doubled = commits.length - new Set(commits).size
    const forced = forcedPushes(url)
    findings.expect(lost === 0, () => `${lost} of ${told.length} publications are not in the branch`)
    findings.expect(doubled === 0, () => `${doubled} were made twice`)
    findings.expect(forced.length === 0, () => `forced pushes over ${forced.join(', ')}`)
    findings.expect(isOver() || there.length === told.length, () => `${there.length} commits for ${told.length} told`)
    findings.expect(counted === '', () => counted)
    findings.expect(damageOf(url) === '', () => damageOf(url))
    const slowest = (waits[Math.ceil(waits.length * 0.99) - 1] ?? Infinity) / 1000
    const most = Math.max(landSecondsMax, timesAlone * alone)
    findings.expect(slowest <= most, () => `of 100 publications one took ${slowest} s or longer`)
    return {
      counts: {
        ...{
          writers: processes.flat().length,
          commits: waits.length,
          lost,
          duplicated: doubled,
          'forced pushes': forced.length,
        },
        ...{ pushes: linesOf('pushes'), 'refused by the hook': linesOf('refusals') },
        'alone after s': alone,
        'landed after s (middle)': (waits[Math.floor(waits.length / 2)] ?? 0) / 1000,
        'landed after s (99 of 100)': slowest,
        'landed after s (all)': (waits.at(-1) ?? 0) / 1000,
      },
      violations: findings.all(),
    }
  } finally {
    await scene.close()
  }

  function linesOf(name: string): number {
    try {
      return readFileSync(join(url, name), 'utf8').split('\n').length - 1
    } catch {
      return 0
    }
  }
}

function waitOf(line: string): number {
  return Number(line.split(' ')[1])
}
