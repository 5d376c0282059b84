import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../../reconciler/sources/kubernetes/api/api-error.ts'
import type { Api } from '../../../reconciler/sources/kubernetes/api/api.ts'
import { createHealth, type Health, staleSecondsMax } from '../../../reconciler/sources/kubernetes/health.ts'
import type { Mirror } from '../../../reconciler/sources/kubernetes/watch/mirror.ts'

/** What a mirror says of itself; the tests change it. */
interface Standing {
  listed: boolean
  ageSeconds: number | null
  error: ApiError | null
}

let logged: string[]
let whole: number
let health: Health
beforeEach(() => {
  logged = []
  whole = 0
  const log = ({ level, message }: { level: string; message: string }) => void logged.push(`${level}: ${message}`)
  health = createHealth({ server: 'https://cluster.example.com' } as Api, log, () => (whole += 1))
})

function add(name: string, standing: Partial<Standing> = {}): Standing {
  const state: Standing = { listed: true, ageSeconds: 1, error: null, ...standing }
  const mirror: Mirror<unknown> = {
    values: () => [],
    find: () => undefined,
    listed: () => state.listed,
    absent: () => false,
    lastError: () => state.error,
    staleness: () => ({
      ...{ name, ageSeconds: state.ageSeconds, objects: 0, lists: 1, watches: 1, failures: 0 },
      error: state.error?.message ?? null,
    }),
    close: async () => {},
  }
  health.add(mirror)
  return state
}

const refused = new ApiError('jobs is forbidden', { status: 403 })
const broken = new ApiError('socket hang up')

describe('what is known of a cluster', () => {
  const table: readonly (readonly [sentence: string, standing: Partial<Standing>, code: string | null])[] = [
    ['may be acted upon when it is fresh', {}, null],
    ['may be acted upon for a while when its connection has broken', { ageSeconds: 20, error: broken }, null],
    ['may be acted upon to the last second', { ageSeconds: staleSecondsMax }, null],
    ['is not when nothing was heard for longer', { ageSeconds: staleSecondsMax + 0.1 }, 'CLUSTER_UNREACHABLE'],
    [
      'is not when its connection broke for longer',
      { ageSeconds: staleSecondsMax + 1, error: broken },
      'CLUSTER_UNREACHABLE',
    ],
    ['is not when it may not be followed, however fresh', { error: refused }, 'CLUSTER_REFUSED'],
    ['is not when it was never listed', { listed: false, ageSeconds: null, error: broken }, 'CLUSTER_UNREACHABLE'],
  ]
  it.each(table)('%s', async (_sentence, standing, code) => {
    add('jobs in a')
    add('pods in a', standing)
    if (code === null) await health.current()
    else
      await expect(health.current()).rejects.toMatchObject({
        code,
        message: expect.stringContaining('following pods in a') as string,
      })
  })

  it('is waited for until it is listed', async () => {
    const jobs = add('jobs in a', { listed: false, ageSeconds: null })
    const current = health.current()
    Object.assign(jobs, { listed: true, ageSeconds: 0 })
    health.stirred()
    await current
  })

  it('is waited for when the API server asks to wait before its first list', async () => {
    const error = new ApiError('storage is (re)initializing', { status: 429, retryAfterSeconds: 1 })
    const jobs = add('jobs in a', { listed: false, ageSeconds: null, error })
    const current = health.current()
    health.stirred()
    Object.assign(jobs, { listed: true, ageSeconds: 0, error: null })
    health.stirred()
    await current
  })
})

describe('what is said of a cluster', () => {
  it('is one warning when many collections fail, and one word when all are followed again', () => {
    const jobs = add('jobs in a')
    const pods = add('pods in a')
    health.stirred()
    expect([whole, logged]).toEqual([1, []])
    jobs.error = broken
    health.stirred()
    pods.error = broken
    health.stirred()
    jobs.error = null
    health.stirred()
    expect(logged).toEqual([
      'warn: following jobs in a at https://cluster.example.com failed and is tried again: socket hang up',
    ])
    pods.error = null
    health.stirred()
    expect(logged.at(-1)).toBe('info: https://cluster.example.com is followed again')
    expect(whole).toBe(2)
  })

  it('is no second warning within a minute, however often it comes and goes', () => {
    const jobs = add('jobs in a')
    for (let round = 0; round < 5; round += 1) {
      jobs.error = broken
      health.stirred()
      jobs.error = null
      health.stirred()
    }
    expect(logged.filter((one) => one.startsWith('warn'))).toHaveLength(1)
  })

  it('is nothing once it is closed', async () => {
    const jobs = add('jobs in a')
    await health.close()
    jobs.error = broken
    health.stirred()
    expect(logged).toEqual([])
  })
})
