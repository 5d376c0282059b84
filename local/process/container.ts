import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { bootId, identify } from './identity.ts'
import type { ContainerEnd, LaunchContainer, RunningContainer } from './pod-files.ts'

/** What container runtimes give for a program that could not be started. */
export const startErrorExitCode = 128

/** Runs one container as a process group of its own, with its output in a file: a pipe would end it with whoever reads. */
export async function runContainer(
  container: LaunchContainer,
  heard: { starting: () => void; started: (running: RunningContainer) => void },
): Promise<ContainerEnd> {
  const startedAt = new Date().toISOString()
  heard.starting()
  let child: ChildProcess
  try {
    child = start(container)
  } catch (error) {
    return notStarted(container, startedAt, error)
  }
  const ended = new Promise<ContainerEnd>((resolve) => {
    child.once('error', (error) => resolve(notStarted(container, startedAt, error)))
    child.once('exit', (code, signal) => resolve(endOf(container, startedAt, code, signal)))
  })
  if (child.pid !== undefined) {
    // One that has ended already has no start time any more, but may have left others in its group.
    const identity = identify(child.pid) ?? { pid: child.pid, started: `${bootId()}/ended` }
    heard.started({ ...identity, name: container.name, startedAt })
  }
  return ended
}

function start(container: LaunchContainer): ChildProcess {
  const [program = '', ...words] = container.command
  const log = openSync(container.log, 'a', 0o600)
  try {
    return spawn(program, words, {
      cwd: container.workingFolder,
      env: { ...container.environment },
      detached: true,
      stdio: ['ignore', log, log],
    })
  } finally {
    closeSync(log)
  }
}

function endOf(
  container: LaunchContainer,
  startedAt: string,
  code: number | null,
  signal: NodeJS.Signals | null,
): ContainerEnd {
  const exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0)
  return { name: container.name, exitCode, signal, startError: null, startedAt, finishedAt: new Date().toISOString() }
}

function notStarted(container: LaunchContainer, startedAt: string, error: unknown): ContainerEnd {
  const code = (error as NodeJS.ErrnoException).code
  const program = container.command[0] ?? ''
  const startError =
    code === 'ENOENT'
      ? `"${program}" was not found: it is neither in the image folder nor on the PATH of this machine`
      : `"${program}" could not be started (${code ?? 'unknown error'})`
  return {
    name: container.name,
    exitCode: startErrorExitCode,
    signal: null,
    startError,
    startedAt,
    finishedAt: new Date().toISOString(),
  }
}
