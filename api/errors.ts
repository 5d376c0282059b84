import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { Fault, type FaultCode } from '../domain/fault.ts'
import type { Problem } from '../domain/problem.ts'
import type { ApiPorts } from './ports.ts'
import type { TokenFailure } from './tokens.ts'

/** Every code that the API itself answers with; beside them stand those of `domain/fault.ts`. */
export const apiErrors = {
  REQUEST_INVALID: 400,
  HOST_FOREIGN: 403,
  ORIGIN_FOREIGN: 403,
  HOOK_UNPROVEN: 403,
  TOKEN_MISSING: 401,
  TOKEN_MALFORMED: 401,
  TOKEN_ALGORITHM: 401,
  TOKEN_SIGNATURE: 401,
  TOKEN_EXPIRED: 401,
  TOKEN_SCOPE: 403,
  TOKEN_OTHER_RUN: 403,
  TOKEN_SUPERSEDED: 403,
  RUN_NOT_FOUND: 404,
  ENDPOINT_NOT_FOUND: 404,
  DEPLOYMENT_NOT_FOUND: 404,
  EXPERIMENT_NOT_FOUND: 404,
  MODEL_NOT_FOUND: 404,
  ROUTE_UNKNOWN: 404,
  CALLBACK_CONFLICT: 409,
  RUN_FINISHED: 409,
  RUN_GOES_ON: 409,
  OPERATION_DROPPED: 409,
  NAME_AMBIGUOUS: 409,
  DEPLOYMENT_OVER: 409,
  STATUS_OBSERVED: 409,
  BODY_TOO_LARGE: 413,
  BODY_NOT_JSON: 415,
  SPEC_INVALID: 422,
  NOT_DEPLOYABLE: 422,
  OVERLOADED: 503,
  STARTING: 503,
  INTERNAL: 500,
} as const

export type ApiErrorCode = keyof typeof apiErrors

/** A refusal with its own words; its status follows from its code. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  readonly hint: string | undefined
  readonly problems: readonly Problem[] | undefined

  constructor(code: ApiErrorCode, message: string, more: { hint?: string; problems?: readonly Problem[] } = {}) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.hint = more.hint
    this.problems = more.problems
  }
}

const tokenMessages: Readonly<Record<TokenFailure, string>> = {
  TOKEN_MISSING: 'this needs the header `Authorization: Bearer <callback token>`',
  TOKEN_MALFORMED: 'the token is not a callback token',
  TOKEN_ALGORITHM: 'the token is not signed with HS256',
  TOKEN_SIGNATURE: 'the token is not signed by us',
  TOKEN_EXPIRED: 'the token has expired',
  TOKEN_SCOPE: 'the token was not made for training callbacks',
}

export function tokenError(code: TokenFailure): ApiError {
  const hint =
    code === 'TOKEN_EXPIRED'
      ? 'exchange it with POST /v1/jobs/{id}/token'
      : 'send the value of the variable CALLBACK_TOKEN, which belongs to this attempt alone'
  return new ApiError(code, tokenMessages[code], { hint })
}

export function runNotFound(id: string): ApiError {
  return new ApiError('RUN_NOT_FOUND', `there is no run ${id}`, { hint: 'GET /v1/jobs lists the runs' })
}

const faultStatus: Partial<Record<FaultCode, number>> = { RUN_NOT_FOUND: 404, GIT_OVERTAKEN: 409 }
const retryAfterSeconds = 2

/** The answer to anything that was thrown while a request was served: its code and words, never a stack, cause or value of a statement. */
export function answerError(ports: ApiPorts) {
  return (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (reply.raw.headersSent) return reply
    if (error instanceof ApiError) {
      const { code, message, hint, problems } = error
      if (apiErrors[code] === 503) reply.header('retry-after', retryAfterSeconds)
      if (apiErrors[code] === 401) reply.header('www-authenticate', 'Bearer')
      return send(reply, apiErrors[code], { code, message, ...(hint && { hint }), ...(problems && { problems }) })
    }
    if (error instanceof Fault) {
      const { code, message, hint, retry } = error
      ports.log({ level: 'warn', message: `${request.method} ${pathOf(request)}: ${code}: ${message}` })
      reply.header('retry-after', retry === 'soon' ? retryAfterSeconds : 30)
      return send(reply, faultStatus[code] ?? 503, { code, message, ...(hint && { hint }) })
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      const where = error.validationContext ?? 'request'
      const message = error.validation
        .slice(0, 20)
        .map(({ instancePath, message: what }) => `${where}${instancePath.replaceAll('/', '.')}: ${what ?? 'is wrong'}`)
        .join('; ')
      return send(reply, 400, { code: 'REQUEST_INVALID', message: message.slice(0, 4000), hint: 'see /docs' })
    }
    return answerFrameworkError(ports, error, request, reply)
  }
}

function answerFrameworkError(
  ports: ApiPorts,
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { statusCode = 500, code } = error as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return send(reply, 413, { code: 'BODY_TOO_LARGE', message: 'the body is larger than 1 MiB' })
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return send(reply, 415, {
      code: 'BODY_NOT_JSON',
      message: 'the body is not JSON',
      hint: 'send it with the header `Content-Type: application/json`',
    })
  if (statusCode >= 400 && statusCode < 500)
    return send(reply, statusCode, {
      code: 'REQUEST_INVALID',
      message: 'the request cannot be read',
      hint: 'see /docs',
    })
  ports.log({ level: 'error', message: `${request.method} ${pathOf(request)}: ${error.stack ?? error.message}` })
  return send(reply, 500, { code: 'INTERNAL', message: 'this is a fault of ours; the log has the details' })
}

export interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly problems?: readonly Problem[]
}

function send(reply: FastifyReply, status: number, error: ErrorBody): FastifyReply {
  // Past the route's serializer: what is answered here is made here.
  return reply
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send({ error })
}

/** The path without its query, which may hold what a person searched for. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?')[0] ?? ''
}
