import { groupHasMembers, signalGroup } from './group.ts'
import { isAlive, type ProcessIdentity } from './identity.ts'
import { readClaim, readProgress, straysOf } from './pod-files.ts'

/** Signals a process that is still the one that is meant. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return
  try {
    process.kill(identity.pid, signal)
  } catch {
    // It ended between the look and the signal.
  }
}

/** Whether the keeper of a pod's folder or anything that it started lives. */
export function podLives(folder: string): boolean {
  const claim = readClaim(folder)
  if (claim && 'keeper' in claim && isAlive(claim.keeper)) return true
  return podProcessesLive(folder)
}

/** Whether anything that the keeper started lives, with or without its keeper. */
export function podProcessesLive(folder: string): boolean {
  const running = readProgress(folder)?.running
  return (running ? groupHasMembers(running) : false) || straysOf(folder).length > 0
}

/** Asks what runs in a pod's folder to end: through its keeper, which sees to it, or directly where that is gone. */
export function terminatePod(folder: string): void {
  const claim = readClaim(folder)
  if (claim && 'keeper' in claim && isAlive(claim.keeper)) {
    signalProcess(claim.keeper, 'SIGTERM')
    return
  }
  const running = readProgress(folder)?.running
  if (running) signalGroup(running, 'SIGTERM')
}

/** Ends what runs in a pod's folder at once, its keeper first so that nothing more is started. */
export function killPod(folder: string): void {
  const claim = readClaim(folder)
  if (claim && 'keeper' in claim) signalProcess(claim.keeper, 'SIGKILL')
  const running = readProgress(folder)?.running
  if (running) signalGroup(running, 'SIGKILL')
  for (const pid of straysOf(folder)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended between the look and the signal.
    }
  }
}
