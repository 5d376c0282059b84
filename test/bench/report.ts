import { arch, availableParallelism, platform, totalmem } from 'node:os'

/** One measured line. A field that does not apply, or could not be measured here, is null. */
export interface Row {
  readonly metric: string
  readonly unit: string
  readonly ours: number | null
  readonly peer: number | null
  readonly peerName: string | null
  /** What no program could beat, measured in the same run. */
  readonly limit: number | null
  /** How many times better than the peer; where there is none, the limit over ours. More is better. */
  readonly ratio: number | null
  /** The least ratio that is asked for. */
  readonly goal: number | null
  /** The most, or where more is better the least, that ours may be, in its unit. */
  readonly bound: number | null
}

export interface Report {
  readonly bench: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly rows: readonly Row[]
}

export interface Measured {
  readonly metric: string
  readonly unit: string
  /** Whether more is better (a rate) or less (a time). */
  readonly better: 'more' | 'less'
  readonly ours: number | null
  readonly peer?: { readonly name: string; readonly value: number | null }
  readonly limit?: number | null
  readonly goal?: number
  readonly bound?: number | undefined
}

/** A row with its ratio: against the peer where there is one, else against the limit. */
export function row({ metric, unit, better, ours, peer, limit, goal, bound }: Measured): Row {
  const against = peer ? peer.value : (limit ?? null)
  const ratio = ours === null || against === null ? null : better === 'more' ? ours / against : against / ours
  return {
    metric,
    unit,
    ours,
    peer: peer?.value ?? null,
    peerName: peer?.name ?? null,
    limit: limit ?? null,
    ratio: ratio !== null && Number.isFinite(ratio) ? ratio : null,
    goal: goal ?? null,
    bound: bound ?? null,
  }
}

export function report(bench: string, rows: readonly Row[]): Report {
  const machine = {
    system: `${platform()} ${arch()}`,
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  }
  return { bench, machine, rows }
}

/** The middle of the values; of two middles the lower. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((left, right) => left - right)[Math.floor((values.length - 1) / 2)]
  if (middle === undefined) throw new RangeError('no values')
  return middle
}

export function tableOf({ bench, machine, rows }: Report): string {
  const heads = ['METRIC', 'UNIT', 'OURS', 'PEER', 'LIMIT', 'RATIO', 'GOAL', 'BOUND', 'PEER NAME']
  const lines = [heads, ...rows.map(cells)]
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const facts = Object.entries(machine).map(([key, value]) => `${key} ${value}`)
  return `${bench}: ${facts.join(', ')}\n\n${text.join('\n')}\n`
}

function cells(one: Row): readonly string[] {
  const number = (value: number | null): string => (value === null ? '-' : String(Number(value.toPrecision(3))))
  return [
    one.metric,
    one.unit,
    ...[one.ours, one.peer, one.limit, one.ratio, one.goal, one.bound].map(number),
    one.peerName ?? '-',
  ]
}
