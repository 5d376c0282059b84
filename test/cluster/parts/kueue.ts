import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { Kubernetes, KubernetesObject } from '../base/kubernetes.ts'
import { answersWell, freePort } from '../base/ports.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import { applyFolder } from './argocd.ts'
import { type Certificate, kubeconfigOf, selfSigned } from './credentials.ts'

/*
 * Kueue's manager, outside the cluster: its webhooks are registered by URL instead of by Service.
 */

const namespace = 'kueue-system'
/** Whose webhooks are registered. Those for pods and other kinds would stand in the way of everything that is not Kueue's matter. */
const kinds = ['job', 'clusterqueue', 'resourceflavor', 'workload', 'cohort']

/** @param kueue the folder of the built tool */
export async function startKueue(bed: string, kueue: string, kubernetes: Kubernetes): Promise<void> {
  const folder = join(bed, 'kueue')
  mkdirSync(folder)
  const certificate = await selfSigned(join(folder, 'certificates'), 'kueue')
  const [webhooks, health, metrics] = [await freePort(), await freePort(), await freePort()]
  await applyFolder(kubernetes, join(kueue, 'share', 'crds'))
  await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  const config = join(folder, 'config.json')
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: 'config.kueue.x-k8s.io/v1beta1',
      kind: 'Configuration',
      namespace,
      health: { healthProbeBindAddress: `127.0.0.1:${health}` },
      metrics: { bindAddress: `127.0.0.1:${metrics}` },
      webhook: { host: '127.0.0.1', port: webhooks, certDir: join(folder, 'certificates') },
      leaderElection: { leaderElect: false },
      internalCertManagement: { enable: false },
      clientConnection: { qps: 50, burst: 100 },
      integrations: { frameworks: ['batch/job'] },
    }),
  )
  const record = startProgram(bed, {
    name: 'kueue',
    command: join(kueue, 'bin', 'kueue'),
    // On demand visibility is an API server of its own, on another port.
    arguments: [`--config=${config}`, '--feature-gates=VisibilityOnDemand=false'],
    environment: { KUBECONFIG: kubeconfigOf(bed, 'kueue') },
  })
  await untilUp(record, () => answersWell(`http://127.0.0.1:${health}/readyz`), { seconds: 60 })
  for (const configuration of webhookConfigurations(kueue, webhooks, certificate)) await kubernetes.apply(configuration)
}

interface Webhook {
  readonly name: string
  readonly clientConfig: { readonly service: { readonly path: string } }
}

function webhookConfigurations(kueue: string, port: number, { certificate }: Certificate): readonly KubernetesObject[] {
  const caBundle = readFileSync(certificate).toString('base64')
  const text = readFileSync(join(kueue, 'share', 'webhooks.yaml'), 'utf8')
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject | null)
  return objects
    .filter((object) => object !== null)
    .map((object) => ({
      ...object,
      metadata: { name: `kueue-${object.metadata.name}` },
      webhooks: (object['webhooks'] as readonly Webhook[])
        // mjob.kb.io changes Jobs, vjob.kb.io validates them.
        .filter(({ name }) => kinds.includes(name.split('.')[0]?.slice(1) ?? ''))
        .map((webhook) => ({
          ...webhook,
          clientConfig: { url: `https://127.0.0.1:${port}${webhook.clientConfig.service.path}`, caBundle },
        })),
    }))
}
