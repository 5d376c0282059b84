import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, connect as openSocket } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/*
 * Runs a command with a PostgreSQL and a Redis of its own: npx tsx tools/services.ts -- <command> [argument…]
 * Both listen on free ports of 127.0.0.1, live in a temporary folder and are gone when the command ends, whose exit code this passes on.
 */

const remedy = `install both servers first:
  Debian, Ubuntu   apt-get update && apt-get install -y --no-install-recommends postgresql redis-server
  macOS            brew install postgresql@15 redis`
const readySecondsMax = 30
const stopSecondsMax = 20

async function main(): Promise<number> {
  const separator = process.argv.indexOf('--')
  const [command, ...commandArguments] = separator < 0 ? [] : process.argv.slice(separator + 1)
  if (command === undefined) return refuse('usage: npx tsx tools/services.ts -- <command> [argument…]')
  const postgres = findPostgres()
  const redis = findOnPath('redis-server')
  if (postgres === undefined || redis === undefined)
    return refuse(`${postgres === undefined ? 'PostgreSQL' : 'Redis'} is not installed: ${remedy}`)

  const folder = mkdtempSync(join(tmpdir(), 'specyard-services-'))
  const servers: Server[] = []
  try {
    const started = await Promise.all([startPostgres(postgres, folder, servers), startRedis(redis, folder, servers)])
    const env = { ...process.env, DATABASE_URL: started[0], REDIS_URL: started[1] }
    return await run(spawn(command, commandArguments, { stdio: 'inherit', env }))
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  } finally {
    await Promise.all(servers.map(stop))
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Server {
  readonly child: ChildProcess
  readonly signal: NodeJS.Signals
}

interface Account {
  readonly uid?: number
  readonly gid?: number
}

async function startPostgres(bin: string, folder: string, servers: Server[]): Promise<string> {
  const home = join(folder, 'postgres')
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
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'timezone=UTC']
  const log = join(folder, 'postgres.log')
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...account, env, cwd: home, stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] },
  )
  servers.push({ child, signal: 'SIGINT' })
  const isReady = () => succeeds(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])
  await untilReady('PostgreSQL', child, log, isReady)
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

async function startRedis(binary: string, folder: string, servers: Server[]): Promise<string> {
  const port = await freePort()
  const home = join(folder, 'redis')
  mkdirSync(home)
  const log = join(folder, 'redis.log')
  const child = spawn(
    binary,
    ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', home],
    { stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] },
  )
  servers.push({ child, signal: 'SIGTERM' })
  await untilReady('Redis', child, log, () => accepts(port))
  return `redis://127.0.0.1:${port}`
}

/** Root may not run PostgreSQL: its own account where there is one, else `nobody`. */
function unprivileged(): Account {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string, user: string) =>
    Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }))
  const user = succeeds('id', ['-u', 'postgres']) ? 'postgres' : 'nobody'
  return { uid: id('-u', user), gid: id('-g', user) }
}

/** The folder of the newest PostgreSQL's programs. */
function findPostgres(): string | undefined {
  const versions = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, 'bin')))
    .sort((left, right) => right.localeCompare(left, 'en', { numeric: true }))
  const onPath = (process.env['PATH'] ?? '').split(delimiter)
  return [...versions, ...onPath].find((bin) => existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')))
}

function findOnPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1')
  return address.port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function succeeds(command: string, options: readonly string[]): boolean {
  try {
    execFileSync(command, options, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function untilReady(
  name: string,
  child: ChildProcess,
  log: string,
  isReady: () => boolean | Promise<boolean>,
): Promise<void> {
  const until = Date.now() + readySecondsMax * 1000
  while (!(await isReady())) {
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`${name} does not start:\n${readFileSync(log, 'utf8')}`)
    await setTimeout(50)
  }
}

/** Waits for the command, which gets the signals that we get, and returns its exit code as a shell would. */
async function run(child: ChildProcess): Promise<number> {
  const passOn = (signal: NodeJS.Signals) => child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, passOn)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}

async function stop({ child, signal }: Server): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const stubborn = setTimeout(stopSecondsMax * 1000, 'stubborn', { ref: false })
  if ((await Promise.race([ended, stubborn])) === 'stubborn') {
    child.kill('SIGKILL')
    await ended
  }
}

function refuse(message: string): number {
  console.error(message)
  return 3
}

process.exitCode = await main()
