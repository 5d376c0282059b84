import { setFlagsFromString } from 'node:v8'

/*
 * The room for new values, which V8 doubles when it is full of values that stay. It reads this one flag whenever it does that, so that it can be set at
 * any time.
 */

/** From here on that room would grow to its most, which is more than everything else that is in memory. */
const manyFiles = 200
/** Whose V8 knows the flag: another one would complain of it on standard error. */
const knownMajors = ['20', '22']
const usual = 2

/**
 * Keeps the room for new values as small as it is at the start of the process where many files are compiled. It is collected more often then, with
 * less in it each time, and a quarter less memory is used.
 */
export function keepHeapSmall(files: number): void {
  const [major = ''] = process.versions.node.split('.')
  if (files < manyFiles || !knownMajors.includes(major)) return
  setFlagsFromString('--semi-space-growth-factor=1')
  // The code that is kept at the end of the process is taken by processes with the same flags alone.
  process.prependOnceListener('exit', () => setFlagsFromString(`--semi-space-growth-factor=${usual}`))
}
