import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../../reconciler/sources/kubernetes/api/api-error.ts'
import type { Api, ApiRequest } from '../../../reconciler/sources/kubernetes/api/api.ts'
import { type Leases, openLeases, type WantedLease } from '../../../reconciler/sources/kubernetes/leases.ts'
import { leaseSecret } from '../../../reconciler/sources/kubernetes/projection/lease.ts'

/*
 * Which leases are read when. That a Secret is granted once, renewed and removed is tried against an API server in test/cluster/source/.
 */

const namespace = 'ml-language'
let secrets: Map<string, unknown>
let requests: string[]
let seconds: number
let leases: Leases
beforeEach(() => {
  secrets = new Map()
  requests = []
  seconds = 0
  leases = openLeases(api, () => seconds * 1000)
})

/** Secrets by their paths, and nothing else of an API server. */
const api: Pick<Api, 'json'> & Api = {
  server: 'https://cluster.example.com',
  open: () => Promise.reject(new Error('nothing is streamed here')),
  json: async ({ method = 'GET', path, body }: ApiRequest) => {
    requests.push(`${method} ${path.split('callback-token-')[1] ?? path}`)
    const name = (body as { metadata?: { name?: string } } | undefined)?.metadata?.name
    if (method === 'POST') {
      if (secrets.has(`${path}/${name}`)) throw new ApiError('it exists', { status: 409 })
      secrets.set(`${path}/${name}`, body)
    } else if (!secrets.has(path)) throw new ApiError('it is not there', { status: 404 })
    if (method === 'DELETE') secrets.delete(path)
    return secrets.get(path) ?? {}
  },
  dropIdle: () => {},
  close: () => {},
}

const want = (runId: string, urgency: WantedLease['urgency'] = 'live'): WantedLease => ({
  namespace,
  runId,
  attempt: 1,
  urgency,
  jobUid: `job of ${runId}`,
})
const grant = (runId: string) => ({
  ...want(runId),
  jobUid: `job of ${runId}`,
  token: 't',
  tokenExpiresAt: new Date(0),
})

/** A lease that somebody else made. */
function put(runId: string): void {
  const secret = leaseSecret(grant(runId))
  secrets.set(`/api/v1/namespaces/${namespace}/secrets/${secret.metadata?.name}`, secret)
}

async function look(...wanted: readonly WantedLease[]): Promise<readonly string[]> {
  return (await leases.read(wanted)).map((one) => one.runId).sort()
}

/** @returns what was asked for since the last time */
const asked = (): readonly string[] => requests.splice(0)

describe('leases', () => {
  it('of Jobs that may need them are read before anything is said of them', async () => {
    put('a')
    expect(await look(want('a'), want('b'))).toEqual(['a'])
    expect(asked()).toEqual(['GET a-1', 'GET b-1'])
  })

  const kept: readonly (readonly [
    sentence: string,
    urgency: WantedLease['urgency'],
    isThere: boolean,
    after: number,
  ])[] = [
    ['that are there are read again after a minute', 'live', true, 60],
    ['that are not there yet are read again after two seconds', 'live', false, 2],
    ['of trainings that began by them are read again after ten minutes', 'begun', true, 600],
    ['of which only the removal is left are read again after five minutes', 'once', true, 300],
    ['of Jobs that have ended are read again after five minutes', 'none', true, 300],
  ]
  it.each(kept)('%s', async (_sentence, urgency, isThere, after) => {
    if (isThere) put('a')
    await look(want('a', urgency))
    expect(asked()).toEqual(['GET a-1'])
    seconds = after - 0.1
    await look(want('a', urgency))
    expect(asked()).toEqual([])
    seconds = after
    await look(want('a', urgency))
    expect(asked()).toEqual(['GET a-1'])
  })

  it('of others than those asked for alone are neither read nor told', async () => {
    put('a')
    put('b')
    expect(await look(want('a'), want('b'))).toEqual(['a', 'b'])
    asked()
    seconds = 300
    expect((await leases.read([want('a')], 'alone')).map(({ runId }) => runId)).toEqual(['a'])
    expect(asked()).toEqual(['GET a-1'])
    expect(await look(want('a'))).toEqual(['a', 'b'])
    expect(asked()).toEqual(['GET b-1'])
  })

  it('that we grant or remove are known at once, without being read', async () => {
    await leases.grant(grant('a'))
    asked()
    expect(await look(want('a'))).toEqual(['a'])
    await leases.remove(want('a'))
    asked()
    expect(await look(want('a'))).toEqual([])
    expect(asked()).toEqual([])
  })

  it('that were granted before are read, to know to whom', async () => {
    put('a')
    await leases.grant({ ...grant('a'), jobUid: 'another' })
    expect(asked()).toEqual([`POST /api/v1/namespaces/${namespace}/secrets`, 'GET a-1'])
    expect(await leases.read([want('a')])).toMatchObject([{ jobUid: 'job of a' }])
  })

  it('stay in sight when their Jobs are gone, until they are gone too', async () => {
    put('a')
    await look(want('a'))
    expect(await look()).toEqual(['a'])
    secrets.clear()
    seconds = 300
    expect(await look()).toEqual([])
    asked()
    expect(await look()).toEqual([])
    expect(asked()).toEqual([])
  })

  it('that must be known are all read at once, however many: what is not known must not look as if it were not there', async () => {
    const names = Array.from({ length: 250 }, (_, number) => `run-${number}`)
    for (const name of names) put(name)
    expect(await look(...names.map((name) => want(name, 'once')))).toHaveLength(250)
    expect(asked()).toHaveLength(250)
  })

  it('that are only to be removed one day are read a hundred in one look, the longest unread first', async () => {
    const names = Array.from({ length: 250 }, (_, number) => `run-${number}`)
    for (const name of names) put(name)
    const wanted = names.map((name) => want(name, 'none'))
    expect(await look(...wanted)).toHaveLength(100)
    expect(await look(...wanted)).toHaveLength(200)
    expect(await look(...wanted)).toHaveLength(250)
    expect(new Set(asked()).size).toBe(250)
    expect(await look(...wanted)).toHaveLength(250)
    expect(asked()).toEqual([])
  })

  it('of trainings that began by them are presumed to be theirs until they are read, a hundred in one look', async () => {
    const wanted = Array.from({ length: 250 }, (_, number) => want(`run-${number}`, 'begun'))
    for (const { runId } of wanted.slice(1)) put(runId)
    expect(await look(...wanted)).toHaveLength(249)
    const read = await leases.read(wanted)
    expect(read.find((one) => one.runId === 'run-249')).toEqual({
      runId: 'run-249',
      attempt: 1,
      jobUid: 'job of run-249',
      tokenExpiresAt: new Date('9999-12-31T00:00:00Z'),
    })
    expect(asked()).toHaveLength(200)
    await look(...wanted)
    const last = (await leases.read(wanted)).find((one) => one.runId === 'run-249')
    expect(last?.tokenExpiresAt).toEqual(new Date(0))
    expect(new Set(asked()).size).toBe(50)
  })

  it('of an attempt with two Jobs are as urgent as the more urgent one', async () => {
    const many = Array.from({ length: 150 }, (_, number) => want(`run-${number}`, 'none'))
    put('a')
    expect(await look(...many, want('a', 'none'), want('a', 'live'))).toEqual(['a'])
  })
})
