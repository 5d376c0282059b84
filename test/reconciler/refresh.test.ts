import { beforeEach, describe, expect, it } from 'vitest'
import type { SeenApplication } from '../../domain/observation.ts'
import type { Publication } from '../../domain/publication.ts'
import type { Look } from '../../reconciler/look.ts'
import { createRefresher, type Refresher } from '../../reconciler/refresh.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'

const jobs = 'dev.language.jobs'
let asked: (readonly string[])[]
let connected: boolean
let now: number
let refresher: Refresher
beforeEach(() => {
  asked = []
  connected = true
  now = 0
  const refresh = async (names: readonly string[]): Promise<void> => void asked.push(names)
  refresher = createRefresher({
    cluster: () => (connected ? ({ refresh } as Partial<ClusterSource> as ClusterSource) : undefined),
    now: () => new Date(now),
    log: () => undefined,
  })
})

const published = (commit: string): Publication =>
  ({ commit, subjects: ['dev/language/letters'] }) as Partial<Publication> as Publication
const looks = (comparedRevision: string | null | undefined): Look => {
  const application: SeenApplication = {
    ...{ name: jobs, appliedRevision: null, operation: null, phase: 'Succeeded', message: '' },
    ...(comparedRevision !== undefined && { comparedRevision }),
  }
  return { view: () => ({ applications: [application] }) } as unknown as Look
}

describe('an Application over what was published', () => {
  it('is asked to look at once', async () => {
    await refresher.after([published('a')])
    expect(asked).toEqual([expect.arrayContaining([jobs, 'dev.applications'])])
  })

  it('is asked once for a commit that was told of when it was made and is found again', async () => {
    await refresher.atOnce(published('a'))
    await refresher.after([published('a')])
    expect(asked).toHaveLength(1)
    await refresher.after([published('b')])
    expect(asked).toHaveLength(2)
  })

  it('is asked when the commit is found, where no cluster was connected when it was made', async () => {
    connected = false
    await refresher.atOnce(published('a'))
    connected = true
    await refresher.after([published('a')])
    expect(asked).toHaveLength(1)
  })

  it('is asked no more when it has looked at the commit, or at a later one', async () => {
    await refresher.after([published('a')])
    await refresher.after([published('b')])
    expect(await refresher.again(looks('b'))).toBeUndefined()
    now = 60_000
    expect(await refresher.again(looks('a'))).toBeUndefined()
    expect(asked).toHaveLength(2)
  })

  it('is asked no more when it has looked at the commit of its own branch, whatever was told with it of others', async () => {
    const elsewhere = { ...published('b'), subjects: ['prod/language/letters'] }
    await refresher.after([published('a'), elsewhere])
    now = 60_000
    await refresher.again(looks('a'))
    expect(
      asked
        .slice(2)
        .flat()
        .filter((name) => name === jobs),
    ).toEqual([])
  })

  it('is asked again when it looked at what was there before, and again later each time, and not for ever', async () => {
    await refresher.after([published('a')])
    await refresher.after([published('b')])
    const at: number[] = []
    for (now = 0; now < 200_000; now += 500) {
      const before = asked.length
      await refresher.again(looks('a'))
      if (asked.length > before) at.push(now / 1000)
    }
    expect(at).toEqual([2, 6, 14, 30, 62])
    expect(asked.at(-1)).toEqual([jobs])
  })

  it('that does not say what it looked at is asked once', async () => {
    await refresher.after([published('a')])
    now = 60_000
    expect(await refresher.again(looks(undefined))).toBeUndefined()
    expect(asked).toHaveLength(1)
  })
})
