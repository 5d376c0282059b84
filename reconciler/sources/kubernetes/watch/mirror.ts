import { setTimeout as pause } from 'node:timers/promises'
import type { ApiError } from '../api/api-error.ts'
import { type Api, unanswered } from '../api/api.ts'
import { follow, type WatchEvent } from './follow.ts'
import { listAll } from './list.ts'
import type { ApiObject } from '../projection/api-object.ts'
import { beginning, type Happened, isNewer, next, type WatchState, type WatchTimes } from './machine.ts'
import { createMemory } from './memory.ts'
import { type GroupCollection, servedPath } from './served-path.ts'

/** One collection of the cluster, and what of it is kept. */
export interface Collection<T> {
  /** E.g. `jobs in ml-language`: what messages call it. */
  readonly name: string
  /** Where it is; of a group that a cluster may not know at all (definitions that are not installed): then it is empty. */
  readonly path: string | GroupCollection
  readonly selector: string
  project(object: ApiObject): T | undefined
}

export interface MirrorTimes extends WatchTimes {
  readonly watchSeconds: number
  readonly silenceMilliseconds: number
}

/** Rules of all watches. A fault is noticed within `silenceMilliseconds` of the last byte, and mended at the next try. */
export const mirrorTimes: MirrorTimes = Object.freeze({
  watchSeconds: 12,
  silenceMilliseconds: 16_000,
  relistMilliseconds: 600_000,
  backoff: { leastMilliseconds: 250, mostMilliseconds: 5000 },
  // Of a kind that is not installed nothing else is heard meanwhile: less than what counts as stale.
  refusedMilliseconds: 20_000,
  shortestMilliseconds: 1000,
})

export interface Staleness {
  readonly name: string
  /** Seconds since the API server was last heard of this collection; null before the first time. */
  readonly ageSeconds: number | null
  readonly objects: number
  readonly lists: number
  readonly watches: number
  /** Of lists and watches. */
  readonly failures: number
  /** Why the last try failed; null when it did not. */
  readonly error: string | null
}

/** A copy of one collection that follows the cluster. */
export interface Mirror<T> {
  values(): readonly T[]
  /** @param uid of the object */
  find(uid: string): T | undefined
  /** True from the first whole list on. */
  listed(): boolean
  /** True where the cluster does not know the kind. */
  absent(): boolean
  /** Why the last try failed; null when it did not. What a watch failed with stays until one stands. */
  lastError(): ApiError | null
  staleness(): Staleness
  close(): Promise<void>
}

export function openMirror<T>(
  api: Api,
  collection: Collection<T>,
  told: {
    changed(value: T): void
    /** Something may be known now that was not: a list was read, or a try failed. */
    stirred(): void
  },
  times: MirrorTimes = mirrorTimes,
): Mirror<T> {
  const ending = new AbortController()
  const memory = createMemory(collection.project, (value: T) => told.changed(value))
  const counts = { lists: 0, watches: 0, failures: 0 }
  let state: WatchState = beginning
  let confirmedAt: number | null = null
  let listed = false
  let absent = false
  let lastError: ApiError | null = null
  let failedStep: WatchState['step'] = 'list'
  let path = ''

  const confirm = (step: WatchState['step']): void => {
    confirmedAt = performance.now()
    // A list proves no watch: what may be listed and not watched is not followed.
    if (lastError === null || (step === 'list' && failedStep === 'watch')) return
    lastError = null
    told.stirred()
  }
  const happen = (happened: Happened): void => {
    state = next(state, happened, times, performance.now(), Math.random())
  }
  const list = async (): Promise<void> => {
    counts.lists += 1
    const fresh = memory.replace()
    const { signal } = ending
    // Asked again for each list: definitions come, go and get other versions.
    path = typeof collection.path === 'string' ? collection.path : await servedPath(api, collection.path, signal)
    const resourceVersion = await listAll(api, path, collection.selector, fresh.page, signal)
    fresh.finish()
    listed = true
    absent = false
    confirm('list')
    happen({ kind: 'listed', resourceVersion })
    told.stirred()
  }
  const hear = ({ type, object }: WatchEvent): void => {
    const resourceVersion = object.metadata?.resourceVersion ?? ''
    if (resourceVersion === '' || !isNewer(resourceVersion, state.resourceVersion)) return
    if (type === 'DELETED') memory.remove(object)
    else if (type !== 'BOOKMARK') memory.put(object)
    happen({ kind: 'told', resourceVersion })
  }
  const watch = async (): Promise<void> => {
    counts.watches += 1
    const { selector } = collection
    const { watchSeconds, silenceMilliseconds } = times
    const from = state.resourceVersion ?? ''
    const began = performance.now()
    const request = { path, selector, resourceVersion: from, watchSeconds, silenceMilliseconds, signal: ending.signal }
    const alive = (): void => confirm('watch')
    await follow(api, request, hear, alive)
    alive()
    happen({ kind: 'ended', lastedMilliseconds: performance.now() - began, empty: state.resourceVersion === from })
  }
  const step = async (): Promise<void> => {
    try {
      if (state.waitMilliseconds > 0) await pause(state.waitMilliseconds, undefined, { signal: ending.signal })
      await (state.step === 'list' ? list() : watch())
    } catch (caught) {
      if (ending.signal.aborted) return
      // A fault of ours is shown like one of the cluster's: what is not followed must not look as if it were.
      const error = unanswered(caught)
      const isAbsent = error.status === 404 && typeof collection.path !== 'string'
      if (isAbsent) {
        if (!absent) memory.replace().finish()
        confirm('watch')
        listed = absent = true
      } else if (error.status !== 410) {
        counts.failures += 1
        lastError = error
        failedStep = state.step
      }
      // Other connections that seem to stand may be as dead as this one.
      if (error.status === null) api.dropIdle()
      happen(isAbsent ? { kind: 'absent' } : happenedBy(error))
      told.stirred()
    }
  }
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) await step()
  }
  const running = run()
  return {
    values: memory.values,
    find: memory.find,
    listed: () => listed,
    absent: () => absent,
    lastError: () => lastError,
    staleness: () => ({
      name: collection.name,
      ageSeconds: confirmedAt === null ? null : (performance.now() - confirmedAt) / 1000,
      objects: memory.size(),
      ...counts,
      error: lastError?.message ?? null,
    }),
    close: async () => {
      ending.abort()
      await running
    },
  }
}

function happenedBy(error: ApiError): Happened {
  if (error.silent) return { kind: 'silent' }
  switch (error.status) {
    case 410:
      return { kind: 'gone' }
    case 401:
    case 403:
    case 404:
      return { kind: 'refused' }
    default:
      return { kind: 'failed', retryAfterSeconds: error.retryAfterSeconds }
  }
}
