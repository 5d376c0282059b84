import { z } from 'zod'
import type { Deployment } from '../../domain/deployment.ts'
import { keyText } from '../../domain/names.ts'
import { type App, refusals } from '../app.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts, ServerLogs } from '../ports.ts'

const name = z.string().max(100)
const params = z.object({ environment: name, project: name, name })
const podLog = z.object({
  pod: z.string(),
  track: z.enum(['stable', 'candidate']),
  lines: z.array(z.string()).describe('oldest first'),
  trouble: z.string().nullable().describe('why its log cannot be had now'),
})
const answer = z.object({
  source: z.enum(['cluster', 'none']).describe('`none`: no cluster is connected to this process that could be asked'),
  pods: z.array(podLog).describe('the newest first, at most ten'),
})

/** A longer line is cut, for people and for the size of an answer. */
const lineCharactersMax = 4000
const linesOfDeployment = 100

/** What the servers of an endpoint said last: asked of their cluster now, and kept nowhere. */
export function serverLogRoutes(app: App, ports: Pick<ApiPorts, 'records' | 'serverLogs'>): void {
  app.get(
    '/v1/endpoints/:environment/:project/:name/logs',
    {
      schema: {
        ...{ tags: ['serving'], summary: 'The last log lines of each pod of an endpoint', params },
        querystring: z.strictObject({
          tail: z.coerce.number().int().min(1).max(1000).default(100).describe('number of lines of each pod'),
        }),
        response: { 200: answer, ...refusals },
      },
    },
    async ({ params: key, query: { tail } }) => {
      if (!(await ports.records.endpoints.get(key)))
        throw new ApiError('ENDPOINT_NOT_FOUND', `there is no endpoint ${keyText(key)}`, {
          hint: 'GET /v1/endpoints lists the endpoints',
        })
      return shortened(await ports.serverLogs(key, tail))
    },
  )
}

function shortened({ source, pods }: ServerLogs): z.output<typeof answer> {
  const cut = (lines: readonly string[]): string[] => lines.map((line) => line.slice(0, lineCharactersMax))
  return { source, pods: pods.map((one) => ({ ...one, lines: cut(one.lines) })) }
}

/** What the servers of a deployment said last, each line with its pod and track; nothing for one that has none any more, or that cannot be asked. */
export async function serverLinesOf(
  { serverLogs }: Pick<ApiPorts, 'serverLogs'>,
  deployment: Deployment,
): Promise<readonly string[]> {
  const { environment, project, endpoint, status, weight, supersededAt } = deployment
  if (supersededAt !== null || !['deploying', 'active', 'failed'].includes(status)) return []
  const track = weight !== null && status !== 'active' ? 'candidate' : 'stable'
  const asked = serverLogs({ environment, project, name: endpoint }, linesOfDeployment)
  // A cluster that gives no answer keeps nobody from what is recorded.
  const { pods } = shortened(await asked.catch((): ServerLogs => ({ source: 'none', pods: [] })))
  return pods
    .filter((one) => one.track === track)
    .flatMap(({ pod, lines, trouble }) => [
      ...lines.map((line) => `${pod} (${track}): ${line}`),
      ...(trouble === null ? [] : [`${pod} (${track}): its log cannot be read: ${trouble}`]),
    ])
}
