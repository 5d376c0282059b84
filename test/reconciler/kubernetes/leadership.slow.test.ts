import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LeadershipOptions, leadInTurns, type Term } from '../../../reconciler/sources/kubernetes/leadership.ts'
import { type LeaseServer, leaseName, startLeaseServer } from '../../support/kubernetes/lease-server.ts'

/** Seconds become tenths. Leases count in whole seconds. */
const times = { lease: 1000, renew: 600, retry: 100 }
/** How much later than it should a loaded machine may do something, milliseconds. */
const slack = 2000

let server: LeaseServer
const running: { readonly stop: AbortController; readonly ended: Promise<unknown> }[] = []
beforeEach(async () => {
  server = await startLeaseServer()
})
afterEach(async () => {
  server.meddle(undefined)
  for (const { stop } of running) stop.abort()
  for (const { ended } of running.splice(0)) await ended.catch(() => undefined)
  await server.close()
})

interface Process {
  readonly identity: string
  /** Terms that have begun. */
  terms(): number
  leads(): boolean
  readonly logged: readonly string[]
  /** What it heard last of what is in its way. */
  hindrance(): string | undefined
  /** What `leadInTurns` came to. */
  readonly ended: ReturnType<typeof leadInTurns>
  stop(): void
}

const untilAborted: Term = async (ended) => {
  if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }))
}

function start(identity: string, term: Term = untilAborted, more: Partial<LeadershipOptions> = {}): Process {
  const stop = new AbortController()
  const logged: string[] = []
  let terms = 0
  let leads = false
  let hindrance: string | undefined
  const counted: Term = async (ended) => {
    terms += 1
    leads = true
    ended.addEventListener('abort', () => (leads = false))
    await term(ended)
  }
  const { kubeconfig } = server
  const log = ({ level, message }: { level: string; message: string }): void => void logged.push(`${level}: ${message}`)
  const hindered = (fault: { message: string } | undefined): void => void (hindrance = fault?.message)
  const options = { kubeconfig, context: null, lease: leaseName, identity, times, hindered, log, ...more }
  const ended = leadInTurns(options, counted, stop.signal)
  ended.catch(() => undefined)
  running.push({ stop, ended })
  const [seeTerms, seeLeads, seeHindrance] = [() => terms, () => leads, () => hindrance]
  return {
    identity,
    terms: seeTerms,
    leads: seeLeads,
    hindrance: seeHindrance,
    logged,
    ended,
    stop: () => stop.abort(),
  }
}

async function untilLeads(one: Process, milliseconds = 3000): Promise<number> {
  const from = performance.now()
  await vi.waitFor(() => expect(one.leads()).toBe(true), { timeout: milliseconds, interval: 5 })
  return performance.now() - from
}

async function untilEnds(one: Process, milliseconds: number): Promise<number> {
  const from = performance.now()
  await vi.waitFor(() => expect(one.leads()).toBe(false), { timeout: milliseconds, interval: 5 })
  return performance.now() - from
}

const anHour = 3_600_000
const held = (more: Readonly<Record<string, unknown>> = {}) => ({
  holderIdentity: 'somebody-else',
  leaseDurationSeconds: 1,
  renewTime: new Date().toISOString(),
  ...more,
})

describe('one of several processes leads', () => {
  it('a Lease that is not there is made, renewed, and given back at an orderly end', async () => {
    const one = start('one')
    await untilLeads(one)
    const first = server.lease()
    expect(first?.spec).toMatchObject({ holderIdentity: 'one', leaseDurationSeconds: 1, leaseTransitions: 0 })
    await vi.waitFor(() => expect(server.requests.filter((method) => method === 'PUT').length).toBeGreaterThan(2))
    expect(server.lease()?.spec.acquireTime).toBe(first?.spec.acquireTime)
    one.stop()
    expect(await one.ended).toBeUndefined()
    expect(server.lease()?.spec).toMatchObject({ holderIdentity: '', leaseTransitions: 0 })
  })

  it('the second one waits, says who leads, and takes over at once when the first ends in order', async () => {
    const one = start('one')
    await untilLeads(one)
    const two = start('two')
    await vi.waitFor(() => expect(two.logged).toEqual(['info: one leads by the Lease specyard/reconciler; two waits']))
    one.stop()
    await one.ended
    expect(await untilLeads(two)).toBeLessThan(times.retry * 1.2 + slack)
    expect(server.lease()?.spec).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 })
  })

  const clocks: readonly (readonly [sentence: string, aheadMilliseconds: number])[] = [
    ['agrees with ours', 0],
    ['is an hour ahead', anHour],
    ['is an hour behind', -anHour],
  ]
  it.each(clocks)('a holder that died is followed once its Lease ran out, although its clock %s', async (_s, ahead) => {
    server.put(held({ renewTime: new Date(Date.now() + ahead).toISOString() }))
    const waited = await untilLeads(start('one'))
    expect(waited).toBeGreaterThanOrEqual(1000)
    expect(waited).toBeLessThan(1000 + times.retry * 1.2 + slack)
  })

  it('a Lease that runs out between two looks is taken then, and not a whole pause later', async () => {
    server.put(held())
    // A pause of this length is never shorter than 4 s.
    expect(await untilLeads(start('one', untilAborted, { times: { ...times, retry: 5000 } }))).toBeLessThan(4000)
  })

  it('a holder that renews keeps its Lease, although its clock is an hour behind', async () => {
    const renewed = () => server.put(held({ renewTime: new Date(Date.now() - anHour).toISOString() }))
    renewed()
    const one = start('one')
    for (let times = 0; times < 6; times += 1) {
      await pause(400)
      renewed()
    }
    expect(one.terms()).toBe(0)
  })

  it('of several that find the Lease free at the same moment one leads', async () => {
    server.put(held({ holderIdentity: '' }))
    const all = ['one', 'two', 'three', 'four', 'five'].map((identity) => start(identity))
    await vi.waitFor(() => expect(all.filter((one) => one.leads())).toHaveLength(1), { interval: 5 })
    const leader = all.find((one) => one.leads())
    await vi.waitFor(() => expect(all.filter((one) => one.logged.length > 0)).toHaveLength(5))
    expect(all.filter((one) => one.terms() > 0)).toEqual([leader])
    expect(server.lease()?.spec.holderIdentity).toBe(leader?.identity)
  })

  it('a write that lost a race is tried again, and is not worth a word', async () => {
    let refusals = 3
    server.meddle((method) => (method !== 'GET' && refusals-- > 0 ? 409 : undefined))
    const one = start('one')
    await untilLeads(one)
    expect(one.logged).toEqual(['info: one leads by the Lease specyard/reconciler'])
  })
})

describe('a leader', () => {
  it('leads no longer as soon as it sees another name in its Lease', async () => {
    const one = start('one')
    await untilLeads(one)
    server.put(held())
    expect(await untilEnds(one, 3000)).toBeLessThan(times.retry * 1.2 + slack)
    expect(one.logged).toContain('warn: one leads no longer: somebody-else has taken its Lease')
  })

  const silences: readonly (readonly [sentence: string, silent: (method: string) => boolean])[] = [
    ['nothing is answered', () => true],
    ['no renewal is answered', (method) => method === 'PUT'],
  ]
  it.each(silences)('ends its term before others may take the Lease when %s', async (_sentence, silent) => {
    const one = start('one')
    await untilLeads(one)
    server.meddle((method) => (silent(method) ? 'silence' : undefined))
    expect(await untilEnds(one, 5000)).toBeLessThan(times.lease)
    expect(one.logged).toContain('warn: one leads no longer: its Lease was not renewed in time')
  })

  it('goes on when single renewals fail, and says what is in the way once', async () => {
    const one = start('one')
    await untilLeads(one)
    let failures = 3
    server.meddle(() => (failures-- > 0 ? 500 : undefined))
    await vi.waitFor(() => expect(one.hindrance()).toContain('refused with 500'), { interval: 5 })
    await vi.waitFor(() => expect(failures).toBeLessThan(-6))
    expect(one.hindrance()).toBeUndefined()
    expect(one.terms()).toBe(1)
    expect(one.leads()).toBe(true)
    expect(one.logged.filter((line) => line.includes('refused with 500'))).toHaveLength(1)
  })

  it('that was frozen for too long leads no longer, and does not renew first', async () => {
    const one = start('one')
    await untilLeads(one)
    const before = server.lease()?.metadata.resourceVersion
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, times.renew + times.retry * 2)
    await untilEnds(one, 1000)
    const names = server.requests.length
    expect(one.logged).toContain('warn: one leads no longer: its Lease was not renewed in time')
    // The one write at most that was under way when it was frozen.
    expect(Number(server.lease()?.metadata.resourceVersion) - Number(before)).toBeLessThanOrEqual(1)
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(names))
  })

  it('gives the Lease back when its term fails, and throws what it threw', async () => {
    const one = start('one', () => Promise.reject(new Error('nothing works')))
    await expect(one.ended).rejects.toThrow('nothing works')
    expect(server.lease()?.spec.holderIdentity).toBe('')
  })

  it('whose terms end by themselves lets others have a turn before the next', async () => {
    const from = performance.now()
    const one = start('one', async () => {})
    await vi.waitFor(() => expect(one.terms()).toBeGreaterThan(3), { timeout: 5000 })
    const rests = (performance.now() - from) / (times.retry * 0.8)
    expect(one.terms()).toBeLessThanOrEqual(Math.ceil(rests) + 1)
  })

  it('ends soon when it is told to, although nobody answers', async () => {
    const one = start('one')
    await untilLeads(one)
    server.meddle(() => 'silence')
    await pause(times.retry * 1.5)
    const from = performance.now()
    one.stop()
    await one.ended
    expect(performance.now() - from).toBeLessThan(times.retry + slack)
  })
})

describe('a process that cannot come to lead', () => {
  const refusals: readonly (readonly [sentence: string, status: number, code: string])[] = [
    ['its namespace is not there', 404, 'CLUSTER_REFUSED'],
    ['it may not', 403, 'CLUSTER_REFUSED'],
    ['the API server has a fault', 500, 'CLUSTER_UNREACHABLE'],
  ]
  it.each(refusals)('because %s says so once, and in the end', async (_sentence, status, code) => {
    server.meddle(() => status)
    const one = start('one')
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(4))
    one.stop()
    expect(await one.ended).toMatchObject({ code })
    expect(one.terms()).toBe(0)
    expect(one.hindrance()).toContain('refused with')
    expect(one.logged).toHaveLength(1)
    expect(one.logged[0]).toMatch(/^warn: the Lease specyard\/reconciler: .*refused with/)
  })

  it('because nobody answers says so, and in the end', async () => {
    server.meddle(() => 'silence')
    const one = start('one')
    await vi.waitFor(() => expect(one.logged.join('\n')).toContain('no answer within 0.6 s'), { timeout: 3000 })
    one.stop()
    expect(await one.ended).toMatchObject({ code: 'CLUSTER_UNREACHABLE' })
  })

  it('because another one leads has nothing in its way', async () => {
    server.put(held({ leaseDurationSeconds: 60 }))
    const one = start('one')
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(2))
    one.stop()
    expect(await one.ended).toBeUndefined()
  })

  it('and wants it only where nobody leads, does not wait for one that renews', async () => {
    const one = start('one')
    await untilLeads(one)
    const from = performance.now()
    const two = start('two', untilAborted, { yields: true })
    expect(await two.ended).toBeUndefined()
    expect(performance.now() - from).toBeLessThan(times.retry * 4 + slack)
    expect(two.terms()).toBe(0)
    expect(one.leads()).toBe(true)
  })

  it('and wants it only where nobody leads, still waits for the Lease of one that died', async () => {
    server.put(held())
    await untilLeads(start('one', untilAborted, { yields: true }))
  })

  it('leaves nothing behind when it is stopped while it asks for the Lease', async () => {
    server.meddle((method) => (method === 'POST' ? 'silence' : undefined))
    const one = start('one')
    await vi.waitFor(() => expect(server.requests).toContain('POST'))
    // The write came through; its answer did not.
    server.put(held({ holderIdentity: 'one' }))
    one.stop()
    await one.ended
    expect(server.lease()?.spec.holderIdentity).toBe('')
  })
})
