import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import {
  bootId,
  commandEnvironment,
  hasEnded,
  hasProcessFiles,
  identify,
  type ProcessIdentity,
  processStatus,
} from './identity.ts'

/**
 * Whether anything lives in the process group that `leader` began, with or without the leader itself.
 * A number that was given to another process since then is not mistaken: the system reuses it only when the group is empty.
 */
export function groupHasMembers(leader: ProcessIdentity): boolean {
  if (!leader.started.startsWith(`${bootId()}/`)) return false
  const now = identify(leader.pid)
  if (now !== undefined) return now.started === leader.started
  if (!signalReaches(-leader.pid)) return false
  return hasProcessFiles() ? membersFromFiles(leader.pid) : membersFromCommand(leader.pid)
}

/** Signals every process of the group; nothing happens when the group is empty or not ours any more. */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!groupHasMembers(leader)) return
  try {
    process.kill(-leader.pid, signal)
  } catch {
    // It ended between the look and the signal.
  }
}

/**
 * Processes that have one of these variables with this value: what left its group, but inherited what only a pod's processes have.
 * Linux alone shows the variables of a process; elsewhere nothing is found.
 * @param variables as `NAME=value`
 */
export function processesWith(variables: readonly string[]): readonly number[] {
  if (!hasProcessFiles()) return []
  return numbersIn('/proc')
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
        return (
          variables.some((variable) => environment.includes(variable)) && !hasEnded(processStatus(pid)?.state ?? 'X')
        )
      } catch {
        return false
      }
    })
    .map(Number)
}

function signalReaches(target: number): boolean {
  try {
    process.kill(target, 0)
    return true
  } catch (error) {
    // EPERM: somebody is there; macOS also says so of zombies, which the closer look tells apart.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function membersFromFiles(group: number): boolean {
  return numbersIn('/proc').some((pid) => {
    const status = processStatus(pid)
    return status?.group === group && status.session === group && !hasEnded(status.state)
  })
}

/** What `ps` says; exported because the other way is taken on Linux and both are tested there. */
export function membersFromCommand(group: number): boolean {
  const text = execFileSync('ps', ['-A', '-o', 'pgid=,stat='], { env: commandEnvironment, encoding: 'utf8' })
  return membersInText(text, group)
}

/** Whether the lines of `ps -A -o pgid=,stat=` name a living member of the group. */
export function membersInText(text: string, group: number): boolean {
  return text.split('\n').some((line) => {
    const [member, state = ''] = line.trim().split(/\s+/)
    return Number(member) === group && !hasEnded(state)
  })
}

function numbersIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /^[0-9]+$/.test(name))
}
