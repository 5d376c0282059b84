import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildProgram } from '../../support/main-job/program.ts'
import { median, type Row, row } from '../report.ts'
import type { Peers } from './peers.ts'
import { writeRepository } from './repository.ts'
import { runProgram } from './run.ts'

const megabyte = 2 ** 20

export interface WholeOptions {
  readonly folder: string
  readonly specs: number
  readonly rounds: number
  /** The built `write-files-once`. */
  readonly writer: string
  readonly peers: Peers | null
  /** Schemas as kubeconform's `-schema-location` names them. */
  readonly schemas: string
}

interface Subject {
  readonly repository: string
  /** The file that is changed. */
  readonly changed: string
  readonly words: readonly string[]
}

interface Sample {
  readonly cold: number[]
  readonly again: number[]
  readonly rss: number[]
  /** kubeconform with one manifest at a time, as we compile one spec at a time. */
  readonly checkOne: number[]
  /** kubeconform as it is unless told: four at a time. */
  readonly check: number[]
  readonly write: number[]
}

/**
 * `specyard compile --to` on a repository: without anything remembered, and again after one spec was changed. Beside it kubeconform on as many Jobs,
 * and a process that writes the same files and does nothing else.
 */
export async function measureWhole(
  options: WholeOptions,
): Promise<{ readonly rows: readonly Row[]; readonly perSecond: number }> {
  const { folder, specs, rounds } = options
  const repository = join(folder, `specs-${specs}`)
  const changed = await writeRepository(repository, specs)
  const program = buildProgram()
  const sample: Sample = { cold: [], again: [], rss: [], checkOne: [], check: [], write: [] }
  try {
    for (let round = 0; round < rounds; round += 1) {
      measureRound(options, { repository, changed, words: program.words }, round, sample)
    }
  } finally {
    program.remove()
    rmSync(repository, { recursive: true, force: true })
  }
  return { rows: rowsOf(options, sample), perSecond: specs / median(sample.cold) }
}

function measureRound(
  { folder, specs, writer, peers, schemas }: WholeOptions,
  { repository, changed, words }: Subject,
  round: number,
  sample: Sample,
): void {
  // Each round has folders of its own, and none is taken away before the end: for seconds ext4 passes over the numbers of all files that were just
  // taken away, each time that it makes one.
  const [tree, copy, home] = ['tree', 'copy', 'home'].map((name) => join(folder, `${name}-${specs}-${round}`)) as [
    string,
    string,
    string,
  ]
  mkdirSync(home)
  const compile = () => runProgram([...words, '--directory', repository, 'compile', '--to', tree], home)
  const cold = compile()
  sample.cold.push(cold.seconds)
  sample.rss.push(cold.rss / megabyte)
  const jobs = jobFiles(tree)
  const least = specs * 0.8
  if (jobs.length < least) throw new Error(`${jobs.length} Jobs of ${specs} specs were written`)
  sample.write.push(runProgram([process.execPath, writer, tree, copy], home).seconds)
  if (peers !== null) {
    const files = Array.from({ length: specs }, (_, index) => jobs[index % jobs.length] as string)
    const words = ['-strict', '-schema-location', schemas, ...files]
    sample.checkOne.push(secondsOf(peers.kubeconform, ['-n', '1', ...words]))
    sample.check.push(secondsOf(peers.kubeconform, words))
  }
  const text = readFileSync(changed, 'utf8')
  writeFileSync(changed, text.replace(/seed: \d+/, `seed: ${1_000_000 + round}`))
  sample.again.push(compile().seconds)
}

function secondsOf(program: string, words: readonly string[]): number {
  const began = performance.now()
  execFileSync(program, [...words], { stdio: 'ignore' })
  return (performance.now() - began) / 1000
}

function jobFiles(tree: string): readonly string[] {
  const folders = readdirSync(join(tree, 'environments'), { recursive: true, encoding: 'utf8' })
  return folders
    .filter((path) => dirname(path).endsWith('/jobs') && path.endsWith('.yaml'))
    .map((path) => join(tree, 'environments', path))
}

function rowsOf({ specs }: WholeOptions, { cold, again, rss, checkOne, check, write }: Sample): readonly Row[] {
  const whole = { metric: `specyard compile --to, ${specs} specs`, unit: 's', better: 'less' } as const
  const ours = median(cold)
  const of = (values: readonly number[]): number | null => (values.length === 0 ? null : median(values))
  return [
    row({ ...whole, ours, peer: { name: `kubeconform -n 1 checking ${specs} Jobs`, value: of(checkOne) }, goal: 1 }),
    row({ ...whole, ours, peer: { name: 'the same, four at a time', value: of(check) }, goal: 1 }),
    row({ ...whole, ours, limit: median(write), goal: 1 / 1.6 }),
    row({ metric: `memory of it, ${specs} specs`, unit: 'MB', better: 'less', ours: median(rss), bound: 100 }),
    row({
      metric: `the same after one changed file, ${specs} specs`,
      unit: 's',
      better: 'less',
      ours: median(again),
      peer: { name: 'the cold run', value: ours },
      goal: 20,
    }),
  ]
}
