import { BatchV1Api, CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node'
import { memory } from './memory.ts'

// Follows the same with the client library's informer: informer-once.js <kubeconfig> <namespace>
const [kubeconfig = '', namespace = ''] = process.argv.slice(2)
const before = memory()
const from = performance.now()
const config = new KubeConfig()
config.loadFromFile(kubeconfig)
const labelSelector = 'app=trainer,job-id'
const [batch, core] = [config.makeApiClient(BatchV1Api), config.makeApiClient(CoreV1Api)]
const jobs = makeInformer(
  config,
  `/apis/batch/v1/namespaces/${namespace}/jobs`,
  () => batch.listNamespacedJob({ namespace, labelSelector }),
  labelSelector,
)
const pods = makeInformer(
  config,
  `/api/v1/namespaces/${namespace}/pods`,
  () => core.listNamespacedPod({ namespace, labelSelector }),
  labelSelector,
)
await Promise.all([jobs.start(), pods.start()])
const firstLookSeconds = (performance.now() - from) / 1000
// With the start of the process and the loading of its libraries.
const sinceStartSeconds = performance.now() / 1000
const counts = { jobs: jobs.list().length, pods: pods.list().length }
process.stdout.write(`${JSON.stringify({ ...counts, firstLookSeconds, sinceStartSeconds, before, first: memory() })}\n`)
process.exit(0)
