import { openSync, writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Input, inputOf } from './inputs.ts'

/*
 * Tries the inputs of a seed from a number on, until it is told to stop or dies of one. Which one it is at stands in a file, so that its
 * parent knows what it died of: node --import tsx child.ts <seed> <first> <file of the number> <module of the subject>
 */

/** What the parent hears: totals now and then, and each failure at once. */
export type Heard =
  | { readonly kind: 'failed'; readonly number: number; readonly message: string }
  | { readonly kind: 'slow' | 'large'; readonly number: number; readonly amount: number }
  | ({ readonly kind: 'totals' } & Totals)

export interface Totals {
  readonly tried: number
  readonly accepted: number
  readonly slowestMilliseconds: number
  readonly slowestNumber: number
  /** Most that one input added to the memory of the process. */
  readonly largestBytes: number
  readonly residentBytes: number
}

export const limits = { milliseconds: 250, bytes: 64 * 1024 * 1024 } as const

const [seed = 0, first = 0] = process.argv.slice(2, 4).map(Number)
const [progress = '', subject = ''] = process.argv.slice(4)
const { attempt } = (await import(pathToFileURL(subject).href)) as { attempt: (input: Input) => 'accepted' | 'refused' }
const file = openSync(progress, 'w')
const tell = (heard: Heard): void => void process.send?.(heard)
const resident = (): number => process.resourceUsage().maxRSS * 1024

let stopping = false
process.on('message', () => (stopping = true))
// Its parent has gone.
process.on('disconnect', () => process.exit(0))
const totals = { tried: 0, accepted: 0, slowestMilliseconds: 0, slowestNumber: 0, largestBytes: 0, residentBytes: 0 }

/** Milliseconds of processor time, which a busy machine changes little, and bytes of one input; one that seems slow is timed again, twice. */
function measure(number: number): { milliseconds: number; bytes: number } {
  let milliseconds = Infinity
  const before = resident()
  for (let time = 0; time < 3 && milliseconds > limits.milliseconds; time += 1) {
    const input = inputOf(seed, number)
    const begun = process.cpuUsage()
    try {
      if (attempt(input) === 'accepted' && time === 0) totals.accepted += 1
    } catch (error) {
      tell({ kind: 'failed', number, message: String(error instanceof Error ? error.message : error) })
    }
    const { user, system } = process.cpuUsage(begun)
    milliseconds = Math.min(milliseconds, (user + system) / 1000)
  }
  return { milliseconds, bytes: resident() - before }
}

for (let number = first; !stopping; number += 1) {
  writeSync(file, String(number).padStart(12), 0)
  const { milliseconds, bytes } = measure(number)
  totals.tried += 1
  if (milliseconds > limits.milliseconds) tell({ kind: 'slow', number, amount: milliseconds })
  // What the first inputs add is mostly the code that they make the engine compile.
  if (totals.tried > 50 && bytes > limits.bytes) tell({ kind: 'large', number, amount: bytes })
  if (milliseconds > totals.slowestMilliseconds)
    Object.assign(totals, { slowestMilliseconds: milliseconds, slowestNumber: number })
  if (totals.tried > 50) totals.largestBytes = Math.max(totals.largestBytes, bytes)
  if (totals.tried % 100 === 0) {
    tell({ kind: 'totals', ...totals, residentBytes: resident() })
    await new Promise((resolve) => setImmediate(resolve))
  }
}
tell({ kind: 'totals', ...totals, residentBytes: resident() })
process.disconnect()
