import { connectKubernetes } from '../../../reconciler/sources/kubernetes/connect.ts'
import { isFault } from '../../../domain/fault.ts'
import type { ClusterView } from '../../../domain/observation.ts'
import { memory } from './memory.ts'

const firstViewSecondsMax = 300

// Follows a namespace as the reconciler does: source-once.js <kubeconfig> <namespace>
const [kubeconfig = '', namespace = ''] = process.argv.slice(2)
const before = memory()
const from = performance.now()
const { source, staleness, close } = await connectKubernetes({
  environment: 'bench',
  kubeconfig,
  context: null,
  namespaces: { bench: namespace },
  argocdNamespace: null,
  now: () => new Date(),
  log: ({ message }) => void process.stderr.write(`${message}\n`),
  // A full list again and again, as it happens every ten minutes.
  times: { relistMilliseconds: 1000, watchSeconds: 2 },
})
/** Where not all is known in the time that one look waits, the reconciler looks again; so does this. */
async function firstView(): Promise<ClusterView> {
  for (;;) {
    try {
      return await source.view('bench')
    } catch (error) {
      if (!isFault(error, 'CLUSTER_UNREACHABLE') || performance.now() > firstViewSecondsMax * 1000) throw error
    }
  }
}

const { jobs, pods, leases } = await firstView()
const firstLookSeconds = (performance.now() - from) / 1000
// With the start of the process and the loading of its libraries.
const sinceStartSeconds = performance.now() / 1000
const first = memory()
const looked = performance.now()
await source.view('bench')
const lookSeconds = (performance.now() - looked) / 1000
const lists = (): number =>
  Math.min(...staleness().flatMap((one) => (/^(jobs|pods) in/.test(one.name) ? [one.lists] : [])))
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    if (lists() < 5) return
    clearInterval(timer)
    resolve()
  }, 50)
})
const counts = { jobs: jobs.length, pods: pods.length, leases: leases.length }
process.stdout.write(
  `${JSON.stringify({ ...counts, firstLookSeconds, sinceStartSeconds, lookSeconds, before, first, afterFourMoreLists: memory() })}\n`,
)
await close()
