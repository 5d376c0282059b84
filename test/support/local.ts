import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, afterEach } from 'vitest'
import { sha256 } from '../../domain/canonical.ts'
import type { SeenJob, SeenPod } from '../../domain/observation.ts'
import type { Deployed } from '../../domain/publication.ts'
import { type LocalCluster, openLocalCluster } from '../../local/cluster.ts'
import { endLeftovers } from '../../local/leftovers.ts'
import type { DeploySource } from '../../local/sync/sync.ts'
import { runId } from './local-manifests.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A folder of this test file's own, by its real path. */
export const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'specyard-local-')))
const cleanups: (() => Promise<void>)[] = []

/** Done after the test, whether it passed or not; the newest first. */
export function cleanUp(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup)
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let folders = 0
export function newFolder(): string {
  folders += 1
  const folder = join(scratch, String(folders))
  mkdirSync(folder)
  return folder
}

/** A source file of ours as a program of its own, built as the product is. */
export function program(source: string): readonly string[] {
  const built = programs.get(source)
  if (built) return built
  const outfile = join(scratch, 'programs', `${source.replaceAll('/', '-')}.mjs`)
  buildSync({
    absWorkingDir: root,
    entryPoints: [source],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Bundled CommonJS packages ask for Node's modules with a require of their own.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  const words = [process.execPath, outfile]
  programs.set(source, words)
  return words
}
const programs = new Map<string, readonly string[]>()

export function keeperProgram(): readonly string[] {
  return program('local/keeper.ts')
}

/** Waits until `look` gives something; fails with what it waited for. */
export async function eventually<Value>(
  what: string,
  look: () => Value | undefined | null | false | Promise<Value | undefined | null | false>,
): Promise<Value> {
  const until = performance.now() + 20_000
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== null && seen !== false) return seen
    if (performance.now() > until) throw new Error(`waited in vain for: ${what}`)
    await pause(20)
  }
}

/** Files of a deploy repository that can be replaced; each time is a new commit. */
export function handMadeDeploy(files: Readonly<Record<string, string>> = {}): DeploySource & {
  set(files: Readonly<Record<string, string>>): string
  broken: Error | null
  /** How often somebody asked for the head. */
  looks: number
} {
  let deployed: Deployed = { commit: null, files: new Map(), drifted: [] }
  let commits = 0
  const deploy = {
    broken: null as Error | null,
    looks: 0,
    head: async () => {
      deploy.looks += 1
      if (deploy.broken) throw deploy.broken
      return deployed.commit
    },
    read: async () => deployed,
    set: (next: Readonly<Record<string, string>>) => {
      commits += 1
      const commit = sha256(`${commits}`).slice(0, 40)
      deployed = { commit, files: new Map(Object.entries(next)), drifted: [] }
      return commit
    },
  }
  if (Object.keys(files).length > 0) deploy.set(files)
  return deploy
}

export interface TestCluster {
  readonly cluster: LocalCluster
  readonly root: string
  readonly stateFolder: string
  readonly logs: string[]
  job(name?: string): Promise<SeenJob | undefined>
  pods(): Promise<readonly SeenPod[]>
}

/** A cluster over a folder; stopped, and what it left running ended, after the test. */
export function openTestCluster(deploy: DeploySource, folder = newFolder()): TestCluster {
  const stateFolder = join(folder, 'state')
  const logs: string[] = []
  const cluster = openLocalCluster({
    root: folder,
    stateFolder,
    environments: ['dev'],
    deploy,
    keeperProgram: keeperProgram(),
    backendUrl: 'http://127.0.0.1:1',
    path: '/usr/bin:/bin',
    now: () => new Date(),
    log: ({ message }) => logs.push(message),
    pollMilliseconds: 50,
  })
  cleanUp(async () => {
    await cluster.stop('leave')
    await endLeftovers(stateFolder, 0)
  })
  return {
    cluster,
    root: folder,
    stateFolder,
    logs,
    job: async (name = 'train') => (await cluster.view('dev')).jobs.find((job) => job.name === name),
    pods: async () => (await cluster.view('dev')).pods,
  }
}

/** The Job's last condition, once it has ended. */
export async function ended(
  test: TestCluster,
  name = 'train',
): Promise<{ type: string; reason: string; message: string; job: SeenJob }> {
  return eventually(`Job ${name} to end`, async () => {
    const job = await test.job(name)
    const condition = job?.conditions.find(({ type }) => type === 'Complete' || type === 'Failed')
    return job && condition && { type: condition.type, reason: condition.reason, message: condition.message, job }
  })
}

export async function grant(test: TestCluster, jobUid: string, token = 'secret-token', attempt = 1): Promise<void> {
  await test.cluster.grantLease({
    namespace: 'ml',
    runId,
    attempt,
    jobUid,
    token,
    tokenExpiresAt: new Date(Date.now() + 6 * 3600 * 1000),
  })
}

export function livesNow(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}

/** A process of its own that hosts a cluster over a folder; it says `started` when it does. */
export async function hostCluster(folder: string, files: Readonly<Record<string, string>>): Promise<ChildProcess> {
  writeFileSync(join(folder, 'host.json'), JSON.stringify({ files, keeperProgram: keeperProgram() }))
  const [node = '', ...words] = program('test/support/local-host.ts')
  const host = spawn(node, [...words, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  cleanUp(async () => {
    host.kill('SIGKILL')
    await endLeftovers(join(folder, 'state'), 0)
  })
  await new Promise<void>((resolve, reject) => {
    host.stdout?.on('data', (bytes: Buffer) => {
      if (bytes.toString().includes('started')) resolve()
    })
    host.once('exit', (code) => reject(new Error(`the host ended with exit code ${code}`)))
  })
  return host
}

export async function killHard(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}
