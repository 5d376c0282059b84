import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildProgram } from '../support/main-job/program.ts'
import { trainingCorpus } from './corpus.ts'
import { type CompilingOptions, forkHelm, helmName } from './compiling.ts'
import { median, type Row, row } from './report.ts'

/** Measures whole commands on a repository of specs, from the start of the process to its end. */
export function measureCommands({ specs, rounds, forks, helm }: CompilingOptions): readonly Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  const program = buildProgram()
  try {
    const repository = join(folder, 'specs')
    writeRepository(repository, specs)
    const command = (...args: readonly string[]): string => run([...program.words, '--directory', repository, ...args])
    const helms: number[] = []
    const compiled = rates(rounds, () => {
      if (helm !== null) helms.push(forks / (milliseconds(() => forkHelm(helm, forks)) / 1000))
      rmSync(join(folder, 'tree'), { recursive: true, force: true })
      return specs / (milliseconds(() => command('compile', '--to', join(folder, 'tree'))) / 1000)
    })
    return [
      row({
        metric: `specyard compile --to, ${specs} training specs`,
        unit: 'specs/s',
        better: 'more',
        ours: median(compiled),
        peer: {
          name: helm === null ? 'helm template (not installed)' : helmName,
          value: helm === null ? null : median(helms),
        },
      }),
      publishing(folder, () => command('publish'), specs, rounds),
    ]
  } finally {
    program.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Milliseconds of `specyard publish` when nothing has changed: it compiles every spec against what is deployed, and finds that no commit is owed.
 * Beside it what CI scripts do with manifests that they have rendered already: clone, copy, ask Git.
 */
function publishing(folder: string, publish: () => string, specs: number, rounds: number): Row {
  publish()
  const deploy = join(folder, 'specs', '.specyard', 'deploy.git')
  const rendered = join(folder, 'rendered')
  git(folder, 'clone', '--quiet', deploy, rendered)
  const head = git(deploy, 'rev-parse', 'main')
  const scripts: number[] = []
  const ours = rates(rounds, () => {
    scripts.push(milliseconds(() => cloneAndCopy(folder, deploy, rendered)))
    return milliseconds(publish)
  })
  if (git(deploy, 'rev-parse', 'main') !== head) throw new Error('a publication without a change made a commit')
  return row({
    metric: `specyard publish, ${specs} specs, no change`,
    unit: 'ms',
    better: 'less',
    ours: median(ours),
    peer: { name: 'git clone, copy files rendered before, git status', value: median(scripts) },
  })
}

function rates(rounds: number, measure: () => number): readonly number[] {
  return Array.from({ length: rounds }, measure)
}

function writeRepository(folder: string, specs: number): void {
  for (const { path, bytes } of trainingCorpus(specs)) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
  writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  git(folder, 'init', '--quiet', '--initial-branch=main')
  git(folder, 'add', '.')
  git(folder, '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '-m', 'Specs')
}

function cloneAndCopy(folder: string, deploy: string, rendered: string): void {
  const clone = join(folder, 'clone')
  git(folder, 'clone', '--quiet', '--depth', '1', `file://${deploy}`, clone)
  for (const part of ['applications', 'environments'])
    cpSync(join(rendered, part), join(clone, part), { recursive: true })
  if (git(clone, 'status', '--porcelain') !== '') throw new Error('the copied files differ')
  rmSync(clone, { recursive: true, force: true })
}

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function run([command = '', ...args]: readonly string[]): string {
  const ended = spawnSync(command, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: tmpdir() } })
  if (ended.status !== 0) throw new Error(`${args.at(-1)} failed:\n${ended.stderr}${ended.stdout}`)
  return ended.stdout
}

function milliseconds(work: () => unknown): number {
  const began = performance.now()
  work()
  return performance.now() - began
}
