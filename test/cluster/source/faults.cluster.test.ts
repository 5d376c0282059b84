import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../base/wait.ts'
import type { Cluster } from '../support/cluster.ts'
import { forgetHistory, freeze, kill, restartApiServer, revive, thaw, untilReady } from '../support/faults.ts'
import { openOwnBed, type OwnBed } from '../support/own-bed.ts'
import { type Breakable, openBreakable } from './breakable.ts'

/*
 * What is seen through the real API server while it fails: within 30 s of the end of a fault our view is what a fresh list says, and nothing in it is
 * there twice. The way to it fails in connections.cluster.test.ts.
 */

let own: OwnBed
let cluster: Cluster
let breakable: Breakable
beforeAll(async () => {
  own = await openOwnBed(['kueue'])
  cluster = own.cluster
})
afterAll(() => own?.close())
beforeEach(async () => {
  breakable = await openBreakable(cluster)
})
afterEach(() => breakable?.close())

describe('our view equals a fresh list', () => {
  it('after the API server was killed and started again', async () => {
    await restartApiServer(cluster)
    await breakable.changeEverything()
    await breakable.untilMended()
    expect(breakable.failures()).toBeGreaterThan(0)
  })

  it('after the API server was away, and the view with it', async () => {
    await kill(cluster, 'kube-apiserver')
    try {
      const refused = () =>
        breakable.following.view().then(
          () => false,
          (error: { code?: string }) => error.code === 'CLUSTER_UNREACHABLE',
        )
      // The leases that are waited for cannot be read; what cannot be confirmed is not acted upon.
      await until('the view to be refused', refused, { seconds: 30 })
    } finally {
      revive(cluster, 'kube-apiserver')
      await untilReady(cluster.kubernetes)
    }
    await breakable.changeEverything()
    await breakable.untilMended()
    const followed = () => breakable.following.logged.at(-1)?.includes('is followed again')
    await until('it to be said', followed, { seconds: 30 })
    expect(breakable.following.logged.filter((one) => one.startsWith('warn:'))).toHaveLength(1)
  })

  it('after the history was compacted while it could not look: it is told 410 and lists again', async () => {
    await breakable.proxy.cut()
    await breakable.changeEverything()
    await forgetHistory(cluster)
    await breakable.proxy.restore()
    await breakable.untilMended()
    expect(breakable.listsOf('jobs')).toBeGreaterThan(1)
  })

  it('after the API server stood still and went on', async () => {
    freeze(cluster, 'kube-apiserver')
    try {
      await until('the silence to be noticed', () => breakable.failures() > 0, { seconds: 30 })
    } finally {
      thaw(cluster, 'kube-apiserver')
    }
    await untilReady(cluster.kubernetes)
    await breakable.changeEverything()
    await breakable.untilMended()
  })

  it('after etcd was killed and started again under it', async () => {
    await kill(cluster, 'etcd')
    revive(cluster, 'etcd')
    await untilReady(cluster.kubernetes)
    await breakable.changeEverything()
    await breakable.untilMended()
  })
})
