import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { attach, makeNamespace, removeNamespace } from '../../cluster/support/cluster.ts'
import { fill } from './fill.ts'

/*
 * What following a cluster of many running trainings costs: node --import tsx test/bench/following/following.ts <folder of a test bed> [trainings]
 * Ours beside the client library's informer, each in a process of its own, of built programs: a compiler in memory would count too.
 */

const [folder = '', trainings = '10000'] = process.argv.slice(2)
const root = join(import.meta.dirname, '..', '..', '..')
// Beside the modules that the programs import.
const built = join(root, 'node_modules', '.cache', 'following')
mkdirSync(built, { recursive: true })
const programs = ['source-once', 'informer-once']
await build({
  entryPoints: programs.map((name) => join(import.meta.dirname, `${name}.ts`)),
  outdir: built,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
})
const cluster = attach(folder)
const namespace = await makeNamespace(cluster, 'bench')
try {
  const from = performance.now()
  await fill(cluster, namespace, Number(trainings))
  process.stdout.write(`${trainings} trainings are there after ${Math.round((performance.now() - from) / 1000)} s\n`)
  for (const name of programs) {
    const told = execFileSync(process.execPath, [join(built, `${name}.mjs`), cluster.kubeconfig, namespace])
    process.stdout.write(`${name}: ${told.toString()}`)
  }
} finally {
  await removeNamespace(cluster, namespace)
  rmSync(built, { recursive: true, force: true })
}
process.exit(0)
