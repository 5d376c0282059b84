import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { ApiError } from './errors.ts'
import type { ApiPorts } from './ports.ts'

/*
 * A forge tells of a push. What it says is not read: it means that somebody has pushed, and the repositories are looked at now instead of at the
 * next time of reconcile.cron. A hook that is lost, late, repeated or made up costs one look, or a wait.
 *
 * | forge                           | proves itself with                                                     |
 * |---------------------------------|------------------------------------------------------------------------|
 * | GitHub, Gitea, Forgejo          | X-Hub-Signature-256: sha256=<HMAC-SHA256 of the body with the secret>  |
 * | Bitbucket                       | X-Hub-Signature, the same                                              |
 * | GitLab                          | X-Gitlab-Token: <the secret>                                           |
 */

/** A push of very many commits tells of each; one that is larger is found at the next scheduled time. */
const bodyBytesMost = 5 * 1024 * 1024

/** There is no such route where no secret is set. */
export async function hookRoutes(app: FastifyInstance, { webhook }: Pick<ApiPorts, 'webhook'>): Promise<void> {
  if (webhook === undefined) return
  await app.register(async (scope) => {
    // The signature is over the bytes as they came, whatever they are.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.post(
      '/v1/hooks/push',
      {
        bodyLimit: bodyBytesMost,
        schema: {
          ...{ tags: ['records'], summary: 'Say that somebody has pushed to the spec repository' },
          description: 'For the webhook of a forge, which proves itself with the secret SPECYARD_WEBHOOK_SECRET.',
        },
      },
      async ({ headers, body }, reply) => {
        const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
        const signature = headers['x-hub-signature-256'] ?? headers['x-hub-signature']
        if (!isProof(webhook.secret, bytes, signature, headers['x-gitlab-token']))
          throw new ApiError('HOOK_UNPROVEN', 'this hook does not prove itself with the secret', {
            hint: 'set the secret of the webhook in your forge to the value of SPECYARD_WEBHOOK_SECRET',
          })
        await webhook.pushed()
        return reply.code(202).send({ accepted: true })
      },
    )
  })
}

type Header = string | readonly string[] | undefined

function isProof(secret: string, body: Buffer, signature: Header, token: Header): boolean {
  if (typeof token === 'string') return isSame(token, secret)
  if (typeof signature !== 'string') return false
  return isSame(signature.toLowerCase(), `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`)
}

/** In the same time wherever they differ. */
function isSame(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(left), digest(right))
}
