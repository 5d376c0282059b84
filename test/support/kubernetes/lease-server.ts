import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * A FAKE of the one endpoint by which processes choose one that leads: a Lease that is read, created and replaced under its resourceVersion. What
 * it does not do: access control, validation, any other object. test/cluster/leadership/ tries the same against a real API server.
 */

export interface LeaseObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string }
  readonly spec: {
    readonly holderIdentity: string
    readonly leaseDurationSeconds?: number
    readonly renewTime?: string
    readonly acquireTime?: string
    readonly leaseTransitions?: number
  }
}

/** What becomes of a request instead of its answer: it is never answered, or refused with a status. */
export type Mischief = 'silence' | number

export interface LeaseServer {
  /** Path of a kubeconfig. */
  readonly kubeconfig: string
  /** The Lease as it is now. */
  lease(): LeaseObject | undefined
  /** Writes the Lease as another process would. */
  put(spec: LeaseObject['spec']): void
  /** Asked for each request; undefined lets it through. */
  meddle(mischief: ((method: string) => Mischief | undefined) | undefined): void
  /** Methods of the requests that came, oldest first. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

export const leaseName = { namespace: 'specyard', name: 'reconciler' }

export async function startLeaseServer(): Promise<LeaseServer> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-lease-'))
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${leaseName.namespace}/leases`
  const requests: string[] = []
  let lease: LeaseObject | undefined
  let version = 0
  let mischief: ((method: string) => Mischief | undefined) | undefined
  const keep = ({ spec }: Pick<LeaseObject, 'spec'>): LeaseObject => {
    version += 1
    lease = { metadata: { ...leaseName, resourceVersion: String(version) }, spec }
    return lease
  }
  const answer = (method: string, path: string, given: LeaseObject | undefined, response: ServerResponse): void => {
    if (method === 'POST' && path === collection && given)
      return lease ? refuse(response, 409) : reply(response, 201, keep(given))
    if (!lease || path !== `${collection}/${leaseName.name}`) return refuse(response, 404)
    if (method === 'GET') return reply(response, 200, lease)
    if (given?.metadata.resourceVersion !== lease.metadata.resourceVersion) return refuse(response, 409)
    reply(response, 200, keep(given as LeaseObject))
  }
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      requests.push(method)
      const wanted = mischief?.(method)
      if (wanted === 'silence') return
      if (wanted !== undefined) return refuse(response, wanted)
      answer(method, url, text === '' ? undefined : (JSON.parse(text) as LeaseObject), response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const kubeconfig = join(folder, 'kubeconfig.json')
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigFor(`http://127.0.0.1:${port}`)))
  return {
    ...{ kubeconfig, requests },
    lease: () => lease,
    put: (spec) => void keep({ spec }),
    meddle: (wanted) => {
      mischief = wanted
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function kubeconfigFor(server: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    // The client speaks plain HTTP only to a server that is marked so.
    clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: {} }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    'current-context': 'fake',
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, status: number): void {
  reply(response, status, { kind: 'Status', status: 'Failure', code: status, message: `refused with ${status}` })
}
