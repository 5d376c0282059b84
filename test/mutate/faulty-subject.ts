import { bombsMany, type Input } from './inputs.ts'
import type { Verdict } from './subject.ts'

/** Numbers, behind the bombs, of inputs that do something bad here: what the driver must notice. */
export const bad = {
  throws: bombsMany + 3,
  aborts: bombsMany + 7,
  stalls: bombsMany + 11,
  isSlow: bombsMany + 15,
  isLarge: bombsMany + 90,
}

const kept: Uint8Array[] = []

export function attempt({ number }: Input): Verdict {
  if (number === bad.throws) throw new Error('planted')
  if (number === bad.aborts) process.abort()
  if (number === bad.stalls) for (;;) Math.sqrt(number)
  if (number === bad.isLarge) kept.push(new Uint8Array(128 * 1024 * 1024).fill(1))
  if (number === bad.isSlow) {
    const begun = process.cpuUsage()
    while (process.cpuUsage(begun).user < 400_000) Math.sqrt(number)
  }
  return 'refused'
}
