import { mutate } from './driver.ts'
import { bombsMany, inputOf } from './inputs.ts'

/*
 * npm run mutate                            two minutes of spoiled specs through load, validate and render, in a child process
 * npm run mutate -- --minutes 15 --seed 7   longer, and others
 * npm run mutate -- --seed 7 --show 1234    the files of one input, as JSON
 *
 * Exit code: 0 nothing found, 1 something found, 2 wrong use.
 */

const usage = 'npm run mutate -- [--minutes N] [--inputs N] [--seed N] [--show N]'
const words = process.argv.slice(2)
const given = new Map<string, number>()
for (let index = 0; index < words.length; index += 2) given.set(words[index] ?? '', Number(words[index + 1] ?? NaN))
const known = ['--minutes', '--inputs', '--seed', '--show']
if ([...given].some(([name, value]) => !known.includes(name) || !Number.isFinite(value) || value < 0)) {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}
const seed = given.get('--seed') ?? 1
const show = given.get('--show')
if (show !== undefined) {
  const files = inputOf(seed, show).files.map((bytes) => Buffer.from(bytes).toString('utf8'))
  process.stdout.write(`${JSON.stringify(files, null, 2)}\n`)
  process.exit(0)
}
const minutes = given.get('--minutes') ?? 2
const outcome = await mutate({ seed, minutes, inputs: given.get('--inputs') ?? Infinity })
for (const { kind, number, message } of outcome.failures)
  process.stdout.write(`${kind}: input ${number} of seed ${seed}: ${message}\n`)
const { tried, accepted, slowestMilliseconds, slowestNumber, largestBytes, residentBytes } = outcome
const counted = (kind: string): number => outcome.failures.filter((one) => one.kind === kind).length
const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20)
process.stdout.write(
  `seed ${seed}: ${tried} inputs (${Math.min(tried, bombsMany)} bombs), ${accepted} accepted, ${tried - accepted} refused\n` +
    `crashed ${counted('crashed')}, stalled ${counted('stalled')}, threw or read differently ${counted('threw')}, slow ${counted('slow')}, large ${counted('large')}\n` +
    `slowest ${Math.round(slowestMilliseconds)} ms (input ${slowestNumber}), most memory for one ${megabytes(largestBytes)} MiB, process at most ${megabytes(residentBytes)} MiB\n`,
)
process.exitCode = outcome.failures.length > 0 ? 1 : 0
