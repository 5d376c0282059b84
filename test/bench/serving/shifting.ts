import { loadavg } from 'node:os'
import { until } from '../../support/main-job/conditions.ts'
import { buildProgram, endOf, type Program, startProgram, untilSaid } from '../../support/main-job/program.ts'
import { type Row, row } from '../report.ts'
import { type Loaded, startLoad } from './load.ts'
import { makeCanary } from './canary.ts'

export interface Shifting {
  /** Callers at once. */
  readonly callers: number
  /** How long each weight is held. */
  readonly secondsEach: number
  /** Weights of the candidate, per cent, one after the other. */
  readonly weights: readonly number[]
}

const callerPauseMilliseconds = 2

/**
 * Requests lost while the local cluster shifts an endpoint to a second model version and back, step by step, and takes the version away in the end;
 * with how far the share that the version got was from its weight at the most.
 */
export async function measureShifting(size: Shifting, say: (line: string) => void): Promise<readonly Row[]> {
  const program = buildProgram()
  const canary = makeCanary()
  const up = startProgram(program, canary.folder, ['up', '--port', '0'])
  try {
    await untilSaid(up, /http:\/\/127\.0\.0\.1:\d+\/canary/)
    const url = /http:\/\/127\.0\.0\.1:\d+\/canary/.exec(up.said())?.[0] ?? ''
    const load = startLoad({ url: `${url}/`, callers: size.callers, pauseMilliseconds: callerPauseMilliseconds })
    let farthest = 0
    try {
      await until('the first version answers', () => (load.now().answers['1'] ?? 0) > 0, 60)
      canary.learnAnew()
      // The first step of a rollout that there is.
      await until('a second version is rolled out', () => hasBegun(program, canary.folder), 120)
      for (const weight of size.weights) {
        await step(program, canary.folder, 'set', String(weight))
        const share = await shareOf(load.now, size.secondsEach)
        farthest = Math.max(farthest, Math.abs(share - weight))
        const { asked, lost } = load.now()
        say(
          `  weight ${weight}: share ${share.toFixed(2)}, ${asked} asked, ${lost} lost (load ${loadavg()[0]?.toFixed(1)})`,
        )
      }
      await step(program, canary.folder, 'abort')
      await shareOf(load.now, size.secondsEach)
    } finally {
      await load.stop()
    }
    return rowsOf(await load.stop(), farthest, say)
  } catch (error) {
    say(up.said().slice(-3000))
    throw error
  } finally {
    up.kill('SIGTERM')
    await endOf(up, 60)
    await canary.remove()
    program.remove()
  }
}

function rowsOf({ asked, lost, firstLoss }: Loaded, farthest: number, say: (line: string) => void): readonly Row[] {
  if (lost > 0) say(`  the first request that was lost: ${firstLoss}`)
  const metric = 'a canary from 0 to 100 and back under load on the local cluster'
  return [
    row({ metric: `requests lost, ${metric}`, unit: 'requests', better: 'less', ours: lost, bound: 0 }),
    row({ metric: `requests answered, ${metric}`, unit: 'requests', better: 'more', ours: asked - lost }),
    row({
      metric: `share and weight apart at the most, ${metric}`,
      unit: '%',
      better: 'less',
      ours: farthest,
      bound: 1,
    }),
  ]
}

/** Until the local cluster does what a commit says. */
const settleSeconds = 1.5

/** Per cent of the answers of some seconds that came of the second version, once a weight is in force. */
async function shareOf(now: () => Loaded, seconds: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, settleSeconds * 1000))
  const before = now()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const after = now()
  const of = (version: string): number => (after.answers[version] ?? 0) - (before.answers[version] ?? 0)
  return (of('2') / Math.max(1, of('1') + of('2'))) * 100
}

async function step(program: Program, folder: string, ...words: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await startProgram(program, folder, ['rollout', 'canary', ...words]).ended
  if (code !== 0) throw new Error(`specyard rollout canary ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
}

async function hasBegun(program: Program, folder: string): Promise<boolean> {
  const { stdout } = await startProgram(program, folder, ['rollout', 'canary', '--output', 'json']).ended
  return /"candidate": ?\{/.test(stdout)
}
