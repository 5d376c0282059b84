import type { Place } from '../../domain/problem.ts'
import { escapePointer } from '../load/walk.ts'

/*
 * Where the values of a plan come from, noted by the very calls that choose the values. Nobody listens during a compilation, where each of
 * these calls is a look at an absent listener and hands its value on; `specyard explain` listens.
 */

/** Where a value of a plan, or everything below it, comes from. Pointers are JSON pointers (RFC 6901) into a document. */
export type Origin =
  /** What the person wrote, or what the overlay put in its place. */
  | { readonly from: 'spec'; readonly pointer: string }
  | { readonly from: 'environment'; readonly pointer: string }
  /** Another document of the project that the spec names. */
  | {
      readonly from: 'reference'
      readonly kind: 'Dataset' | 'PromptTemplate'
      readonly name: string
      readonly pointer: string
    }
  /** Nobody wrote it: the value that is built in. With where it could be written, where it could. */
  | { readonly from: 'default'; readonly in?: 'spec' | 'environment'; readonly pointer?: string }
  /** A patch of the Environment or of specyard.yaml. */
  | { readonly from: 'patch'; readonly pointer: string; locate(pointer: string): Place | null }
  /** The template of the Environment or of specyard.yaml. */
  | { readonly from: 'template'; readonly where: Place }
  /** Made by Specyard, and of what. */
  | { readonly from: 'made'; readonly how: string }

export interface Origins {
  /** @param target JSON pointer into the plan, where variables and volumes stand under their names */
  note(target: string, origin: Origin): void
  /** What an overlay did at a pointer into the spec; `set` holds for everything below too. */
  overlay(pointer: string, did: 'set' | 'removed'): void
}

export interface Listening {
  readonly origins?: Origins
}

/** A value as it stands in the spec. */
export function written<Value>({ origins }: Listening, target: string, pointer: string, value: Value): Value {
  if (origins) origins.note(target, { from: 'spec', pointer })
  return value
}

/** A value as it stands in the spec, or the one that is built in. */
export function writtenOr<Value, Fallback>(
  { origins }: Listening,
  target: string,
  pointer: string,
  value: Value | undefined,
  fallback: Fallback,
): Value | Fallback {
  if (origins)
    origins.note(target, value === undefined ? { from: 'default', in: 'spec', pointer } : { from: 'spec', pointer })
  return value === undefined ? fallback : value
}

/** A value as it stands in the Environment. */
export function offered<Value>({ origins }: Listening, target: string, pointer: string, value: Value): Value {
  if (origins) origins.note(target, { from: 'environment', pointer })
  return value
}

/** A value as it stands in the Environment, or the one that is built in. */
export function offeredOr<Value, Fallback>(
  { origins }: Listening,
  target: string,
  pointer: string,
  value: Value | undefined,
  fallback: Fallback,
): Value | Fallback {
  if (origins)
    origins.note(
      target,
      value === undefined ? { from: 'default', in: 'environment', pointer } : { from: 'environment', pointer },
    )
  return value === undefined ? fallback : value
}

/** A value that is built in, whatever is written. */
export function builtIn<Value>({ origins }: Listening, target: string, value: Value): Value {
  if (origins) origins.note(target, { from: 'default' })
  return value
}

/** A value that Specyard makes. @param how of what, as an end of the sentence «made of …» */
export function made<Value>({ origins }: Listening, target: string, how: string, value: Value): Value {
  if (origins) origins.note(target, { from: 'made', how })
  return value
}

/** A pointer into a mapping by one of its keys, for pointers that are only made when somebody listens. */
export function below(pointer: string, key: string): string {
  return `${pointer}/${escapePointer(key)}`
}

/** What names a plan, in the words of a person who asks where that comes from. */
export function noteIdentity(kind: 'TrainingJob' | 'ServingEndpoint', { origins }: Listening): void {
  if (!origins) return
  const note = (target: string, how: string): void => origins.note(target, { from: 'made', how })
  for (const target of ['/format', '/kind']) note(target, `the ${kind} format of this version`)
  note('/digest', 'the spec with its overlay, before defaults and references')
  note('/source', 'the state of the spec repository')
  origins.note('/volumes', { from: 'default' })
  for (const key of ['project', 'name']) origins.note(`/${key}`, { from: 'spec', pointer: `/metadata/${key}` })
  for (const key of ['path', 'line']) origins.note(`/source/${key}`, { from: 'spec', pointer: '' })
  if (kind === 'ServingEndpoint') return
  origins.note('/environment', { from: 'spec', pointer: '/spec/environment' })
  note('/id', 'environment, project, name and digest')
  note('/traceId', 'the id of the run')
  note('/shortDigest', 'the digest, with as many digits as tell the runs of this name apart')
}
