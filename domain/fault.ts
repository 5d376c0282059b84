/**
 * Every way in which the world outside can fail us. `docs/errors.md` has a section for each; a test holds the two together.
 */
export const faultCodes = [
  'SETTINGS_INVALID',
  'NOT_A_SPEC_REPOSITORY',
  'GIT_MISSING',
  'GIT_FAILED',
  'GIT_UNREACHABLE',
  'GIT_PUSH_REJECTED',
  'GIT_OVERTAKEN',
  'DEPLOY_BRANCH_UNUSABLE',
  'GIT_SIGNING_FAILED',
  'REVISION_UNKNOWN',
  'LEDGER_UNREADABLE',
  'LEDGER_VERSION_UNKNOWN',
  'DATABASE_UNREACHABLE',
  'DATABASE_FAILED',
  'DATABASE_SCHEMA_OLD',
  'DATABASE_SCHEMA_NEWER',
  'FENCE_LOST',
  'RECORDS_PRESENT',
  'REDIS_UNREACHABLE',
  'DISK_FULL',
  'FILE_FAILED',
  'PORT_BUSY',
  'ALREADY_RUNNING',
  'SIGNING_KEY_INVALID',
  'CLUSTER_UNREACHABLE',
  'CLUSTER_REFUSED',
  'TRACKER_UNREACHABLE',
  'TRACKER_REFUSED',
  'MEASURING_FAILED',
  'FORGE_UNREACHABLE',
  'FORGE_REFUSED',
  'RUN_NOT_FOUND',
  'ENDPOINT_NOT_FOUND',
  'OPERATION_DROPPED',
  'API_UNREACHABLE',
  'COMPILE_TOO_LONG',
] as const

export type FaultCode = (typeof faultCodes)[number]

/** When it makes sense to try again without a person's help. */
export type Retry = 'soon' | 'later' | 'never'

/** A bad world: what failed, who acts next, and, as `hint`, what that person can do. Carries no credential or spec secret. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly retry: Retry
  readonly hint: string | undefined

  constructor(code: FaultCode, message: string, options: { retry: Retry; hint?: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.retry = options.retry
    this.hint = options.hint
  }
}

export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code)
}
