import { join } from 'node:path'
import type { Kubernetes } from '../base/kubernetes.ts'
import { answersWell, freePort } from '../base/ports.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import { applyFolder } from './argocd.ts'
import { kubeconfigOf } from './credentials.ts'

/*
 * KubeRay's operator as its module has it, outside the cluster. It asks the servers of Ray by way of the API server: no kube-proxy leads from here to
 * their Services.
 */

/** @param kuberay the folder of the built tool */
export async function startKuberay(bed: string, kuberay: string, kubernetes: Kubernetes): Promise<void> {
  await applyFolder(kubernetes, join(kuberay, 'share', 'crds'))
  const [health, metrics] = [await freePort(), await freePort()]
  const record = startProgram(bed, {
    name: 'kuberay',
    command: join(kuberay, 'bin', 'ray-operator'),
    arguments: [
      '--enable-leader-election=false',
      `--health-probe-bind-address=127.0.0.1:${health}`,
      `--metrics-addr=127.0.0.1:${metrics}`,
      '--use-kubernetes-proxy',
    ],
    environment: { KUBECONFIG: kubeconfigOf(bed, 'kuberay') },
  })
  await untilUp(record, () => answersWell(`http://127.0.0.1:${health}/readyz`), { seconds: 60 })
}
