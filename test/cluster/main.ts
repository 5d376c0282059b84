import { type Bed, findBeds, readBed } from './bed.ts'
import { startBed } from './cluster.ts'
import { tearDown } from './teardown.ts'

/*
 * A cluster to look at, and one that several runs of the tests share.
 */

const usage = `npm run cluster                starts a cluster, prints its kubeconfig and takes it away on Ctrl-C
npm run cluster -- --detach    leaves it running and returns
npm run cluster -- --stop      takes away what --detach has left
`

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function describe(bed: Bed): void {
  print('')
  print(`export KUBECONFIG=${bed.kubeconfig}`)
  print(`export SPECYARD_CLUSTER=${bed.folder}   # npm run test:cluster uses this one and starts none of its own`)
  print(`alias kubectl=${bed.programs.kubectl}`)
  print('')
  print(`Git over HTTP:  ${bed.git.url}/<name>.git   (repositories in ${bed.git.folder}: git init --bare)`)
  if (bed.node !== null) print(`images:         ${bed.node.images.trainer}\n                ${bed.node.images.busybox}`)
  print(`logs:           ${bed.folder}/logs`)
}

/** Resolves at the first sign that somebody wants it to end. */
function untilAskedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
    // Signals alone keep no process alive.
    setInterval(() => {}, 60_000)
  })
}

async function start(): Promise<void> {
  print('a cluster of your own: etcd, Kubernetes, Argo CD, Kueue, kwok, a Git server, and a real node for root')
  const asked = untilAskedToEnd()
  const { bed, stop } = await startBed({ say: print })
  describe(bed)
  print('to stop it:     Ctrl-C')
  await asked
  print('takes it away')
  await stop()
}

async function detach(): Promise<void> {
  const kept = findBeds().find(({ state }) => state === 'kept')
  const running = kept && readBed(kept.folder)
  describe(running ?? (await startBed({ say: print, isKept: true })).bed)
  print('to stop it:     npm run cluster -- --stop')
}

async function stop(): Promise<void> {
  const kept = findBeds().filter(({ state }) => state === 'kept')
  if (kept.length === 0) print('no cluster is running that --detach has left')
  for (const { folder } of kept) {
    await tearDown(folder)
    print(`took away ${folder}`)
  }
}

const actions: Readonly<Record<string, () => Promise<void>>> = { '': start, '--detach': detach, '--stop': stop }
const words = process.argv.slice(2).join(' ')
const action = actions[words]
if (action === undefined) {
  process.stderr.write(`"${words}" is not among what this command can do:\n${usage}`)
  process.exitCode = 2
} else {
  await action().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      process.exit(3)
    },
  )
}
