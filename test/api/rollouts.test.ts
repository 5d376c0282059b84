import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Deployed } from '../../domain/publication.ts'
import type { Records } from '../../records/records.ts'
import { openTestApi, type TestApi } from '../support/api.ts'
import { entryOf, operated, published, serving, spec } from '../support/rollouts.ts'

const path = '/v1/endpoints/dev/language/letters'
let deployed: Deployed
let api: TestApi
beforeEach(async () => {
  deployed = published(serving(), spec(2))
  api = await openTestApi({} as Records, {
    endpoints: async () => [{ entry: entryOf(deployed), seen: null }],
    operate: async (operations) =>
      operations.map((operation) => {
        const { after, results } = operated(deployed, operation)
        deployed = after
        const [result] = results
        if (!result) throw new Error('nothing came of it')
        return result.applied ? { ...result, commit: 'c'.repeat(40) } : result
      }),
  })
})
afterEach(() => api.app.close())

describe('rollouts over HTTP', () => {
  it('a rollout is read with what is stable and what stands beside it', async () => {
    expect((await api.ask('GET', `${path}/rollout`)).json).toMatchObject({
      ...{ strategy: 'canary', url: null, paused: false, promoted: false, hold: null, wanted: null },
      stable: { revision: 1, model: 'letters@1', image: 'example/trainer:1', weight: 80, replicas: null, worked: true },
      candidate: { revision: 2, model: 'letters@1', image: 'example/trainer:2', weight: 20, worked: false },
    })
  })

  it('listed are those with something under way, and all where that is asked for', async () => {
    expect((await api.ask('GET', '/v1/rollouts')).json.items).toHaveLength(1)
    deployed = serving()
    expect((await api.ask('GET', '/v1/rollouts')).json.items).toEqual([])
    expect((await api.ask('GET', '/v1/rollouts?all=true')).json.items).toHaveLength(1)
  })

  it.each([
    ['set', { step: 'set', weight: 45 }, { candidate: { weight: 45 }, stable: { weight: 55 } }],
    ['pause', { step: 'pause' }, { paused: true }],
    ['promote', { step: 'promote' }, { promoted: true, stable: { revision: 2 } }],
    ['abort', { step: 'abort' }, { candidate: null, hold: 'ABORTED' }],
  ])('%s answers with the commit and what is there after it', async (_step, body, rollout) => {
    const { status, json } = await api.ask('POST', `${path}/rollout`, { body })
    expect(status).toBe(200)
    expect(json).toMatchObject({ commit: 'c'.repeat(40), rollout })
  })

  it('a rollback answers with the commit, and what it holds back', async () => {
    expect((await api.ask('POST', `${path}/rollback`, { body: {} })).json).toMatchObject({
      commit: 'c'.repeat(40),
      rollout: { hold: 'ROLLED_BACK', candidate: null, wanted: { image: 'example/trainer:2' } },
    })
  })

  it.each([
    ['a step that is not possible', `${path}/rollout`, { step: 'resume' }, 409, 'OPERATION_DROPPED'],
    [
      'an endpoint that is not there',
      '/v1/endpoints/dev/language/none/rollout',
      { step: 'pause' },
      404,
      'ENDPOINT_NOT_FOUND',
    ],
    ['a step that is none', `${path}/rollout`, { step: 'jump' }, 400, 'REQUEST_INVALID'],
    ['set without a weight', `${path}/rollout`, { step: 'set' }, 400, 'REQUEST_INVALID'],
    ['a weight where none belongs', `${path}/rollout`, { step: 'promote', weight: 5 }, 400, 'REQUEST_INVALID'],
    ['more than all', `${path}/rollout`, { step: 'set', weight: 101 }, 400, 'REQUEST_INVALID'],
  ])('%s is refused', async (_title, url, body, status, code) => {
    expect(await api.ask('POST', url, { body })).toMatchObject({ status, json: { error: { code } } })
  })
})
