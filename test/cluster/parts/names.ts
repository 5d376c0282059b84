import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Network } from '../base/network.ts'
import { answersWell, freePort } from '../base/ports.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import { context, kubeconfigOf } from './credentials.ts'

/*
 * CoreDNS for the pods of the real node: they find each other through a headless Service, as in any cluster. It knows no other names,
 * and there is no kube-proxy: the address of a Service that has one leads nowhere.
 */

/** What Service names end with. */
export const clusterDomain = 'cluster.local'

/** @param bin the folder of the program */
export async function startNames(bed: string, bin: string, { host }: Network): Promise<void> {
  const health = await freePort(host)
  const corefile = join(bed, 'Corefile')
  writeFileSync(
    corefile,
    `${clusterDomain}:53 {
  bind ${host}
  ready ${host}:${health}
  errors
  kubernetes ${clusterDomain} {
    kubeconfig ${kubeconfigOf(bed, 'coredns')} ${context}
    ttl 0
  }
}
`,
  )
  const record = startProgram(bed, { name: 'coredns', command: join(bin, 'coredns'), arguments: ['-conf', corefile] })
  await untilUp(record, () => answersWell(`http://${host}:${health}/ready`), { seconds: 30 })
}
