import { z } from 'zod'

const text = z.string()

const release = {
  ...{ revision: z.number(), model: text.describe('model@version'), model_digest: text, image: text },
  ...{ chart_version: text, worked: z.boolean().describe('it has been seen healthy with all of the requests') },
}

const track = z.object({
  ...release,
  weight: z.number().describe('per cent of the requests'),
  ...{ replicas: z.number().nullable(), ready_replicas: z.number().nullable(), reason: text, message: text },
})

/** What an endpoint serves, what stands beside it, and what is held back. */
export const rolloutAnswer = z.object({
  ...{ environment: text, project: text, name: text },
  strategy: z.enum(['rolling', 'canary', 'blue-green']),
  url: text.nullable(),
  ...{ stable: track.nullable(), candidate: track.nullable(), paused: z.boolean() },
  promoted: z.boolean().describe('the stable release is the candidate already, and its pods are being replaced'),
  hold: z.enum(['ROLLED_BACK', 'ABORTED']).nullable(),
  wanted: z.object({ model: text, image: text }).nullable().describe('what a hold or a pause keeps back'),
  past: z.array(z.object(release)),
})
