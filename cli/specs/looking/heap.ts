import { setFlagsFromString } from 'node:v8'

/** From here on the room for new values would grow to its most, which is more than everything else that is in memory. */
const manyFiles = 200
/** Whose V8 knows the flag: another one would complain of it on standard error. */
const knownMajors = ['20', '22']

/**
 * Keeps the room for new values as small as it is at the start of the process where many files are compiled. It is collected more often then, with
 * less in it each time, and a quarter less memory is used. V8 reads this one flag whenever it would grow that room, so that it can be set at any time.
 */
export function keepHeapSmall(files: number): void {
  const [major = ''] = process.versions.node.split('.')
  if (files >= manyFiles && knownMajors.includes(major)) setFlagsFromString('--semi-space-growth-factor=1')
}
