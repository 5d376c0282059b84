import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import type { LiveMessage } from '../records/live.ts'
import { type App, refusals } from './app.ts'
import { ApiError } from './errors.ts'
import type { ApiPorts } from './ports.ts'

const clientsMost = 200
const commentSeconds = 15
/** A client that reads so slowly that this much waits for it is cut off; it connects again by itself. */
const unreadBytesMost = 1024 * 1024

interface Client {
  readonly response: ServerResponse
  readonly jobId: string | undefined
}

/**
 * Live updates as server-sent events. They are a convenience: one that is missed is missed, the records have it all.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function streamRoutes(app: App, { live }: Pick<ApiPorts, 'live'>): void {
  const clients = new Set<Client>()
  let subscription: Promise<() => Promise<void>> | undefined
  const write = (client: Client, text: string): void => {
    if (client.response.writableLength > unreadBytesMost) client.response.destroy()
    else client.response.write(text)
  }
  const listener = (runId: string, message: LiveMessage): void => {
    const text = eventText(runId, message)
    for (const client of clients) if (client.jobId === undefined || client.jobId === runId) write(client, text)
  }
  const subscribe = (): Promise<unknown> => {
    subscription ??= live.subscribe(listener).catch((error: unknown) => {
      subscription = undefined
      throw error
    })
    return subscription
  }
  const comments = setInterval(() => {
    for (const client of clients) write(client, ': still here\n\n')
  }, commentSeconds * 1000)
  comments.unref()

  app.addHook('preClose', async () => {
    clearInterval(comments)
    for (const { response } of clients) response.end()
    const unsubscribe = await subscription?.catch(() => undefined)
    await unsubscribe?.()
  })

  app.get(
    '/v1/stream',
    {
      exposeHeadRoute: false,
      schema: {
        ...{ tags: ['records'], summary: 'Live updates of runs, as server-sent events' },
        querystring: z.strictObject({ job_id: z.string().max(200).optional().describe('only this run') }),
        produces: ['text/event-stream'],
        response: refusals,
      },
    },
    async ({ query }, reply) => {
      if (clients.size >= clientsMost) throw new ApiError('OVERLOADED', `${clientsMost} streams are open already`)
      await subscribe()
      reply.hijack()
      const response = reply.raw
      const client: Client = { response, jobId: query.job_id?.toLowerCase() }
      response.on('close', () => clients.delete(client))
      // A broken connection ends with `close`; there is nobody left to tell.
      response.on('error', () => clients.delete(client))
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      response.write('retry: 2000\n\n')
      clients.add(client)
      return reply
    },
  )
}

function eventText(runId: string, { type, data }: LiveMessage): string {
  return `event: ${type}\ndata: ${JSON.stringify({ job_id: runId, type, data })}\n\n`
}
