import { copyFileSync, statSync, truncateSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { runContainer } from './container.ts'
import { writeWhole } from './files.ts'
import { groupHasMembers, signalGroup } from './group.ts'
import { ownIdentity, type ProcessIdentity } from './identity.ts'
import {
  type ContainerEnd,
  claimPod,
  type Exit,
  type Launch,
  type Progress,
  podFiles,
  type RunningContainer,
  readLaunch,
  type StopCause,
  straysOf,
} from './pod-files.ts'

/** A log longer than this many bytes is put aside, once; the one that was put aside before is lost. */
export const logBytesMax = 10 * 1024 * 1024

interface Keeping {
  readonly folder: string
  readonly launch: Launch
  readonly ended: ContainerEnd[]
  stoppedBy: StopCause | null
  /** It has ended by itself: nothing stops it any more. */
  finished: boolean
  running: ProcessIdentity | null
  log: string | null
  killAt: number | null
}

const idle = { finished: false, running: null, log: null, killAt: null } as const

/**
 * Runs the containers of one pod, one after the other, and writes down how they ended. Whoever started this process may die meanwhile.
 * Does nothing when the pod has a keeper already or is gone.
 */
export async function keepPod(folder: string): Promise<void> {
  const launch = claim(folder)
  if (!launch) return
  const keeping: Keeping = { folder, launch, ended: [], stoppedBy: null, ...idle }
  process.on('SIGTERM', () => stop(keeping, 'told'))
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  if (launch.endWithOwner) endWithInput(keeping)
  const chores = setInterval(() => doChores(keeping), 1000)
  for (const container of launch.containers) {
    if (keeping.stoppedBy !== null) break
    keeping.log = container.log
    const end = await runContainer(container, {
      starting: () => writeProgress(keeping, null),
      started: (running) => {
        keeping.running = running
        writeProgress(keeping, running)
      },
    })
    if (end.signal === 'SIGTERM' || end.exitCode === 143) await mayBeToldToo(keeping)
    const last = end.exitCode !== 0 || container === launch.containers.at(-1)
    keeping.finished = last && keeping.stoppedBy === null
    await endLeftovers(keeping)
    keeping.running = null
    keeping.ended.push(end)
    writeProgress(keeping, null)
    if (end.exitCode !== 0) break
  }
  clearInterval(chores)
  await writeExit(keeping)
}

function claim(folder: string): Launch | undefined {
  try {
    if (!claimPod(folder, { keeper: ownIdentity() })) return undefined
    return readLaunch(folder)
  } catch {
    // The pod was taken away before it began.
    return undefined
  }
}

function stop(keeping: Keeping, cause: StopCause): void {
  if (keeping.stoppedBy !== null || keeping.finished) return
  keeping.stoppedBy = cause
  if (keeping.running) signalGroup(keeping.running, 'SIGTERM')
  keeping.killAt = performance.now() + keeping.launch.graceSeconds * 1000
  setTimeout(() => kill(keeping), keeping.launch.graceSeconds * 1000)
}

function kill(keeping: Keeping): void {
  if (keeping.running) signalGroup(keeping.running, 'SIGKILL')
}

function endWithInput(keeping: Keeping): void {
  const gone = (): void => stop(keeping, 'owner')
  process.stdin.on('end', gone)
  process.stdin.on('close', gone)
  process.stdin.on('error', gone)
  process.stdin.resume()
}

function doChores(keeping: Keeping): void {
  const { deadlineAt } = keeping.launch
  if (deadlineAt !== null && Date.now() >= deadlineAt) stop(keeping, 'deadline')
  // Again and again, for what was started between the look at the group and the signal.
  if (keeping.killAt !== null && performance.now() >= keeping.killAt) kill(keeping)
  if (keeping.log) boundLog(keeping.log)
}

/** The process writes at the end of the file whatever its length, so it can be cut under its hands. */
function boundLog(path: string): void {
  try {
    if (statSync(path).size <= logBytesMax) return
    copyFileSync(path, `${path}.1`)
    truncateSync(path, 0)
  } catch {
    // A full disk must not end a training; the next second tries again.
  }
}

/** A machine that shuts down tells everybody at once: whether we are told too says that it was not the program's own failure. */
async function mayBeToldToo(keeping: Keeping): Promise<void> {
  if (keeping.stoppedBy === null) await pause(300)
}

/** A container ends with its first process: what it left behind is killed, and nothing follows before all of it is gone. */
async function endLeftovers(keeping: Keeping): Promise<void> {
  for (let wait = 5; ; wait = Math.min(wait * 2, 1000)) {
    const strays = straysOf(keeping.folder)
    const left = keeping.running !== null && groupHasMembers(keeping.running)
    if (!left && strays.length === 0) return
    kill(keeping)
    for (const stray of strays) killOne(stray)
    await pause(wait)
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function writeProgress(keeping: Keeping, running: RunningContainer | null): void {
  const progress: Progress = { ended: keeping.ended, running }
  try {
    writeWhole(podFiles.process(keeping.folder), JSON.stringify(progress))
  } catch {
    // A full disk must not end a training; how it ended is written again and again until it is there.
  }
}

/** Until it is there, or the pod's folder is not: the exit code of a long training must outlast a full disk. */
async function writeExit(keeping: Keeping): Promise<void> {
  const exit: Exit = { ended: keeping.ended, stoppedBy: keeping.stoppedBy, finishedAt: new Date().toISOString() }
  for (;;) {
    try {
      writeWhole(podFiles.exit(keeping.folder), JSON.stringify(exit))
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      await pause(1000)
    }
  }
}
