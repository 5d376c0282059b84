import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildProgram } from '../../support/main-job/program.ts'
import { median, type Row, row } from '../report.ts'
import type { Peers } from './peers.ts'
import { writeRepository } from './repository.ts'
import { runProgram } from './run.ts'

/** `specyard check` of a repository with one training, from the start of the process to its end, with nothing remembered. */
export async function measureStart(options: {
  readonly folder: string
  readonly rounds: number
  readonly peers: Peers | null
  readonly chart: string
  readonly values: string
}): Promise<readonly Row[]> {
  const { folder, rounds, peers, chart, values } = options
  const repository = join(folder, 'one-spec')
  await writeRepository(repository, 1)
  const program = buildProgram()
  const home = join(folder, 'home')
  const seen = { ours: [] as number[], node: [] as number[], helm: [] as number[] }
  try {
    for (let round = 0; round < rounds; round += 1) {
      rmSync(home, { recursive: true, force: true })
      mkdirSync(home)
      seen.ours.push(runProgram([...program.words, '--directory', repository, 'check'], home).seconds * 1000)
      seen.node.push(runProgram([process.execPath, '-e', '0'], home).seconds * 1000)
      if (peers === null) continue
      const began = performance.now()
      execFileSync(peers.helm, ['template', 'bench', chart, '--values', values], { stdio: 'ignore' })
      seen.helm.push(performance.now() - began)
    }
  } finally {
    program.remove()
    rmSync(repository, { recursive: true, force: true })
  }
  const base = { metric: 'specyard check, one spec', unit: 'ms', better: 'less', ours: median(seen.ours) } as const
  const helm = seen.helm.length === 0 ? null : median(seen.helm)
  return [
    row({ ...base, peer: { name: 'node -e 0', value: median(seen.node) }, goal: 1 / 1.6 }),
    row({ ...base, peer: { name: 'helm template', value: helm }, goal: 1 / 2 }),
  ]
}
