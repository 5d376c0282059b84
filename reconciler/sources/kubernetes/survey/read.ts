import type { ApiError } from '../api/api-error.ts'
import { type Api, unanswered } from '../api/api.ts'
import { clusterFault } from '../faults.ts'
import { listAll } from '../watch/list.ts'
import type { Collection } from '../watch/mirror.ts'
import { servedPath } from '../watch/served-path.ts'
import type { Incomplete } from '../../../observed/cluster.ts'

/** What was read of a collection; `absent` where the cluster does not know the kind. */
export interface ReadCollection<T> {
  readonly values: readonly T[]
  readonly absent: boolean
  /** Why it could not be read, where the API server refused it. */
  readonly refused: Incomplete | null
}

/**
 * Lists a collection once. What is refused is told and not thrown: the rest can still be looked at.
 * @throws Fault CLUSTER_UNREACHABLE where the API server does not answer
 */
export async function readCollection<T>(
  api: Api,
  { name, path, selector, project }: Collection<T>,
  signal: AbortSignal,
): Promise<ReadCollection<T>> {
  let values: T[] = []
  try {
    const served = typeof path === 'string' ? path : await servedPath(api, path, signal)
    await listAll(
      api,
      served,
      selector,
      (objects, first) => {
        if (first) values = []
        for (const object of objects) {
          const value = project(object)
          if (value !== undefined) values.push(value)
        }
      },
      signal,
    )
    return { values, absent: false, refused: null }
  } catch (caught) {
    const error = unanswered(caught)
    if (error.status === 404 && typeof path !== 'string') return { values: [], absent: true, refused: null }
    return { values: [], absent: false, refused: refusedBy(error, name, 'list', api.server) }
  }
}

/** @throws Fault CLUSTER_UNREACHABLE for anything but a refusal */
export function refusedBy(error: ApiError, what: string, verb: string, server: string): Incomplete {
  const isRefusal = error.status === 403 || error.status === 404
  if (!isRefusal) throw clusterFault(error, `reading ${what}`, server)
  const [resource = what, place] = what.split(' in ')
  const remedy =
    error.status === 403
      ? `allow this identity to ${verb} ${resource}${place ? ` in namespace ${place}` : ''}: docs/observe.md has the whole Role. Or name the namespaces that you mean with --namespace`
      : 'check the name of the namespace'
  return { what, why: error.message, remedy }
}
