import { readdirSync, readFileSync } from 'node:fs'

/*
 * Which processes there are, from /proc. A process id alone is not an identity, since ids are used again: with the time of its start it is.
 */

export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot. */
  readonly startTicks: number
}

/** Every process of a bed has its folder in this variable, and hands it to its children. */
export const bedVariable = 'SPECYARD_TEST_BED'

/** @returns undefined when there is no such process, or only its exit code is left of it */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readProcess(pid, 'stat')
  if (stat === undefined) return undefined
  // The second field is the program's name in parentheses, and a name may hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, threads] = [fields[0], Number(fields[17])]
  // A killed program's first thread is a zombie while others still close its files: its port is free only after the last of them.
  const isEnded = state === 'X' || (state === 'Z' && threads <= 1)
  return isEnded ? undefined : { pid, startTicks: Number(fields[19]) }
}

export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  return identify(pid)?.startTicks === startTicks
}

/** The processes that belong to a bed by the variable they were started with. */
export function processesOfBed(folder: string): readonly ProcessIdentity[] {
  const mark = `${bedVariable}=${folder}`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readProcess(pid, 'environ')?.split('\0').includes(mark))
    .map(identify)
    .filter((identity) => identity !== undefined)
}

/** Sends a signal to exactly this process; nothing happens when it has ended. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(identity)) return
  try {
    process.kill(identity.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function readProcess(pid: number, file: 'stat' | 'environ'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
