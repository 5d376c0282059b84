import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Heard, Totals } from './child.ts'

export interface Wishes {
  readonly seed: number
  /** Whichever of the two comes first ends it. */
  readonly minutes: number
  readonly inputs: number
  /** Module with the function `attempt` that gets the inputs. */
  readonly subject?: string
  /** How long one input may keep the child silent before it counts as stalled and is killed. */
  readonly stallSeconds?: number
}

export interface Failure {
  readonly kind: 'threw' | 'crashed' | 'stalled' | 'slow' | 'large'
  /** With the seed it gives the input again. */
  readonly number: number
  readonly message: string
}

export interface Outcome extends Totals {
  readonly failures: readonly Failure[]
}

/** So many failures tell enough. */
const failuresMax = 50

/** Tries inputs in child processes, each going on behind the input that the one before it died of. */
export async function mutate(wishes: Wishes): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-mutate-'))
  const failures: Failure[] = []
  const begun = performance.now()
  let sum: Totals = {
    tried: 0,
    accepted: 0,
    slowestMilliseconds: 0,
    slowestNumber: 0,
    largestBytes: 0,
    residentBytes: 0,
  }
  try {
    for (let first = 0; first < wishes.inputs;) {
      const minutes = wishes.minutes - (performance.now() - begun) / 60_000
      if (minutes <= 0 || failures.length >= failuresMax) break
      const life = await live(join(folder, 'number'), first, { ...wishes, minutes }, failures)
      sum = added(sum, { ...life.totals, tried: life.next - first })
      if (life.ended) break
      first = life.next
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...sum, failures }
}

/** One child, from its first input to its last. */
async function live(
  progress: string,
  first: number,
  { seed, minutes, inputs, stallSeconds = 20, subject = join(import.meta.dirname, 'subject.ts') }: Wishes,
  failures: Failure[],
): Promise<{ totals: Totals; next: number; ended: boolean }> {
  const words = [String(seed), String(first), progress, subject]
  const child = fork(join(import.meta.dirname, 'child.ts'), words, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const at = (): number => Number(readFileSync(progress, { encoding: 'utf8', flag: 'a+' }).trim() || first)
  let totals: Totals = {
    tried: 0,
    accepted: 0,
    slowestMilliseconds: 0,
    slowestNumber: first,
    largestBytes: 0,
    residentBytes: 0,
  }
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString('utf8')}`.slice(-2000)))
  let stopped = false
  // The child may have ended in the same moment, which its exit tells.
  const stop = (): void => {
    if (!stopped && child.connected) child.send('stop', () => undefined)
    stopped = true
  }
  child.on('message', (heard: Heard) => {
    if (heard.kind === 'totals') totals = heard
    else failures.push(failureOf(heard))
    if (first + totals.tried >= inputs || failures.length >= failuresMax) stop()
  })
  const timer = setTimeout(stop, minutes * 60_000)
  const stalled = watch(child, at, stallSeconds)
  const ending = await new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }))
  })
  clearTimeout(timer)
  clearInterval(stalled.timer)
  if (ending.code === 0) return { totals, next: first + totals.tried, ended: true }
  const number = at()
  const how = `ended with ${ending.signal ?? ending.code}: ${said.trim().split('\n').slice(-3).join(' | ')}`
  failures.push({ kind: stalled.is() ? 'stalled' : 'crashed', number, message: how })
  return { totals, next: number + 1, ended: false }
}

/** Kills a child that is at the same input for too long. */
function watch(child: ChildProcess, at: () => number, seconds: number): { timer: NodeJS.Timeout; is(): boolean } {
  let [last, since, killed] = [-1, performance.now(), false]
  const timer = setInterval(() => {
    const now = at()
    if (now !== last) [last, since] = [now, performance.now()]
    else if (performance.now() - since > seconds * 1000) killed = child.kill('SIGKILL') || killed
  }, 500)
  return { timer, is: () => killed }
}

function failureOf(heard: Exclude<Heard, { kind: 'totals' }>): Failure {
  const { kind, number } = heard
  if (kind === 'failed') return { kind: 'threw', number, message: heard.message }
  const amount =
    kind === 'slow' ? `took ${Math.round(heard.amount)} ms` : `added ${Math.round(heard.amount / 2 ** 20)} MiB`
  return { kind, number, message: amount }
}

function added(one: Totals, two: Totals): Totals {
  const slower = two.slowestMilliseconds > one.slowestMilliseconds ? two : one
  return {
    tried: one.tried + two.tried,
    accepted: one.accepted + two.accepted,
    slowestMilliseconds: slower.slowestMilliseconds,
    slowestNumber: slower.slowestNumber,
    largestBytes: Math.max(one.largestBytes, two.largestBytes),
    residentBytes: Math.max(one.residentBytes, two.residentBytes),
  }
}
