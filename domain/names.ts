import {
  canonicalJson,
  canonicalMembers,
  canonicalObject,
  type JsonObject,
  sha256,
  uuid5,
  type WrittenMembers,
} from './canonical.ts'

/** The UUID namespace of every run id. Fixed for ever: changing it would rename every run there has been. */
export const runNamespace = '5b7562c8-c4fa-408e-bf04-e54f27381970'

/** A run belongs to a name in a project in an environment. Names are unique for each kind. */
export interface RunKey {
  readonly environment: string
  readonly project: string
  readonly name: string
}
export type EndpointKey = RunKey

export const labels = {
  app: 'app',
  jobId: 'job-id',
  traceId: 'trace-id',
  project: 'specyard.dev/project',
  attempt: 'specyard.dev/attempt',
} as const

export const annotations = {
  spec: 'specyard.dev/spec',
  digest: 'specyard.dev/digest',
  /** Local cluster only: the folder, relative to the spec repository, that holds the image's files. */
  imageFolder: 'specyard.dev/image-folder',
} as const

/** The value of label `app` on everything that trains. */
export const trainerApp = 'trainer'

/** The init container that waits for the lease, as the template of Jobs names it. */
export const leaseContainer = 'lease'

/** Exit code of the lease's init container when the lease belongs to another Job; `podFailurePolicy` turns it into FailJob. */
export const leaseRefusedExitCode = 75

/**
 * The digest of what a person wrote: the spec after its overlay, before defaults and references.
 * What does not change a training's result (retry, times after its end, output) is left out; `rerun: 0` counts as not written.
 * @returns 64 hexadecimal digits
 */
export function specDigest(kind: string, spec: JsonObject): string {
  return digestOfMembers(kind, canonicalMembers(spec))
}

/** The same of a spec whose members are written already. */
export function digestOfMembers(kind: string, spec: WrittenMembers): string {
  const said: Record<string, string> = {}
  for (const key of Object.keys(spec)) {
    const text = spec[key] ?? 'null'
    if (!changesNothing.has(key) && !(key === 'rerun' && text === '0')) said[key] = text
  }
  return sha256(canonicalObject({ kind: canonicalJson(kind), spec: canonicalObject(said) }))
}

const changesNothing: ReadonlySet<string> = new Set(['retry', 'ttlSecondsAfterFinished', 'output'])

/** The id of a run (`job_id` in the API): compiler, cluster and database compute the same one. */
export function runId(key: RunKey, digest: string): string {
  return uuid5(runNamespace, canonicalJson([key.environment, key.project, key.name, digest]))
}

export function traceId(run: string): string {
  return uuid5(runNamespace, run)
}

/**
 * The first hexadecimal digits of a digest, 8 or as many more as it takes to differ from `others`.
 * @param others digests of the same name's other runs
 */
export function shortDigest(digest: string, others: readonly string[]): string {
  let length = 8
  while (
    length < digest.length &&
    others.some((other) => other !== digest && other.slice(0, length) === digest.slice(0, length))
  )
    length += 1
  return digest.slice(0, length)
}

/** Name of the Kubernetes Job of one attempt; at most 63 characters because names of training jobs are at most 40. */
export function jobName(name: string, short: string, attempt: number): string {
  return `${name}-${short}-${attempt}`
}

/** Name of the Secret that holds the token and the lease of one attempt. */
export function leaseSecretName(run: string, attempt: number): string {
  return `callback-token-${run}-${attempt}`
}

/** The id of an endpoint, which is one for ever, also where its spec goes and comes back. */
export function endpointId(key: EndpointKey): string {
  return uuid5(runNamespace, `endpoint ${keyText(key)}`)
}

export function keyText(key: RunKey): string {
  return `${key.environment}/${key.project}/${key.name}`
}
