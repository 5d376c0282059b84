import { beforeEach, describe, expect, it } from 'vitest'
import { probePorts } from '../../cli/service/probes.ts'
import type { Clusters, CollectionAge } from '../../cli/service/clusters.ts'
import type { Records } from '../../records/records.ts'

/* Whether a reconciler is ready, by how old what it knows of its clusters is. */

let seconds = 0
let ages: readonly CollectionAge[]
let notReady: () => Promise<readonly string[]>
beforeEach(() => {
  seconds = 0
  const clusters = { staleness: () => ages } as Partial<Clusters> as Clusters
  const records = { publications: { newestCommit: async () => null } } as unknown as Records
  const reconciling = { reconciler: () => undefined, clusters: () => clusters, hindrance: () => undefined }
  notReady = () => probes.notReady()
  const probes = probePorts(reconciling, records, () => new Date(seconds * 1000))
})
const jobs = (age: number | null): readonly CollectionAge[] => [
  { environment: 'dev', collection: 'jobs', seconds: age },
]
const at = async (second: number, age: number | null): Promise<readonly string[]> => {
  seconds = second
  ages = jobs(age)
  return notReady()
}

describe('a reconciler', () => {
  it('that has heard of its cluster in the last minute is ready', async () => {
    expect(await at(0, 59)).toEqual([])
  })

  it('that has not is not ready, and says what it has not heard of', async () => {
    expect(await at(0, 61)).toEqual(['cluster of dev: jobs not confirmed for 61 s'])
  })

  it('that waits for its first list is ready for a minute, and no longer', async () => {
    expect(await at(0, null)).toEqual([])
    expect(await at(60, null)).toEqual([])
    expect(await at(61, null)).toEqual(['cluster of dev: jobs not confirmed for 61 s'])
  })

  it('has a minute again for a cluster that is connected anew', async () => {
    expect(await at(0, null)).toEqual([])
    expect(await at(10, 1)).toEqual([])
    expect(await at(100, null)).toEqual([])
  })
})
