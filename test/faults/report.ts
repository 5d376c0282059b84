/** What one check came to. */
export interface Result {
  readonly id: string
  readonly promise: string
  readonly seed: number
  readonly counts: Readonly<Record<string, number>>
  readonly violations: readonly string[]
  /** What kept the check from its end; null when nothing did. */
  readonly failure: string | null
  readonly seconds: number
}

export function isKept({ violations, failure }: Result): boolean {
  return violations.length === 0 && failure === null
}

/** A line for each promise, and below it what broke it with the seed by which it comes again. */
export function tableOf(results: readonly Result[]): string {
  const rows = [
    ['PROMISE', 'KEPT', 'VIOLATIONS', 'SECONDS', 'COUNTS'],
    ...results.map((one) => [
      one.id,
      one.failure ? 'not checked' : isKept(one) ? 'yes' : 'NO',
      String(one.violations.length),
      one.seconds.toFixed(1),
      Object.entries(one.counts)
        .map(([what, count]) => `${what} ${Number(count.toFixed(3))}`)
        .join(', '),
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${[...table, ...results.filter((one) => !isKept(one)).flatMap(reasons)].join('\n')}\n`
}

function reasons({ id, seed, violations, failure }: Result): readonly string[] {
  return [
    '',
    `${id}: again with --only ${id} --seed ${seed}`,
    ...violations.map((one) => `  ${one}`),
    ...(failure === null ? [] : failure.split('\n').map((line) => `  ${line}`)),
  ]
}
