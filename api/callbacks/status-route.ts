import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { type App, refusals, runParams } from '../app.ts'
import { ApiError } from '../errors.ts'
import { type Admission, refuseSuperseded, type tokenFirst } from './admission.ts'
import { heartbeatOfStatus, sequenceOfStatus, statusBody, statusQuery } from './status.ts'
import { hashOf, type Taking } from './taking.ts'

/** Statuses of one pod that may have the same time: clients that tell whole seconds send some. */
const sameTimeMost = 16

interface StatusDoor {
  /** Asks for the token before anything of the body is read. */
  readonly onRequest: ReturnType<typeof tokenFirst>
  readonly admit: Admission
  readonly taking: Taking
  readonly now: () => Date
}

/**
 * The door of trainers that know Kubeflow Trainer's contract and not ours. A status is a heartbeat and never an end, also at 100 per cent:
 * how a training ended is told by its Job.
 */
export function trainerStatusRoute(app: App, { onRequest, admit, taking, now }: StatusDoor): void {
  void app.register(async (plain) => {
    const scope = plain.withTypeProvider<ZodTypeProvider>()
    // Like the contract's own server, which reads JSON whatever a client calls it: Python's calls it a form unless told otherwise.
    scope.addContentTypeParser('*', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'))
    scope.post(
      '/v1/jobs/:id/trainer-status',
      {
        onRequest,
        schema: {
          tags: ['trainers'],
          summary: 'Say how far a training is, as Kubeflow Trainer’s status contract does',
          params: runParams,
          querystring: statusQuery,
          security: [{ callbackToken: [] }],
          body: statusBody,
          response: { 200: statusBody.describe('what was understood'), ...refusals },
        },
      },
      async (request) => {
        const { query, body } = request
        const at = now()
        const sequence = body.trainerStatus ? sequenceOfStatus(body.trainerStatus, at) : 0
        const speaker = { pod_uid: query.pod_uid, sequence }
        const { run, sender } = await admit(request, speaker, refuseSuperseded)
        if (!body.trainerStatus) return body
        const heartbeat = heartbeatOfStatus(body.trainerStatus)
        const told = { kind: 'heartbeat', body: heartbeat, bodyHash: hashOf(heartbeat), at } as const
        for (let place = 0; place < sameTimeMost; place += 1) {
          const placed = { ...sender, sequence: sequence + place }
          if (await taking.offer(run, { ...told, sender: placed, newestBy: 'sequence' })) return body
        }
        throw new ApiError(
          'CALLBACK_CONFLICT',
          `pod ${sender.podUid} has sent ${sameTimeMost} other statuses with the lastUpdatedTime of this one`,
          { hint: 'lastUpdatedTime is when a status was observed: it goes on with every status' },
        )
      },
    )
  })
}
