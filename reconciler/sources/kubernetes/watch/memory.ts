import type { ApiObject } from '../projection/api-object.ts'

interface Entry<T> {
  readonly resourceVersion: string
  readonly value: T
}

/** What is kept of the objects of one collection: a projection of each, by UID, so that an object made again is another one. */
export interface Memory<T> {
  values(): readonly T[]
  find(uid: string): T | undefined
  size(): number
  /** Begins to read everything anew: what is not seen until the returned function is called is gone. Events must not be applied meanwhile. */
  replace(): { page(items: readonly ApiObject[], first: boolean): void; finish(): void }
  put(object: ApiObject): void
  remove(object: ApiObject): void
}

/**
 * @param project what is kept of an object; undefined for one that says nothing to us
 * @param changed hears each value that came, went or became another: both, when it became another
 */
export function createMemory<T>(project: (object: ApiObject) => T | undefined, changed: (value: T) => void): Memory<T> {
  let entries = new Map<string, Entry<T>>()
  let list: readonly T[] | undefined

  const entryOf = (object: ApiObject, before: Entry<T> | undefined): Entry<T> | undefined => {
    const resourceVersion = object.metadata?.resourceVersion ?? ''
    if (before && resourceVersion !== '' && before.resourceVersion === resourceVersion) return before
    const value = project(object)
    if (value === undefined) return undefined
    // The same value is kept as it is: who compares by identity sees no change.
    return { resourceVersion, value: before && same(before.value, value) ? before.value : value }
  }
  const tell = (before: T | undefined, after: T | undefined): void => {
    if (before === after) return
    list = undefined
    for (const value of [before, after]) if (value !== undefined) changed(value)
  }
  return {
    values: () => (list ??= [...entries.values()].map((entry) => entry.value)),
    find: (uid) => entries.get(uid)?.value,
    size: () => entries.size,
    replace: () => {
      let next = new Map<string, Entry<T>>()
      return {
        page: (items, first) => {
          if (first) next = new Map()
          for (const object of items) {
            const uid = object.metadata?.uid
            const entry = uid === undefined ? undefined : entryOf(object, entries.get(uid))
            if (uid !== undefined && entry) next.set(uid, entry)
          }
        },
        finish: () => {
          const before = entries
          entries = next
          for (const [uid, entry] of next) tell(before.get(uid)?.value, entry.value)
          for (const [uid, entry] of before) if (!next.has(uid)) tell(entry.value, undefined)
        },
      }
    },
    put: (object) => {
      const uid = object.metadata?.uid
      if (uid === undefined) return
      const before = entries.get(uid)
      const entry = entryOf(object, before)
      if (entry) entries.set(uid, entry)
      else entries.delete(uid)
      tell(before?.value, entry?.value)
    },
    remove: (object) => {
      const uid = object.metadata?.uid
      const before = uid === undefined ? undefined : entries.get(uid)
      if (uid === undefined || !before) return
      entries.delete(uid)
      tell(before.value, undefined)
    },
  }
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
