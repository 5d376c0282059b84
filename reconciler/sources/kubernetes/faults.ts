import { Fault } from '../../../domain/fault.ts'
import { ApiError } from './api/api-error.ts'

/**
 * What a failed request means to who asked.
 * @param what it was for, e.g. `reading jobs in ml-language`
 */
export function clusterFault(error: unknown, what: string, server: string): Fault {
  if (error instanceof Fault) return error
  const told = error instanceof ApiError ? error : undefined
  const message = told?.message ?? (error instanceof Error ? error.message : String(error))
  if (told?.status == null || told.status === 429 || told.status >= 500) {
    return new Fault(
      'CLUSTER_UNREACHABLE',
      `${what}: the API server ${server} does not answer as it should: ${message}`,
      {
        retry: 'soon',
        hint: 'check the cluster, and that this machine reaches its API server',
        cause: error,
      },
    )
  }
  const forbidden = told.status === 401 || told.status === 403
  return new Fault('CLUSTER_REFUSED', `${what}: the API server ${server} refused (${told.status}): ${message}`, {
    retry: 'later',
    hint: forbidden
      ? 'give the identity of the kubeconfig the rule that is named here'
      : 'check that what it names is there',
    cause: error,
  })
}
