import { availableParallelism, totalmem } from 'node:os'

/**
 * Variables for a build of Go: the compiler collects its garbage only where memory would run short, and then as many compilers as there are processors
 * take half of the memory. What comes out is the same, byte for byte.
 */
export function goEffort(): Readonly<Record<string, string>> {
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  const mebibytes = Math.max(256, Math.floor(bytes / 2 / availableParallelism() / 2 ** 20))
  return { GOGC: 'off', GOMEMLIMIT: `${mebibytes}MiB` }
}
