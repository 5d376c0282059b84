import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isFault } from '../../../../domain/fault.ts'
import { bareEnvironment, deployOptions } from '../../../support/deploy-options.ts'
import { createFindings, type Outcome, type Stage } from '../../promise.ts'
import { createRandom } from '../../random.ts'
import { addressCases } from './addresses.ts'
import { type Ground, type HostileCase, secretWords } from './case.ts'
import { repositoryCases } from './repositories.ts'
import { askForCredentials, serverCases, startServer } from './servers.ts'

/*
 * P27: hostile addresses, servers and repositories run no command, have no file of this machine read, reach no address that only this machine reaches,
 * and cost a bounded time and disk.
 */

const groups = { addresses: addressCases, servers: serverCases, repositories: repositoryCases }
export const hostileCases: readonly HostileCase[] = Object.values(groups).flat()

/** Of one connection, smaller than usual so that what never ends is seen to end. */
const bounds = { milliseconds: 2500, bytes: 24 * 2 ** 20 }
const secondsMax = 45
/** What arrives between two looks at the disk comes on top of the bound, and the 64 MiB file of a case itself. */
const diskBytesMax = 512 * 2 ** 20
const atOnce = 3

/** @param stage `count` cases; all where there are fewer */
export async function meetEnemies({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const findings = createFindings()
  const random = createRandom(seed, 'hostile')
  // Some of each kind, also where only a few are met.
  const shuffled = Object.values(groups).map((cases) => random.shuffled(cases))
  const longest = Math.max(...shuffled.map((cases) => cases.length))
  const mixed = Array.from({ length: longest }, (_, index) => shuffled.flatMap((cases) => cases[index] ?? [])).flat()
  const waiting = mixed.slice(0, count)
  const sum = {
    cases: 0,
    executions: 0,
    'local reads': 0,
    'addresses of this machine reached': 0,
    'no fault of ours': 0,
  }
  let [slowest, largest] = [0, 0]
  const meet = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined && !isOver(); one = waiting.shift()) {
      const met = await meetOne(one)
      sum.cases += 1
      if (sum.cases % 25 === 0) say(`${sum.cases} of ${Math.min(count, mixed.length)} cases`)
      for (const [what, words] of met.broken) {
        sum[what] += 1
        findings.expect(false, () => `${one.title}: ${words}`)
      }
      findings.expect(met.seconds <= secondsMax, () => `${one.title}: took ${met.seconds} s`)
      findings.expect(met.bytes <= diskBytesMax, () => `${one.title}: took ${met.bytes} bytes`)
      slowest = Math.max(slowest, met.seconds)
      largest = Math.max(largest, met.bytes)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, meet))
  return {
    counts: { ...sum, 'longest in s': slowest, 'most disk in MiB': largest / 2 ** 20 },
    violations: findings.all(),
  }
}

type Broken = 'executions' | 'local reads' | 'addresses of this machine reached' | 'no fault of ours'

async function meetOne(one: HostileCase) {
  const folder = await mkdtemp(join(tmpdir(), 'specyard-hostile-'))
  const canary = join(folder, 'canary')
  const secretFile = join(folder, 'kept', 'secret.yaml')
  mkdirSync(join(folder, 'kept'))
  writeFileSync(secretFile, `${secretWords}\n`)
  const [metadata, server] = await Promise.all([
    startServer((_, answer) => void answer.end()),
    startServer(askForCredentials),
  ])
  let caches = 0
  const ground: Ground = {
    ...{ folder, secretFile, metadata, server },
    command: `touch ${canary}`,
    options: (url) => ({
      ...deployOptions(url, join(folder, `cache-${(caches += 1)}`)),
      environment: bareEnvironment,
      bounds,
    }),
  }
  const broken: (readonly [Broken, string])[] = []
  const began = performance.now()
  try {
    await one.run(ground)
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    if (words === 'a local file was read' || words.includes(secretWords)) broken.push(['local reads', words])
    else if (!isFault(error)) broken.push(['no fault of ours', error instanceof Error ? (error.stack ?? words) : words])
  }
  const seconds = (performance.now() - began) / 1000
  if (existsSync(canary)) broken.push(['executions', 'a command was run'])
  if (metadata.hits() > 0) broken.push(['addresses of this machine reached', `${metadata.hits()} requests`])
  const bytes = sizeOf(folder)
  await Promise.all([metadata.close(), server.close()])
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  return { broken, seconds, bytes }
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sum + sizeOf(path)
    return sum + (entry.isFile() ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0)
  }, 0)
}
