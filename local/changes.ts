import type { ChangedKey } from '../reconciler/sources/cluster.ts'

export interface Changes {
  add(key: ChangedKey): void
  watch(listener: (key: ChangedKey) => void): () => void
  close(): void
}

/** Tells listeners what was changed: each key once for all that one look changed, after that look. */
export function openChanges(): Changes {
  const listeners = new Set<(key: ChangedKey) => void>()
  const waiting = new Map<string, ChangedKey>()
  let scheduled: NodeJS.Immediate | undefined
  const tell = (): void => {
    scheduled = undefined
    const keys = [...waiting.values()]
    waiting.clear()
    for (const key of keys) for (const listener of listeners) listener(key)
  }
  return {
    add: (key) => {
      waiting.set(JSON.stringify(key), key)
      scheduled ??= setImmediate(tell)
    },
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => {
      clearImmediate(scheduled)
      tell()
    },
  }
}
