import { type EndpointKey, labels } from '../../../domain/names.ts'
import { type ServerLog, serverLogPodsMax } from '../../../domain/server-log.ts'
import type { Api } from './api/api.ts'
import { ApiError } from './api/api-error.ts'
import type { Logs } from './logs.ts'
import type { ApiObject, ApiPod } from './projection/api-object.ts'
import { podOf } from './projection/pod.ts'
import { endpointChart, endpointLabels } from './projection/serving/labels.ts'

/** Of a release there are a handful, and of an autoscaled one no more than an answer could hold. */
const podsReadMax = 500

/**
 * The last lines of an endpoint's pods, the newest pods first. They are asked for and not followed. Needs what is needed anyway: to list pods, and
 * to get their logs.
 * @throws ApiError when the pods cannot be listed; a log that cannot be had is told with its pod
 */
export async function readServerLogs(
  { api, logs }: { readonly api: Api; readonly logs: Logs },
  namespace: string,
  { environment, project, name }: EndpointKey,
  lines: number,
): Promise<readonly ServerLog[]> {
  const selector = [
    `${endpointLabels.chart}=${endpointChart}`,
    `${endpointLabels.environment}=${environment}`,
    `${labels.project}=${project}`,
    // The candidate's objects have a name of their own.
    `${endpointLabels.name} in (${name},${name}-candidate)`,
  ].join(',')
  const query = new URLSearchParams({ labelSelector: selector, limit: String(podsReadMax) })
  const list = await api.json({ path: `/api/v1/namespaces/${namespace}/pods?${query}` })
  const { items = [] } = list as { readonly items?: readonly ApiObject[] }
  // One of an endpoint that is called so has the name of our candidate.
  const own = items.filter((one) => {
    const given = (one as ApiPod).metadata?.labels ?? {}
    return given[endpointLabels.name] === name || given[endpointLabels.track] === 'candidate'
  })
  const newest = [...own].sort((left, right) => createdAt(right).localeCompare(createdAt(left)))
  return Promise.all(
    newest.slice(0, serverLogPodsMax).map(async (object): Promise<ServerLog> => {
      const pod = podOf(object, { runId: '', attempt: 0 })
      const isCandidate = (object as ApiPod).metadata?.labels?.[endpointLabels.track] === 'candidate'
      const about = { pod: pod.name, track: isCandidate ? 'candidate' : 'stable' } as const
      try {
        return { ...about, lines: await logs.tail(pod, lines), trouble: null }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        return { ...about, lines: [], trouble: error.message }
      }
    }),
  )
}

function createdAt(object: ApiObject): string {
  return (object as ApiPod).metadata?.creationTimestamp ?? ''
}
