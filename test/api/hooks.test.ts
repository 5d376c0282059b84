import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { FastifyInstance } from 'fastify'
import type { ApiPorts } from '../../api/ports.ts'
import { createCallbackApi } from '../../api/server.ts'
import { memoryLiveState } from '../../local/live.ts'

const secret = 'a secret of a forge'
const sent = JSON.stringify({ ref: 'refs/heads/main' })
const signed = (body: string, key = secret): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`

let door: FastifyInstance | undefined
afterEach(() => door?.close())

/** The door with nothing behind it but the live state: hooks ask for nothing else. */
async function open(webhookSecret: string | undefined = secret) {
  const live = memoryLiveState(() => new Date())
  let pushes = 0
  await live.onPush(() => (pushes += 1))
  const webhook = webhookSecret === undefined ? undefined : { secret: webhookSecret, pushed: () => live.tellOfPush() }
  const ports = { records: { runs: {} }, live, tokens: {}, now: () => new Date(), log: () => {}, webhook }
  const opened = await createCallbackApi(ports as unknown as ApiPorts)
  door = opened
  const tell = async (headers: Readonly<Record<string, string>>, payload: string = sent) => {
    const url = '/v1/hooks/push'
    const { statusCode, body } = await opened.inject({ method: 'POST', url, headers, payload })
    return { status: statusCode, code: (JSON.parse(body) as { error?: { code: string } }).error?.code }
  }
  return { tell, pushes: () => pushes }
}

describe('a push that a forge tells of', () => {
  it.each([
    ['GitHub', { 'content-type': 'application/json', 'x-hub-signature-256': signed(sent) }],
    ['GitHub as a form', { 'content-type': 'application/x-www-form-urlencoded', 'x-hub-signature-256': signed(sent) }],
    ['Bitbucket', { 'content-type': 'application/json', 'x-hub-signature': signed(sent) }],
    ['GitLab', { 'content-type': 'application/json', 'x-gitlab-token': secret }],
  ])('is heard of as %s tells it', async (_forge, headers) => {
    const { tell, pushes } = await open()
    expect((await tell(headers)).status).toBe(202)
    expect(pushes()).toBe(1)
  })

  it.each([
    ['nothing proves it', {}],
    ['another secret signed it', { 'x-hub-signature-256': signed(sent, 'another secret here') }],
    ['another body was signed', { 'x-hub-signature-256': signed('{}') }],
    ['the signature is no signature', { 'x-hub-signature-256': 'sha256=' }],
    ['the token is another one', { 'x-gitlab-token': `${secret}r` }],
    ['the token is empty', { 'x-gitlab-token': '' }],
  ])('is refused where %s', async (_why, headers) => {
    const { tell, pushes } = await open()
    const answer = await tell({ 'content-type': 'application/json', ...headers })
    expect(answer).toEqual({ status: 403, code: 'HOOK_UNPROVEN' })
    expect(pushes()).toBe(0)
  })

  it('may have any body: it is not read', async () => {
    const { tell, pushes } = await open()
    const body = '\u0000 no JSON'
    expect((await tell({ 'content-type': 'text/plain', 'x-hub-signature-256': signed(body) }, body)).status).toBe(202)
    expect(pushes()).toBe(1)
  })

  it('is refused where it is larger than any push', async () => {
    const { tell } = await open()
    const body = 'x'.repeat(6 * 1024 * 1024)
    expect((await tell({ 'content-type': 'text/plain', 'x-gitlab-token': secret }, body)).status).toBe(413)
  })

  it('finds no door where no secret is set', async () => {
    const live = memoryLiveState(() => new Date())
    const ports = { records: { runs: {} }, live, tokens: {}, now: () => new Date(), log: () => {} }
    door = await createCallbackApi(ports as unknown as ApiPorts)
    const answer = await door.inject({ method: 'POST', url: '/v1/hooks/push', payload: {} })
    expect(answer.statusCode).toBe(404)
  })
})
