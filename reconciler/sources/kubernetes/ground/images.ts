import { ApiError } from '../api/api-error.ts'
import type { Api } from '../api/api.ts'
import { type Finding, ok, problem, unknown } from './finding.ts'

const nodesMost = 500

interface Nodes {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string }
    readonly status?: {
      readonly conditions?: readonly { readonly type?: string; readonly status?: string }[]
      readonly images?: readonly { readonly names?: readonly string[] }[]
    }
  }[]
}

/**
 * Whether there is a node that can run a pod, and one that has the image by which a training asks for its lease. An image that no node has is
 * pulled when the first training comes; whether that works shows then.
 * @throws ApiError where the API server does not answer
 */
export async function checkImages(api: Pick<Api, 'json'>, images: readonly string[]): Promise<readonly Finding[]> {
  let nodes: Nodes
  try {
    nodes = (await api.json({ path: `/api/v1/nodes?limit=${nodesMost}` })) as Nodes
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 403)) throw error
    return [unknown(`nodes: this identity may not list them; whether one has ${images.join(', ')} is not seen`)]
  }
  const ready = (nodes.items ?? []).filter(({ status }) =>
    status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  )
  if (ready.length === 0) return [problem('no node of the cluster is Ready', 'look at kubectl get nodes')]
  return [
    ok(`${ready.length} ${ready.length === 1 ? 'node is' : 'nodes are'} Ready`),
    ...images.map((image) => {
      const has = ready.filter(({ status }) =>
        status?.images?.some(({ names }) => names?.some((one) => isSame(one, image))),
      )
      return has.length > 0
        ? ok(`the image of the lease's init container is on ${has.length} of them: ${image}`)
        : unknown(`the image of the lease's init container is on no node yet: ${image} is pulled when a training comes`)
    }),
  ]
}

/** A runtime calls an image by its digest, its tag, or both. */
function isSame(one: string, other: string): boolean {
  const digest = /@(sha256:[0-9a-f]{64})$/
  const [left, right] = [digest.exec(one)?.[1], digest.exec(other)?.[1]]
  return one === other || (left !== undefined && left === right)
}
