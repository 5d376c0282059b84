import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createTokens } from '../../../api/tokens.ts'
import { send } from '../callbacks/load.ts'
import type { Canaries } from './canaries.ts'

/** What was asked of a service, and all that came back. */
export interface Asked {
  readonly question: string
  readonly answer: string
}

/** Asks a service for everything that can be read, speaks to it as trainers do, and listens to its stream meanwhile. */
export async function askEverything(url: string, canaries: Canaries): Promise<readonly Asked[]> {
  const agent = new Agent({ keepAlive: true })
  const stream = listen(`${url}/v1/stream`)
  const asked: Asked[] = []
  const ask = async (method: 'GET' | 'POST', path: string, body?: string, token?: string): Promise<string> => {
    const answer = await send(agent, method, url + path, body, token)
    asked.push({ question: `${method} ${path}`, answer: `${answer.status} ${answer.body}` })
    return answer.body
  }
  try {
    const document = JSON.parse(await ask('GET', '/docs/json')) as { paths?: Record<string, object> }
    const { items = [] } = JSON.parse(await ask('GET', '/v1/jobs')) as { items?: { id: string }[] }
    const id = items[0]?.id ?? '00000000-0000-5000-8000-000000000000'
    const tokens = createTokens(new TextEncoder().encode(canaries.of('signing key')), () => new Date())
    const { token } = await tokens.mint({ runId: id, attempt: 1 })
    canaries.replace('callback token', token)
    for (const [path, methods] of Object.entries(document.paths ?? {})) {
      const concrete = path.replace(/\{[^}]+\}/g, id)
      if (concrete.endsWith('/stream')) continue
      for (const method of Object.keys(methods)) {
        if (method === 'get') await ask('GET', `${concrete}?token=${encodeURIComponent(canaries.of('query token'))}`)
        if (method === 'get') await ask('GET', concrete)
        // A token exchange answers with a token: that is what it is for, and another one.
        if (method === 'post') await ask('POST', concrete, '{"pod_uid":"pod-1","sequence":1,"step":1}', token)
        if (method === 'post') await ask('POST', concrete, '{', canaries.of('bearer token').replaceAll(/[^\w/+=]/g, ''))
      }
    }
    await pause(200)
    asked.push({ question: 'GET /v1/stream', answer: stream.heard() })
    return asked
  } finally {
    stream.close()
    agent.destroy()
  }
}

function listen(url: string) {
  let heard = ''
  const request = get(url, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => (heard += text))
    response.on('error', () => {})
  })
  request.on('error', () => {})
  return { heard: () => heard, close: () => void request.destroy() }
}
