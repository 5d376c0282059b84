import {
  type LiveListener,
  type LiveMessage,
  type LiveState,
  type LiveStatus,
  liveKeys,
  liveLifetimeSeconds,
  tellAll,
} from '../records/live.ts'

/** Swept when a multiple of this many values has been kept, so that runs of long ago take no memory. */
const sweepEvery = 1000

/**
 * Live state in this process's memory: the same keys, lifetimes and messages as in Redis, heard by this process alone.
 * @param now the clock by which lifetimes are measured
 */
export function memoryLiveState(now: () => Date): LiveState {
  const kept = new Map<string, { readonly json: string; readonly until: number }>()
  const listeners = new Set<LiveListener>()
  const pushListeners = new Set<() => void>()
  let writes = 0

  const keep = (key: string, value: object, seconds: number) => {
    writes += 1
    if (writes % sweepEvery === 0)
      for (const [other, { until }] of kept) if (until <= now().getTime()) kept.delete(other)
    kept.set(key, { json: JSON.stringify(value), until: now().getTime() + seconds * 1000 })
  }
  const read = <Value>(key: string): Value | undefined => {
    const value = kept.get(key)
    if (value === undefined) return undefined
    if (value.until > now().getTime()) return JSON.parse(value.json) as Value
    kept.delete(key)
    return undefined
  }
  return {
    setStatus: async (runId, status) => keep(liveKeys.status(runId), status, liveLifetimeSeconds.status),
    status: async (runId) => read<LiveStatus>(liveKeys.status(runId)),
    setMetrics: async (runId, metrics) => keep(liveKeys.metrics(runId), metrics, liveLifetimeSeconds.metrics),
    metrics: async (runId) => read<Readonly<Record<string, number>>>(liveKeys.metrics(runId)),
    publish: async (runId, message) => {
      tellAll(listeners, runId, JSON.parse(JSON.stringify(message)) as LiveMessage)
    },
    subscribe: async (listener) => {
      // Wrapped, so that one function that subscribes twice is heard twice and ends once at a time.
      const own: LiveListener = (runId, message) => listener(runId, message)
      listeners.add(own)
      return async () => {
        listeners.delete(own)
      }
    },
    tellOfPush: async () => {
      for (const listener of pushListeners) listener()
    },
    onPush: async (listener) => {
      const own = (): void => listener()
      pushListeners.add(own)
      return async () => {
        pushListeners.delete(own)
      }
    },
    close: async () => {
      listeners.clear()
      pushListeners.clear()
      kept.clear()
    },
  }
}
