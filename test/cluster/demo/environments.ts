import { parseAllDocuments, stringify } from 'yaml'
import type { Cluster } from '../support/cluster.ts'

/*
 * The worked example's Environments on this cluster. Everything else of the example is published as it stands: what differs by place stands in
 * this one file, and so it is the one that is changed.
 */

export const project = 'language'
export const storageClaim = 'storage'

const canaryIngress = { host: 'ml.dev.example.com', className: 'nginx', controller: 'ingress-nginx' }

export function namespaceOf(environment: string): string {
  return `${environment}-${project}`
}

interface Environment {
  readonly metadata: { readonly name: string }
  readonly spec: Readonly<Record<string, unknown>>
}

/**
 * @param example text of `specs/environments.yaml`
 * @param callback where pods reach the API
 * @returns the same environments with the same offers, in namespaces of this cluster, with images and storage that are here
 */
export function environmentsHere(example: string, cluster: Cluster, callback: string): string {
  const documents = parseAllDocuments(example).map((document) => document.toJS() as Environment)
  return documents.map((one) => stringify({ ...one, spec: specHere(one, cluster, callback) })).join('---\n')
}

export function environmentNames(example: string): readonly string[] {
  return parseAllDocuments(example).map((document) => (document.toJS() as Environment).metadata.name)
}

function specHere({ metadata, spec }: Environment, cluster: Cluster, callback: string) {
  const namespaces = { [project]: namespaceOf(metadata.name) }
  return {
    ...spec,
    cluster: { kubernetes: { context: cluster.context, namespaces } },
    callback: { url: callback },
    // Of an endpoint that rolls out as a canary. Nobody plays ingress-nginx here: callers come through a port that is forwarded.
    ...(spec['ingress'] === undefined && { ingress: canaryIngress }),
    // What is trained on simulated GPUs stores nothing, whatever the address.
    ...(spec['queues'] === undefined && { storage: { type: 'pvc', claim: storageClaim } }),
    ...(cluster.node && {
      lease: { image: cluster.node.images.busybox },
      // One image here has the whole example in it, trainer and server.
      images: {
        'ghcr.io/example/handbook-trainer': cluster.node.images.trainer,
        'ghcr.io/example/handbook-api': cluster.node.images.trainer,
      },
    }),
  }
}
