import { Fault } from '../../../domain/fault.ts'
import type { Api } from './api/api.ts'
import { clusterFault } from './faults.ts'
import type { Mirror, Staleness } from './watch/mirror.ts'

/** What was not confirmed for longer is not acted upon, seconds. */
export const staleSecondsMax = 30
/** A look waits this long for the first lists. */
const firstListMilliseconds = 20_000
/** A cluster that comes and goes is told about once in so long. */
const tellAgainMilliseconds = 60_000

type Log = (entry: { readonly level: 'info' | 'warn'; readonly message: string }) => void

/** Whether what is known of a cluster may be acted upon. */
export interface Health {
  add<T>(mirror: Mirror<T>): Mirror<T>
  /** To be called when a mirror has listed or failed. */
  stirred(): void
  /** Resolves when everything is known and fresh. @throws Fault CLUSTER_UNREACHABLE, CLUSTER_REFUSED */
  current(): Promise<void>
  staleness(): readonly Staleness[]
  close(): Promise<void>
}

/** An API server that asks to wait (429), as it does while the storage of a definition is set up, is asked again and has not failed yet. */
const hasFailed = (mirror: Mirror<unknown>): boolean => {
  const error = mirror.lastError()
  return error !== null && error.status !== 429
}

/** @param whole called when everything is known that was not: at first, and after a failure */
export function createHealth(api: Api, log: Log, whole: () => void): Health {
  const mirrors: Mirror<unknown>[] = []
  let waiters: (() => void)[] = []
  let standing: 'new' | 'whole' | 'failing' = 'new'
  let closed = false
  let warned = false
  let warnedAt = -Infinity

  const settled = (): boolean => closed || mirrors.every((one) => one.listed() || hasFailed(one))
  const failing = (): Mirror<unknown> | undefined => mirrors.find((one) => one.lastError() !== null)
  const look = (): void => {
    if (closed) return
    const broken = failing()
    if (broken && standing !== 'failing') {
      standing = 'failing'
      if (performance.now() - warnedAt < tellAgainMilliseconds) return
      warnedAt = performance.now()
      warned = true
      const { name, error } = broken.staleness()
      log({ level: 'warn', message: `following ${name} at ${api.server} failed and is tried again: ${error}` })
    } else if (!broken && standing !== 'whole' && mirrors.every((one) => one.listed())) {
      if (warned) log({ level: 'info', message: `${api.server} is followed again` })
      warned = false
      standing = 'whole'
      whole()
    }
  }
  const settle = async (): Promise<void> => {
    if (settled()) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      waiters.push(resolve)
      timer = setTimeout(resolve, firstListMilliseconds)
    })
    clearTimeout(timer)
  }
  return {
    add: (mirror) => {
      mirrors.push(mirror)
      return mirror
    },
    stirred: () => {
      look()
      if (!settled()) return
      for (const waiter of waiters) waiter()
      waiters = []
    },
    current: async () => {
      await settle()
      for (const mirror of mirrors) {
        const { name, ageSeconds } = mirror.staleness()
        const fresh = mirror.listed() && ageSeconds !== null && ageSeconds <= staleSecondsMax
        const error = mirror.lastError()
        if (fresh && !(error?.status === 401 || error?.status === 403)) continue
        if (error) throw clusterFault(error, `following ${name}`, api.server)
        const age = ageSeconds === null ? 'nothing is known of it yet' : `not heard of for ${Math.round(ageSeconds)} s`
        throw new Fault(
          'CLUSTER_UNREACHABLE',
          `following ${name}: the API server ${api.server} does not answer (${age})`,
          {
            retry: 'soon',
            hint: 'check the cluster, and that this machine reaches its API server',
          },
        )
      }
    },
    staleness: () => mirrors.map((mirror) => mirror.staleness()),
    close: async () => {
      closed = true
      await Promise.all(mirrors.map((mirror) => mirror.close()))
      for (const waiter of waiters) waiter()
      waiters = []
    },
  }
}
