import { describe, expect, it } from 'vitest'
import { createRivalry, holderText } from '../../cli/service/rivalry.ts'
import { isFault } from '../../domain/fault.ts'

/* What two reconcilers say and do that take the fence of one database from each other. */

const lease = { namespace: 'specyard', name: 'reconciler' }
const at = new Date('2026-01-02T03:00:00Z')
const times = { first: 1, most: 4 }

function open(options: { lease?: typeof lease | undefined; holder?: string | undefined; away?: boolean }) {
  const logged: string[] = []
  const clock = { seconds: 0 }
  const { holder, away } = options
  const current = async () => {
    if (away) throw new Error('the database is away')
    return holder === undefined ? undefined : { token: 7, holder, takenAt: at }
  }
  const rivalry = createRivalry(
    { current },
    {
      lease: options.lease,
      now: () => new Date(at.getTime() + clock.seconds * 1000),
      log: ({ level, message }) => logged.push(`${level}: ${message}`),
    },
    times,
  )
  return { rivalry, logged, clock }
}
const never = (): AbortSignal => new AbortController().signal

describe('who reconciles without a Lease', () => {
  it('warns where it takes over from who leads by one, and names it', async () => {
    const { rivalry, logged } = open({ holder: holderText('pod-1', lease) })
    await rivalry.beforeTaking()
    expect(logged).toEqual([
      'warn: this process reconciles without a Lease and takes over from pod-1 by the Lease specyard/reconciler, since 2026-01-02T03:00:00.000Z. ' +
        'If that one still runs, start this one with --no-reconcile',
    ])
  })

  it.each([
    ['nobody was before it', undefined],
    ['who was before it had no Lease either', holderText('pod-1', undefined)],
  ])('says nothing where %s', async (_what, holder) => {
    const { rivalry, logged } = open({ holder })
    await rivalry.beforeTaking()
    expect(logged).toEqual([])
  })

  it('ends with who replaced it and what to do', async () => {
    const { rivalry } = open({ holder: holderText('pod-1', lease) })
    const fault = await rivalry.named(new Error('the database refuses this token'))
    expect(isFault(fault, 'FENCE_LOST')).toBe(true)
    expect(fault.message).toBe(
      'the database refuses this token. Now reconciles: pod-1 by the Lease specyard/reconciler, since 2026-01-02T03:00:00.000Z',
    )
    expect(fault.hint).toContain('--no-reconcile')
  })

  it('ends all the same where nobody can be asked who that is', async () => {
    const fault = await open({ away: true }).rivalry.named(new Error('refused'))
    expect(fault.message).toContain('somebody who is not known now')
  })
})

describe('who holds a Lease', () => {
  it('takes over silently: the Lease has said that it may', async () => {
    const { rivalry, logged } = open({ lease, holder: holderText('pod-1', lease) })
    await rivalry.beforeTaking()
    expect(logged).toEqual([])
  })

  it('names who took the fence past its Lease, and waits longer each time, up to a limit', async () => {
    const { rivalry, logged } = open({ lease, holder: holderText('pod-2', undefined) })
    const waited: number[] = []
    for (let number = 0; number < 5; number += 1) {
      await rivalry.beforeTaking()
      const from = performance.now()
      await rivalry.pause(never())
      waited.push(performance.now() - from)
    }
    expect(logged).toHaveLength(5)
    expect(logged[0]).toMatch(
      /^error: FENCE_LOST: .*past the Lease specyard\/reconciler.*by pod-2 without a Lease, since/,
    )
    expect(logged[0]).toContain('serve --no-reconcile')
    expect(Math.min(...waited.slice(2))).toBeGreaterThanOrEqual(2)
  })

  it('says nothing where its Lease goes to another meanwhile: that one was in the right', async () => {
    const { rivalry, logged } = open({ lease, holder: holderText('pod-2', lease) })
    await rivalry.beforeTaking()
    await rivalry.pause(AbortSignal.abort())
    expect(logged).toEqual([])
  })
})
