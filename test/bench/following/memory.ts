import { readFileSync } from 'node:fs'

export interface Memory {
  /** Bytes. */
  readonly rss: number
  /** The most there ever was. */
  readonly peak: number
  /** Of the processor so far; the clock tells more of this machine's other work than of ours. */
  readonly processorSeconds: number
}

/** What this process has taken (Linux). */
export function memory(): Memory {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  const { user, system } = process.cpuUsage()
  return { rss: process.memoryUsage.rss(), peak: Number(peak) * 1024, processorSeconds: (user + system) / 1e6 }
}
