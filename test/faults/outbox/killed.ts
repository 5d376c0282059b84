import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildSync } from 'esbuild'
import { migrate } from '../../../records/migrate.ts'
import { queryOnce } from '../../../records/pool.ts'
import { bundle } from '../../../tools/bundle.ts'
import { run } from '../../cluster/base/command.ts'
import { createServerDatabase } from '../../support/database.ts'
import { buildProgram } from '../../support/main-job/program.ts'
import { createFindings, type Findings, type Outcome, type Stage } from '../promise.ts'
import { createRandom, type Random } from '../random.ts'
import { type Point, points, commitPoints, type SenderOptions } from './places.ts'

/*
 * P6: killed between a transaction and what it asks for, at every point and at any moment: each lease and each commit is there if, and only if, its
 * transaction was committed.
 */

const lanesMany = 8
const root = join(import.meta.dirname, '..', '..', '..')
const lifeSecondsMax = 120

export async function killSenders({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const program = buildProgram()
  const script = join(dirname(program.words[1] ?? ''), 'sender.mjs')
  buildSync({
    ...bundle,
    entryPoints: { sender: 'test/faults/outbox/sender.ts' },
    absWorkingDir: root,
    outdir: dirname(script),
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
  })
  const findings = createFindings()
  let kills = 0
  const tell = (): void => {
    kills += 1
    if (kills % 50 === 0) say(`${kills} of ${count} kills`)
  }
  try {
    const lanes = Math.min(lanesMany, count)
    const tallies = await Promise.all(
      Array.from({ length: lanes }, (_, lane) => {
        const own = Math.floor(count / lanes) + (lane < count % lanes ? 1 : 0)
        return killInLane(script, { kills: own, isOver, tell }, createRandom(seed, `outbox ${lane}`), findings)
      }),
    )
    const sum = (what: keyof Tally): number => tallies.reduce((all, one) => all + one[what], 0)
    return {
      counts: {
        kills,
        ...{ 'at a point': sum('atPoint'), 'at any moment': sum('anytime'), transactions: sum('transactions') },
        ...{ leases: sum('leases'), 'leases granted again': sum('repeated'), 'versions committed': sum('versions') },
        ...{ missing: sum('missing'), phantom: sum('phantom') },
      },
      violations: findings.all(),
    }
  } finally {
    program.remove()
  }
}

type Tally = Record<
  'atPoint' | 'anytime' | 'transactions' | 'leases' | 'repeated' | 'versions' | 'missing' | 'phantom',
  number
>

async function killInLane(
  script: string,
  { kills, isOver, tell }: { readonly kills: number; isOver(): boolean; tell(): void },
  random: Random,
  findings: Findings,
): Promise<Tally> {
  const database = await createServerDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'specyard-faults-outbox-'))
  try {
    await migrate(database.pool, 'up')
    writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
    const leases = join(folder, 'leases')
    const told = { folder, database: database.url, leases }
    const tally = { atPoint: 0, anytime: 0 }
    const every = [...points, ...commitPoints]
    const nextLife = (): Life => {
      const isAnytime = random.chance(0.25)
      const point: Point = random.pick(every)
      const options: SenderOptions = { ...told, death: { point, time: isAnytime ? 1_000_000 : random.between(1, 3) } }
      return { sender: prepare(script, options), isAnytime, killAfter: isAnytime ? random.between(20, 1500) : null }
    }
    // The next one is loaded while the one before lives, and touches nothing until that is dead.
    let next = nextLife()
    try {
      for (let number = 0; number < kills && !isOver(); number += 1) {
        const { sender, isAnytime, killAfter } = next
        next = nextLife()
        await sender.live(killAfter)
        tally[isAnytime ? 'anytime' : 'atPoint'] += 1
        tell()
      }
    } finally {
      await next.sender.dismiss()
    }
    const code = await prepare(script, { ...told, death: null }).live(null)
    findings.expect(code === 0, () => `the last one, which should do what is left, ended with ${code}`)
    return { ...tally, ...(await compare(database.pool, folder, leases, findings)) }
  } finally {
    await database.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

interface Life {
  readonly sender: Sender
  readonly isAnytime: boolean
  readonly killAfter: number | null
}

interface Sender {
  /** Lets it begin, and waits for its end. @returns its exit code; null when it was killed */
  live(killAfter: number | null): Promise<number | null>
  /** Ends one that never began. */
  dismiss(): Promise<void>
}

/** A process that has loaded its program and waits for the word to begin. */
function prepare(script: string, options: SenderOptions): Sender {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)))
  child.stdin.on('error', () => {})
  return {
    live: async (killAfter) => {
      const late = setTimeout(() => child.kill('SIGABRT'), lifeSecondsMax * 1000)
      const timer = killAfter === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
      child.stdin.write('begin\n')
      const [code, signal] = await ended
      clearTimeout(late)
      clearTimeout(timer)
      if (signal === 'SIGKILL' || (code === 0 && options.death === null)) return code
      throw new Error(`a sender ended with ${code ?? signal} instead of being killed:\n${said}`)
    },
    dismiss: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** What was asked for in committed transactions against what was done. */
async function compare(
  pool: Parameters<typeof queryOnce>[0],
  folder: string,
  leases: string,
  findings: Findings,
): Promise<Omit<Tally, 'atPoint' | 'anytime'>> {
  const rows = await queryOnce<{ run_id: string; kind: string; done: boolean }>(
    pool,
    'select run_id, kind, done_at is not null as done from actions',
  )
  const wanted = new Set(rows.map((one) => one.run_id))
  const granted = existsSync(leases) ? readFileSync(leases, 'utf8').split('\n').filter(Boolean) : []
  const versions = await committedVersions(folder)
  const tally = { missing: 0, phantom: 0 }
  const note = (what: 'missing' | 'phantom', ids: readonly string[], thing: string): void => {
    tally[what] += ids.length
    findings.expect(ids.length === 0, () => `${thing} ${what}: ${ids.slice(0, 5).join(', ')}`)
  }
  for (const [thing, done] of [
    ['leases', granted],
    ['versions', versions],
  ] as const) {
    const there = new Set(done)
    note(
      'missing',
      [...wanted].filter((id) => !there.has(id)),
      thing,
    )
    note(
      'phantom',
      [...there].filter((id) => !wanted.has(id)),
      thing,
    )
  }
  findings.expect(
    rows.every(({ done }) => done),
    () => 'actions are left that nobody did',
  )
  findings.expect(new Set(versions).size === versions.length, () => 'a version was committed twice')
  return {
    ...tally,
    transactions: wanted.size,
    leases: new Set(granted).size,
    repeated: granted.length - new Set(granted).size,
    versions: versions.length,
  }
}

/** Run ids of the model versions in the deploy repository's ledger. */
async function committedVersions(folder: string): Promise<readonly string[]> {
  const deploy = join(folder, '.specyard', 'deploy.git')
  const text = await run('git', ['-C', deploy, 'show', 'main:.specyard/ledger/models/language/outbox.json']).catch(
    () => '',
  )
  if (text === '') return []
  const { versions } = JSON.parse(text) as { versions: { run: { id: string } }[] }
  return versions.map((one) => one.run.id)
}
