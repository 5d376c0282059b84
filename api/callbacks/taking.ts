import { canonicalJson, type Json, sha256 } from '../../domain/canonical.ts'
import type { Run } from '../../domain/run.ts'
import type { CallbackMessage, CallbackOutcome } from '../../records/records.ts'
import type { App } from '../app.ts'
import { createBatcher } from '../batch.ts'
import { ApiError, runNotFound } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import { createLiveCopy } from './live-copy.ts'

const storedTogetherMost = 500
const waitingMost = 20_000

/** Records a message, together with others, and tells of it when it is new. */
export function createTaking(app: App, ports: ApiPorts) {
  const liveCopy = createLiveCopy(ports)
  const store = createBatcher<CallbackMessage, CallbackOutcome>({
    most: storedTogetherMost,
    waitingMost,
    run: (messages) => ports.records.callbacks.store(messages),
  })
  app.addHook('onClose', () => liveCopy.settled())

  /** False where another message has this one's sequence. */
  const offer = async (run: Run, message: CallbackMessage): Promise<boolean> => {
    const outcome = await store(message)
    if (outcome === 'unknown-run') throw runNotFound(run.id)
    if (outcome === 'stored') liveCopy.tell(run, message)
    return outcome !== 'conflict'
  }
  return {
    offer,
    take: async (run: Run, message: CallbackMessage): Promise<void> => {
      if (await offer(run, message)) return
      throw new ApiError(
        'CALLBACK_CONFLICT',
        `${message.kind} ${message.sender.sequence} of pod ${message.sender.podUid} was stored with another body`,
        { hint: 'a message that is sent again has the same body; a new message has the next sequence' },
      )
    },
  }
}

export type Taking = ReturnType<typeof createTaking>

export function hashOf(body: object): string {
  return sha256(canonicalJson(body as Json))
}
