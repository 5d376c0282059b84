import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import type { Kubernetes, KubernetesObject } from '../base/kubernetes.ts'
import { accepts, freePort } from '../base/ports.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import { applyFolder } from './argocd.ts'
import { type Certificate, kubeconfigOf, selfSigned } from './credentials.ts'

/*
 * KServe's controller of InferenceServices, outside the cluster: its webhooks are registered by URL instead of by Service. The one for pods is left out,
 * which fetches models; and so are Knative, Istio and routes of its own.
 */

const namespace = 'kserve'

/** @param kserve the folder of the built tool */
export async function startKserve(bed: string, kserve: string, kubernetes: Kubernetes): Promise<void> {
  const folder = join(bed, 'kserve')
  mkdirSync(folder)
  const certificate = await selfSigned(join(folder, 'certificates'), 'kserve')
  const share = join(kserve, 'share')
  await applyFolder(kubernetes, join(share, 'crds'))
  for (const name of readdirSync(join(share, 'crds'), { withFileTypes: true }))
    if (name.isDirectory()) await applyFolder(kubernetes, join(share, 'crds', name.name))
  await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await kubernetes.apply(settings(join(share, 'settings.yaml')))
  const port = await freePort()
  const record = startProgram(bed, {
    name: 'kserve',
    command: join(kserve, 'bin', 'kserve'),
    arguments: [
      `--kubeconfig=${kubeconfigOf(bed, 'kserve')}`,
      `--cert-dir=${join(folder, 'certificates')}`,
      `--webhook-port=${port}`,
    ],
  })
  await untilUp(record, () => accepts(port), { seconds: 60 })
  for (const one of webhooks(join(share, 'webhooks.yaml'), port, certificate)) await kubernetes.apply(one)
}

/** KServe's own settings, with Deployments as the usual mode and without an ingress of its own. */
function settings(file: string): KubernetesObject {
  const own = parse(readFileSync(file, 'utf8')) as KubernetesObject & { readonly data: Record<string, string> }
  const { _example: _left, ...data } = own.data
  const ingress = JSON.parse(data['ingress'] ?? '{}') as object
  const changed = { ...ingress, disableIstioVirtualHost: true, disableIngressCreation: true, enableGatewayApi: false }
  return {
    ...own,
    data: {
      ...data,
      deploy: JSON.stringify({ defaultDeploymentMode: 'Standard' }),
      ingress: JSON.stringify(changed),
    },
  }
}

interface Webhook {
  readonly name: string
  readonly clientConfig: { readonly service: { readonly path: string } }
}

function webhooks(file: string, port: number, { certificate }: Certificate): readonly KubernetesObject[] {
  const caBundle = readFileSync(certificate).toString('base64')
  const objects = parseAllDocuments(readFileSync(file, 'utf8')).map((one) => one.toJS() as KubernetesObject | null)
  return objects
    .filter((one) => one !== null)
    .filter(({ metadata }) => metadata.name === 'inferenceservice.serving.kserve.io')
    .map((one) => ({
      ...one,
      webhooks: (one['webhooks'] as readonly Webhook[])
        .filter(({ name }) => !name.endsWith('.pod-mutator'))
        .map((webhook) => ({
          ...webhook,
          clientConfig: { url: `https://127.0.0.1:${port}${webhook.clientConfig.service.path}`, caBundle },
        })),
    }))
}
