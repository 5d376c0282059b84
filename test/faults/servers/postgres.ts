import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../../cluster/base/ports.ts'
import { until } from '../../cluster/base/wait.ts'

/*
 * A PostgreSQL of a check's own, which may be killed: with fsync, as people run it, so that what it acknowledged is on disk.
 */

/** How a server ends: `fast` as an orderly restart does, `immediate` without tidying up, `killed` as by the system. */
export type PostgresEnd = 'fast' | 'immediate' | 'killed'

const signals: Readonly<Record<PostgresEnd, NodeJS.Signals>> = {
  fast: 'SIGINT',
  immediate: 'SIGQUIT',
  killed: 'SIGKILL',
}

export interface PostgresServer {
  readonly url: string
  /** Starts it and waits until it takes sessions. */
  start(): Promise<void>
  /** Ends it and waits for the end of its first process. */
  end(how: PostgresEnd): Promise<void>
  close(): Promise<void>
}

export async function openPostgres(): Promise<PostgresServer> {
  const bin = findPostgres()
  const folder = mkdtempSync(join(tmpdir(), 'specyard-faults-postgres-'))
  const home = join(folder, 'home')
  const data = join(home, 'data')
  const account = unprivileged()
  mkdirSync(home)
  // The server refuses to run as root; its folder and the way there belong to somebody else then.
  if (account.uid !== undefined && account.gid !== undefined)
    for (const one of [folder, home]) chownSync(one, account.uid, account.gid)
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  const options = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync']
  execFileSync(join(bin, 'initdb'), options, { ...account, env, cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
  const port = await freePort()
  const log = join(folder, 'postgres.log')
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100', 'timezone=UTC']
  const words = ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])]
  const ready = (): boolean => succeeds(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])
  let child: ChildProcess | undefined

  const start = async (): Promise<void> => {
    const look = (): boolean => {
      // Sessions of the one that was killed hold its memory for a moment yet, and the next one refuses to start meanwhile.
      if (!child || isOver(child))
        child = spawn(join(bin, 'postgres'), words, {
          ...{ ...account, env, cwd: home },
          stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')],
        })
      return ready()
    }
    await until('PostgreSQL to start', look, { seconds: 60, everyMilliseconds: 50 }).catch((cause: unknown) => {
      throw new Error(`${String(cause)}:\n${readFileSync(log, 'utf8').slice(-2000)}`, { cause })
    })
  }
  const end = async (how: PostgresEnd): Promise<void> => {
    if (!child || isOver(child)) return
    const ended = once(child, 'exit')
    child.kill(signals[how])
    await ended
  }
  await start()
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start,
    end,
    close: async () => {
      await end('immediate')
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Root may not run PostgreSQL: its own account where there is one, else `nobody`. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const user = succeeds('id', ['-u', 'postgres']) ? 'postgres' : 'nobody'
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** The folder of the newest PostgreSQL's programs. */
function findPostgres(): string {
  const versions = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, 'bin')))
    .sort((left, right) => right.localeCompare(left, 'en', { numeric: true }))
  const onPath = (process.env['PATH'] ?? '').split(delimiter)
  const found = [...versions, ...onPath].find((bin) => existsSync(join(bin, 'initdb')))
  if (found === undefined) throw new Error('PostgreSQL is not installed: apt-get install -y postgresql')
  return found
}

function succeeds(command: string, words: readonly string[]): boolean {
  try {
    execFileSync(command, words, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
