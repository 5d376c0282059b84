import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Ran {
  readonly seconds: number
  /** The most that was resident, bytes. */
  readonly rss: number
  readonly stdout: string
}

/** Says at its end how much memory a process of Node has used at most. */
const witness = `process.on('exit', () => require('node:fs').writeFileSync(process.env.BENCH_MEMORY, String(process.resourceUsage().maxRSS)))`

/**
 * Runs a program of Node as people run it, with nothing in its environment but PATH and a home.
 * @param words `node` and its arguments
 * @throws Error when it fails
 */
export function runProgram([node = '', ...words]: readonly string[], home: string): Ran {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  try {
    const [script, memory] = [join(folder, 'witness.cjs'), join(folder, 'memory')]
    writeFileSync(script, witness)
    const env = { PATH: process.env['PATH'], HOME: home, BENCH_MEMORY: memory }
    const began = performance.now()
    const ended = spawnSync(node, ['--require', script, ...words], { encoding: 'utf8', env, maxBuffer: 2 ** 28 })
    const seconds = (performance.now() - began) / 1000
    if (ended.status !== 0) throw new Error(`${words.join(' ')} failed:\n${ended.stderr}${ended.stdout}`)
    return { seconds, rss: Number(readFileSync(memory, 'utf8')) * 1024, stdout: ended.stdout }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
