/*
 * How long what was written took to be told. Milliseconds of one machine's clock.
 */

/** What was made of a training. */
export interface Change {
  readonly training: string
  /** What is told when this change is seen: its state and, where it has one, its number. */
  readonly becomes: string
  /** Just before the request was sent. */
  readonly at: number
}

export interface Told {
  readonly training: string
  readonly becomes: string
  readonly at: number
}

export interface Latencies {
  /** One for each change that was told, or overtaken by one that was. */
  readonly milliseconds: readonly number[]
  /** Of which nothing was told, nor of what came after. */
  readonly missed: number
  /** Changes that were not told themselves, since the training had changed again. */
  readonly overtaken: number
}

/** Both in the order of their times. What somebody tells of a training tells also of all that was made of it before. */
export function latencies(changes: readonly Change[], told: readonly Told[]): Latencies {
  const waiting = new Map<string, Change[]>()
  for (const change of changes) waiting.set(change.training, [...(waiting.get(change.training) ?? []), change])
  const milliseconds: number[] = []
  let overtaken = 0
  for (const { training, becomes, at } of told) {
    const open = waiting.get(training) ?? []
    const found = open.findIndex((one) => one.becomes === becomes && one.at <= at)
    if (found < 0) continue
    for (const one of open.splice(0, found + 1)) milliseconds.push(at - one.at)
    overtaken += found
  }
  const missed = [...waiting.values()].reduce((sum, open) => sum + open.length, 0)
  return { milliseconds, missed, overtaken }
}

/** The value that so many per cent do not exceed. @throws RangeError without values */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
  if (value === undefined) throw new RangeError('no values')
  return value
}
