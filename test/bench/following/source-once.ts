import { connectKubernetes } from '../../../reconciler/sources/kubernetes/connect.ts'
import { memory } from './memory.ts'

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
const { jobs, pods, leases } = await source.view('bench')
const firstLookSeconds = (performance.now() - from) / 1000
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
  `${JSON.stringify({ ...counts, firstLookSeconds, lookSeconds, before, first, afterFourMoreLists: memory() })}\n`,
)
await close()
