import { beforeEach, describe, expect, it } from 'vitest'
import type { ApiEvent } from '../../../reconciler/sources/kubernetes/projection/api-object.ts'
import { openRefusals, type Refusals } from '../../../reconciler/sources/kubernetes/refusals.ts'

/** Pages of events that are answered one after the other, and what was asked for them. */
let pages: (readonly ApiEvent[] | Error)[]
let asked: URL[]
let seconds: number
let refusals: Refusals
beforeEach(() => {
  asked = []
  seconds = 0
  const json = async ({ path }: { readonly path: string }): Promise<unknown> => {
    asked.push(new URL(path, 'https://cluster.example.com'))
    const items = pages.shift() ?? []
    if (items instanceof Error) throw items
    return { metadata: { continue: pages.length > 0 ? `page ${asked.length + 1}` : '' }, items }
  }
  refusals = openRefusals({ json }, () => seconds * 1000)
})

const event = (job: string, suffix: string, minute: number, prefix = ''): ApiEvent => ({
  message: `${prefix}Error creating: pods "${job}${suffix}" is forbidden: exceeded quota: small`,
  lastTimestamp: `2026-01-02T03:0${minute}:00Z`,
  involvedObject: { kind: 'Job', name: job, uid: `uid of ${job}` },
})
const words = (job: string): string => `Error creating: pods "${job}" is forbidden: exceeded quota: small`

describe('why Jobs have no pods', () => {
  it('is the newest that is told of each, whatever its pod would have been called', async () => {
    pages = [
      [event('letters-1', '-x7k2p', 1), event('letters-1', '-abcde', 3), event('letters-1', '-fghij', 2)],
      [event('digits-1', '-0-x7k2p', 4, '(combined from similar events): ')],
    ]
    expect(await refusals.of('ml')).toEqual([
      { jobUid: 'uid of letters-1', message: words('letters-1'), at: new Date('2026-01-02T03:03:00Z') },
      { jobUid: 'uid of digits-1', message: words('digits-1'), at: new Date('2026-01-02T03:04:00Z') },
    ])
    expect(asked.map(({ pathname }) => pathname)).toEqual(Array(2).fill('/api/v1/namespaces/ml/events'))
    expect(asked.map(({ searchParams }) => searchParams.get('fieldSelector'))).toEqual(
      Array(2).fill('involvedObject.kind=Job,reason=FailedCreate'),
    )
    expect(asked.map(({ searchParams }) => searchParams.get('continue'))).toEqual([null, 'page 2'])
  })

  it('is asked once for all runs of a namespace within some seconds', async () => {
    pages = [[event('letters-1', '-x7k2p', 1)]]
    await Promise.all([refusals.of('ml'), refusals.of('ml'), refusals.of('other')])
    expect(asked).toHaveLength(2)
    seconds = 6
    await refusals.of('ml')
    expect(asked).toHaveLength(3)
  })

  it('is asked again at once when it could not be had', async () => {
    pages = [new Error('away'), [event('letters-1', '-x7k2p', 1)]]
    await expect(refusals.of('ml')).rejects.toThrow('away')
    expect(await refusals.of('ml')).toHaveLength(1)
  })
})
