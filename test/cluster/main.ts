import { type Bed, findBeds, readBed } from './bed.ts'
import { buildPrograms, type StartedBed, startBed } from './cluster.ts'
import { describeDemo, runDemo } from './demo/demo.ts'
import { demandServices } from './demo/specyard.ts'
import { tearDown } from './teardown.ts'

/*
 * A cluster to look at, and one that several runs of the tests share; with the worked example on it, if wanted.
 */

const usage = `npm run cluster                        starts a cluster, prints its kubeconfig and takes it away on Ctrl-C
npm run cluster -- --demo              trains and serves the worked example on it, with Specyard and Argo CD
npm run cluster -- --detach            leaves it running and returns; with --demo too, when the example is trained
npm run cluster -- --stop              takes away what --detach has left
npm run cluster -- --build             builds the programs that a cluster is made of, and starts none
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

/** Aborted at the first sign that somebody wants it to end. */
function askedToEnd(): AbortSignal {
  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => asked.abort())
  // Signals alone keep no process alive.
  setInterval(() => {}, 60_000)
  return asked.signal
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

interface Wishes {
  readonly demo: boolean
}

async function start({ demo }: Wishes): Promise<void> {
  if (demo) demandServices()
  print('a cluster of your own: etcd, Kubernetes, Argo CD, Kueue, kwok, a Git server, and a real node for root')
  const asked = askedToEnd()
  const { bed, stop } = await startBed({ say: print })
  try {
    if (demo) await runDemo(bed, print, asked)
    if (!asked.aborted) await tell(bed)
    print('to stop it:     Ctrl-C')
    await untilAborted(asked)
    print('takes it away')
  } finally {
    await stop()
  }
}

async function tell(bed: Bed): Promise<void> {
  describe(bed)
  await describeDemo(bed, print)
  print('')
}

async function detach({ demo }: Wishes): Promise<void> {
  if (demo) demandServices()
  const kept = findBeds().find(({ state }) => state === 'kept')
  const running = kept && readBed(kept.folder)
  const started: StartedBed | undefined = running ? undefined : await startBed({ say: print, isKept: true })
  const bed = running ?? started?.bed
  if (bed === undefined) return
  const asked = demo ? askedToEnd() : undefined
  try {
    if (asked) await runDemo(bed, print, asked)
    if (asked?.aborted) throw new Error('stopped before the worked example was trained')
  } catch (error) {
    // What was there before stays; what began for this goes.
    await started?.stop()
    throw error
  }
  await tell(bed)
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

const actions: Readonly<Record<string, () => Promise<void>>> = {
  '': () => start({ demo: false }),
  '--demo': () => start({ demo: true }),
  '--detach': () => detach({ demo: false }),
  '--demo --detach': () => detach({ demo: true }),
  '--stop': stop,
  '--build': () => buildPrograms(print),
}
const words = process.argv.slice(2)
const action = actions[[...words].sort().join(' ')]
if (action === undefined) {
  process.stderr.write(`"${words.join(' ')}" is not among what this command can do:\n${usage}`)
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
