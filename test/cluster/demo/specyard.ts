import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildProgram } from '../../support/main-job/program.ts'
import { type ProcessRecord, startProgram, untilUp } from '../base/processes.ts'
import { runTypescript } from '../base/typescript.ts'
import type { Cluster } from '../support/cluster.ts'
import type { Repository } from '../support/repositories.ts'

/*
 * Specyard as a service beside the bed: `specyard serve` with a PostgreSQL and a Redis of its own. All of it belongs to the bed: its processes end
 * and its files go with it.
 */

export interface Service {
  /** http://127.0.0.1:port */
  readonly api: string
  /** Where trainers report to, as they reach it. */
  readonly callbacks: string
  /** A program for people: the command line beside this service. */
  readonly command: string
  readonly databaseUrl: string
  readonly log: string
}

const servicesTool = join(import.meta.dirname, '..', '..', '..', 'tools', 'services.ts')
const readySeconds = 90

/** @throws Error with what to install where this machine has no PostgreSQL or no Redis */
export function demandServices(): void {
  try {
    execFileSync(process.execPath, runTypescript(servicesTool, ['--', 'true']), { stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    const said = String((error as { readonly stderr?: Buffer }).stderr ?? error).trim()
    throw new Error(`the demo runs Specyard with a PostgreSQL and a Redis of its own. ${said}`, { cause: error })
  }
}

export async function startService(
  cluster: Cluster,
  repositories: { readonly specs: Repository; readonly deploy: Repository },
): Promise<Service> {
  const home = join(cluster.folder, 'demo')
  const temporary = join(home, 'tmp')
  mkdirSync(temporary, { recursive: true })
  if (process.getuid?.() === 0) letThrough(cluster.folder)
  writeFileSync(join(home, 'specyard.yaml'), settings(repositories))
  const words = [...buildProgram(temporary).words, '--directory', home]
  const variables = {
    KUBECONFIG: cluster.kubeconfig,
    SPECYARD_SIGNING_KEY: randomBytes(32).toString('base64'),
  }
  const addresses = join(home, 'addresses')
  const host = cluster.node?.network.host ?? '127.0.0.1'
  const serve = [...words, 'serve', '--port', '0', '--callbacks', `${host}:0`]
  // The servers' addresses are for the command line too.
  const script = 'printf "%s\\n%s\\n" "$DATABASE_URL" "$REDIS_URL" > "$0" && exec "$@"'
  const record = startProgram(cluster.folder, {
    name: 'demo-specyard',
    command: process.execPath,
    arguments: runTypescript(servicesTool, ['--', 'sh', '-c', script, addresses, ...serve]),
    environment: { ...variables, HOME: home, TMPDIR: temporary },
    graceSeconds: 30,
  })
  const doors = await untilServing(record)
  const [databaseUrl = '', redisUrl = ''] = readFileSync(addresses, 'utf8').split('\n')
  const command = join(home, 'specyard')
  writeCommand(command, { ...variables, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl }, words)
  return { ...doors, command, databaseUrl, log: record.log }
}

/** PostgreSQL does not run as root; its account has to get to its folder, which is below the bed's. */
function letThrough(bed: string): void {
  chmodSync(bed, 0o711)
  for (const inner of ['logs', 'processes', 'repositories']) chmodSync(join(bed, inner), 0o700)
}

function settings({ specs, deploy }: { readonly specs: Repository; readonly deploy: Repository }): string {
  return `apiVersion: specyard.dev/v1
kind: Settings
specs: { repository: '${specs.url}' }
deploy: { repository: '${deploy.url}' }
reconcile: { cron: '*/2 * * * * *' }
`
}

async function untilServing(record: ProcessRecord): Promise<Pick<Service, 'api' | 'callbacks'>> {
  const find = (pattern: RegExp) => pattern.exec(existsSync(record.log) ? readFileSync(record.log, 'utf8') : '')?.[1]
  await untilUp(record, () => find(/^callbacks +(\S+)/m) !== undefined, { seconds: readySeconds })
  return { api: find(/^API +(\S+)/m) ?? '', callbacks: find(/^callbacks +(\S+)/m) ?? '' }
}

/** A program of its own rather than variables to copy: the database's address and the signing key stay out of a person's shell. */
function writeCommand(path: string, variables: Readonly<Record<string, string>>, words: readonly string[]): void {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`)
  writeFileSync(path, `#!/bin/sh\n${lines.join('\n')}\nexec ${words.map(quoted).join(' ')} "$@"\n`, { mode: 0o700 })
}
