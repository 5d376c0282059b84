import { loadavg } from 'node:os'
import { report, type Row, tableOf } from './report.ts'

/** What was asked for on the command line of a bench. */
export interface Asked<Part extends string> {
  /** Small sizes, to see that it works. */
  readonly quick: boolean
  wants(part: Part): boolean
  /** Says that a part begins, and how busy the machine is, where it is wanted at all. */
  begin(part: Part): boolean
}

/** Says one line to whoever waits for the figures. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`)

/**
 * A whole bench as a program: reads its flags, measures, prints a table, or JSON with `--json`, and ends the process: with 2 for an unknown flag, with
 * 3 when it fails.
 * @param parts what `--only=` may choose among
 */
export async function runBench<Part extends string>(
  name: string,
  parts: readonly Part[],
  measure: (asked: Asked<Part>) => Promise<readonly Row[]>,
): Promise<never> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
  const flags = process.argv.slice(2)
  const only = flags.find((flag) => flag.startsWith('--only='))?.slice('--only='.length)
  const wanted: readonly string[] = only?.split(',') ?? parts
  const unknown = [
    ...flags.filter((flag) => !['--json', '--quick'].includes(flag) && !flag.startsWith('--only=')),
    ...wanted.filter((part) => !parts.some((one) => one === part)),
  ]
  if (unknown.length > 0) {
    say(`unknown: ${unknown.join(' ')}; there are --json, --quick and --only=${parts.join(',')}`)
    process.exit(2)
  }
  const wants = (part: Part): boolean => wanted.includes(part)
  const begin = (part: Part): boolean => {
    if (wants(part)) say(`${part} (load ${loadavg()[0]?.toFixed(1)}) …`)
    return wants(part)
  }
  try {
    const measured = report(name, await measure({ quick: flags.includes('--quick'), wants, begin }))
    process.stdout.write(flags.includes('--json') ? `${JSON.stringify(measured, null, 2)}\n` : tableOf(measured))
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message).slice(0, 4000) : String(error))
    process.exit(3)
  }
  process.exit(0)
}
