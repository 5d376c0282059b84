import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
    const command = (...args: readonly string[]): string =>
      run([...program.words, '--directory', repository, ...args], folder)
    const helms: number[] = []
    const limits: number[] = []
    const tree = join(folder, 'tree')
    const compile = (...more: readonly string[]): number => {
      rmSync(tree, { recursive: true, force: true })
      return specs / (milliseconds(() => command('compile', '--to', tree, ...more)) / 1000)
    }
    const compiled = rates(rounds, () => {
      if (helm !== null) helms.push(forks / (milliseconds(() => forkHelm(helm, forks)) / 1000))
      const rate = compile('--no-cache')
      limits.push(specs / (writeAlone(tree, join(folder, 'copy')) / 1000))
      return rate
    })
    const limit = median(limits)
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
        // Once and a half, and a bit, of what writing the same files alone takes, by a process that has started already.
        ...{ limit, bound: limit / 1.6 },
      }),
      changing(join(repository, 'specs'), () => command('compile', '--to', tree), specs, rounds),
      many(folder, program.words, specs * 10, median(compiled)),
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

/** Milliseconds of compiling again after one file has changed, into a folder that holds the rest; beside it the same of everything anew. */
function changing(specsFolder: string, compile: () => string, specs: number, rounds: number): Row {
  const file = join(specsFolder, 'language', 'training-00000.yaml')
  const text = readFileSync(file, 'utf8')
  const anew: number[] = []
  const ours = rates(rounds, () => {
    writeFileSync(file, text)
    compile()
    anew.push(milliseconds(compile))
    writeFileSync(file, text.replace('epochs: 10', `epochs: ${11 + anew.length}`))
    return milliseconds(compile)
  })
  writeFileSync(file, text)
  return row({
    metric: `specyard compile --to, ${specs} training specs, one file changed`,
    unit: 'ms',
    better: 'less',
    ours: median(ours),
    peer: { name: 'the same, nothing changed', value: median(anew) },
  })
}

/** Specs per second of a repository ten times as large, two specs in a file; beside it the rate of the smaller one. */
function many(folder: string, words: readonly string[], specs: number, rate: number): Row {
  const repository = join(folder, 'many')
  writeRepository(repository, specs, 2)
  const times = rates(3, () => {
    const to = join(folder, 'many-tree')
    rmSync(to, { recursive: true, force: true })
    return (
      specs /
      (milliseconds(() => run([...words, '--directory', repository, 'compile', '--no-cache', '--to', to], folder)) /
        1000)
    )
  })
  return row({
    metric: `specyard compile --to, ${specs} training specs, two in a file`,
    unit: 'specs/s',
    better: 'more',
    ours: median(times),
    peer: { name: `${specs / 10} specs`, value: rate },
    goal: 1,
  })
}

/** Milliseconds of writing the files of a folder anew, by this process. */
function writeAlone(from: string, to: string): number {
  const files = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const contents = files.map((file) => ({ target: join(to, file.slice(from.length)), bytes: readFileSync(file) }))
  rmSync(to, { recursive: true, force: true })
  return milliseconds(() => {
    const made = new Set<string>()
    for (const { target, bytes } of contents) {
      if (!made.has(dirname(target))) mkdirSync(dirname(target), { recursive: true })
      made.add(dirname(target))
      writeFileSync(target, bytes)
    }
  })
}

function rates(rounds: number, measure: () => number): readonly number[] {
  return Array.from({ length: rounds }, measure)
}

function writeRepository(folder: string, specs: number, perFile = 1): void {
  for (const { path, bytes } of trainingCorpus(specs, perFile)) {
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

function run([command = '', ...args]: readonly string[], home: string): string {
  const ended = spawnSync(command, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: home } })
  if (ended.status !== 0) throw new Error(`${args.at(-1)} failed:\n${ended.stderr}${ended.stdout}`)
  return ended.stdout
}

function milliseconds(work: () => unknown): number {
  const began = performance.now()
  work()
  return performance.now() - began
}
