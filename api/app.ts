import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'

/** The app as routes see it: bodies, queries and answers have the types of their zod definitions. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

export const errorAnswer = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      problems: z.array(z.unknown()).optional(),
    }),
  })
  .describe('Every refusal and failure. `code` is stable; docs/errors.md explains each.')

/** The answers that any route can give. */
export const refusals = { '4xx': errorAnswer, '5xx': errorAnswer } as const

export const runParams = z.object({ id: z.string().max(200).describe('run id') })

export const numberMap = z.record(z.string(), z.number())
export const objectMap = z.record(z.string(), z.unknown())
