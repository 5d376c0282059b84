import { z } from 'zod'
import { type App, refusals } from './app.ts'
import type { ApiPorts } from './ports.ts'

/** Asked by probes under whatever address they know. */
export const unguardedPaths: readonly string[] = ['/healthz', '/readyz']

export function healthRoutes(app: App, { records, version }: Pick<ApiPorts, 'records' | 'version'>): void {
  const tags = ['health']
  app.get(
    '/healthz',
    {
      schema: {
        ...{ tags, summary: 'Whether the process lives' },
        response: { 200: z.object({ status: z.literal('ok') }), ...refusals },
      },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        ...{ tags, summary: 'Whether the records can be read' },
        response: { 200: z.object({ status: z.literal('ready') }), ...refusals },
      },
    },
    async () => {
      await records.publications.newestCommit()
      return { status: 'ready' as const }
    },
  )
  app.get(
    '/v1/version',
    {
      schema: {
        ...{ tags, summary: 'The version that runs' },
        response: { 200: z.object({ version: z.string() }), ...refusals },
      },
    },
    async () => ({ version }),
  )
}
