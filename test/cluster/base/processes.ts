import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bedVariable, identify, isAlive, type ProcessIdentity, signal } from './process-table.ts'
import { Hopeless, type Patience, until } from './wait.ts'

/*
 * The programs of a bed. Each runs on its own (detached, with a log file) and is written down in `processes/<name>.json`, so that any
 * process can stop it, or start it again with the same words: the tests run in other processes than the one that started the bed.
 */

export interface Program {
  /** What its log and its record are called; a bed has one of each name. */
  readonly name: string
  readonly command: string
  readonly arguments: readonly string[]
  /** The whole environment but for PATH and HOME, which have defaults. */
  readonly environment?: Readonly<Record<string, string>>
  /** When its bed is taken away it is asked to end, and has so long to end what it has started; default: it is killed. */
  readonly graceSeconds?: number
}

export interface ProcessRecord extends ProcessIdentity, Program {
  /** Absolute path; standard output and error, appended over restarts. */
  readonly log: string
}

/** @throws Error when the program cannot be started at all */
export function startProgram(bed: string, program: Program): ProcessRecord {
  for (const folder of ['processes', 'logs']) mkdirSync(join(bed, folder), { recursive: true })
  const log = join(bed, 'logs', `${program.name}.log`)
  const output = openSync(log, 'a')
  const child = spawn(program.command, program.arguments, {
    cwd: bed,
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: join(bed, 'home'),
      ...program.environment,
      [bedVariable]: bed,
    },
  })
  closeSync(output)
  child.once('error', () => {})
  child.unref()
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity === undefined) throw new Error(`${program.name}: ${program.command} could not be started; see ${log}`)
  const record = { ...program, ...identity, log }
  writeFileSync(recordPath(bed, program.name), JSON.stringify(record, null, 2), { mode: 0o600 })
  return record
}

/** Starts a stopped program with the words and environment it had. */
export function startAgain(bed: string, name: string): ProcessRecord {
  const { command, arguments: words, environment, graceSeconds } = readRecord(bed, name)
  const kept = { ...(environment && { environment }), ...(graceSeconds !== undefined && { graceSeconds }) }
  return startProgram(bed, { name, command, arguments: words, ...kept })
}

export function readRecord(bed: string, name: string): ProcessRecord {
  const path = recordPath(bed, name)
  if (!existsSync(path)) throw new Error(`${name} is not part of the test bed in ${bed}: there is no ${path}`)
  return JSON.parse(readFileSync(path, 'utf8')) as ProcessRecord
}

export function readRecords(bed: string): readonly ProcessRecord[] {
  const folder = join(bed, 'processes')
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((file) => readRecord(bed, file.replace(/\.json$/, '')))
}

/** Ends a program and waits for its end: by the signal, and by SIGKILL when that has not helped for a while. */
export async function stopProgram(bed: string, name: string, by: NodeJS.Signals = 'SIGTERM', graceSeconds = 5) {
  if (!existsSync(recordPath(bed, name))) return
  await end(readRecord(bed, name), by, graceSeconds)
}

/** Ends processes together: the graces run at the same time. */
export async function end(identity: ProcessIdentity, by: NodeJS.Signals, graceSeconds: number): Promise<void> {
  const isGone = () => !isAlive(identity)
  signal(identity, by)
  // A stopped process hears nothing but SIGKILL until it goes on.
  if (by !== 'SIGKILL') signal(identity, 'SIGCONT')
  const isPolite = by !== 'SIGKILL' && graceSeconds > 0
  if (isPolite) {
    const wasHeard = await until('its end', isGone, { seconds: graceSeconds, everyMilliseconds: 20 }).catch(() => false)
    if (wasHeard) return
    signal(identity, 'SIGKILL')
  }
  await until(`process ${identity.pid} to end after SIGKILL`, isGone, { seconds: 20, everyMilliseconds: 20 })
}

export function forget(bed: string, name: string): void {
  rmSync(recordPath(bed, name), { force: true })
}

/** Waits for a sign of life, and stops waiting when the program has ended. */
export async function untilUp(
  record: ProcessRecord,
  look: () => Promise<boolean> | boolean,
  patience: Patience,
): Promise<void> {
  const lookOnce = async () => {
    if (await look()) return true
    if (!isAlive(record))
      throw new Hopeless(`${record.name} ended while it started; its last lines:\n${tail(record.log)}`)
    return false
  }
  await until(`${record.name} to be ready`, lookOnce, patience).catch((error: unknown) => {
    if (error instanceof Hopeless) throw error
    throw new Error(`${(error as Error).message}; its last lines:\n${tail(record.log)}`, { cause: error })
  })
}

export function tail(log: string, lines = 8): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}

function recordPath(bed: string, name: string): string {
  return join(bed, 'processes', `${name}.json`)
}
