// A process that hosts a local cluster, to be killed: test/support/local.ts starts it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalCluster } from '../../local/cluster.ts'

const folder = process.argv[2] ?? '.'
const { files, keeperProgram } = JSON.parse(readFileSync(join(folder, 'host.json'), 'utf8')) as {
  files: Record<string, string>
  keeperProgram: readonly string[]
}
const cluster = openLocalCluster({
  root: folder,
  stateFolder: join(folder, 'state'),
  environments: ['dev'],
  deploy: {
    head: async () => 'c'.repeat(40),
    read: async () => ({ commit: 'c'.repeat(40), files: new Map(Object.entries(files)), drifted: [] }),
  },
  keeperProgram,
  backendUrl: 'http://127.0.0.1:1',
  path: '/usr/bin:/bin',
  now: () => new Date(),
  log: ({ message }) => process.stderr.write(`${message}\n`),
})
await cluster.start()
process.stdout.write('started\n')
