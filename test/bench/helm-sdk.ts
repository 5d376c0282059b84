import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const version = '3.22.0'

/** Builds the program of `helm-sdk/`, or finds it in the cache; null where there is no Go to build it with. */
export function buildHelmSdk(): string | null {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'specyard', `helm-sdk-${version}`)
  const program = join(cache, 'helm-sdk')
  if (existsSync(program)) return program
  mkdirSync(cache, { recursive: true })
  const building = `${program}.${process.pid}`
  const built = spawnSync('go', ['build', '-trimpath', '-o', building, '.'], {
    cwd: join(import.meta.dirname, 'helm-sdk'),
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' },
  })
  if (built.status !== 0) return null
  renameSync(building, program)
  return program
}

/** @returns seconds that Helm's library took to render a chart so many times in one process */
export function renderInOneProcess(program: string, chart: string, values: string, times: number): number {
  // One thread, as ours has.
  const env = { PATH: process.env['PATH'], HOME: homedir(), GOMAXPROCS: '1' }
  const ended = spawnSync(program, [chart, values, String(times)], { encoding: 'utf8', env })
  if (ended.status !== 0)
    throw new Error(`rendering with Helm's library failed: ${ended.error?.message ?? ended.stderr}`)
  return Number(ended.stdout)
}
