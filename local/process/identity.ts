import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number
  /** The boot of the machine and the start within it, separated by a slash; compared, never interpreted. */
  readonly started: string
}

/** What tells one boot of this machine from another; empty where the system does not say. */
export function bootId(): string {
  knownBoot ??= readBoot()
  return knownBoot
}

let knownBoot: string | undefined

function readBoot(): string {
  try {
    if (hasProcessFiles()) return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { env: commandEnvironment, encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

/** For `ps` and `sysctl`: its times are written in the caller's language and zone, and must be equal whoever asks. */
export const commandEnvironment = { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', LC_ALL: 'C', TZ: 'UTC' } as const

let processFiles: boolean | undefined

/** Whether the system shows its processes under /proc (Linux); elsewhere `ps` is asked. */
export function hasProcessFiles(): boolean {
  if (processFiles === undefined) {
    try {
      processFiles = readFileSync('/proc/self/stat', 'utf8').includes(') ')
    } catch {
      processFiles = false
    }
  }
  return processFiles
}

export interface ProcessStatus {
  readonly state: string
  readonly group: number
  readonly session: number
  readonly startTicks: string
}

/** Reads /proc/<pid>/stat; the name of the program, in parentheses, may hold blanks and parentheses. */
export function processStatus(pid: number | string): ProcessStatus | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state = '', , group, session] = fields
    return { state, group: Number(group), session: Number(session), startTicks: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

/** Zombies have ended: nothing of them runs, only their parent has not looked yet. */
export function hasEnded(state: string): boolean {
  return state.startsWith('Z') || state.startsWith('X')
}

/** The identity of a process that lives; undefined when there is none of that id. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = hasProcessFiles() ? startFromFiles(pid) : startFromCommand(pid)
  return started === undefined ? undefined : { pid, started: `${bootId()}/${started}` }
}

export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, started: `${bootId()}/unknown` }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started
}

function startFromFiles(pid: number): string | undefined {
  const status = processStatus(pid)
  return status === undefined || hasEnded(status.state) ? undefined : status.startTicks
}

/** What `ps` says; exported because the other way is taken on Linux and both are tested there. */
export function startFromCommand(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      env: commandEnvironment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return startFromText(text)
  } catch {
    return undefined
  }
}

/** Reads the one line of `ps -o stat=,lstart=`, whose columns Linux and macOS pad differently; undefined when nothing lives. */
export function startFromText(text: string): string | undefined {
  const [state = '', ...start] = text.trim().split(/\s+/)
  return start.length === 0 || hasEnded(state) ? undefined : start.join(' ')
}

export function isIdentity(value: unknown): value is ProcessIdentity {
  const read = value as Partial<ProcessIdentity> | null
  return typeof read === 'object' && read !== null && typeof read.pid === 'number' && typeof read.started === 'string'
}
