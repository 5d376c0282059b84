import { afterEach, describe, expect, it } from 'vitest'
import { isFault } from '../../../domain/fault.ts'
import { type MlflowOptions, openMlflow } from '../../../reconciler/sources/mlflow/open.ts'
import type { SeenTrackerRun, TrackerSource } from '../../../reconciler/sources/tracker.ts'
import {
  type Behaviour,
  behaviours,
  json,
  type Misbehaving,
  runJson,
  startMisbehaving,
} from '../../support/mlflow/misbehaving.ts'

const runId = 'f70faf8f-f4b3-586d-81e4-8f734808fc0d'
const requests = { milliseconds: 400, answerBytes: 256 * 1024 }
const forever = new AbortController().signal

const servers: Misbehaving[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function facing(
  behaviour: Behaviour,
  options: Partial<MlflowOptions> = {},
): Promise<{ server: Misbehaving; source: TrackerSource }> {
  const server = await startMisbehaving(behaviour)
  servers.push(server)
  return { server, source: openMlflow({ uri: server.url, requests, ...options }) }
}

async function faultOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isFault(error)) throw new Error(`no fault, but ${String(error)}`)
  return { code: error.code, message: `${error.message} ${error.hint}` }
}

const run: SeenTrackerRun = {
  ...{ id: 'r1', experimentId: '1', status: 'FINISHED', startedAt: null, endedAt: null, artifactUri: null, url: '' },
  ...{ parentId: null, tags: {}, params: {}, metrics: { loss: 1, accuracy: 1 } },
}

describe('a tracker that', () => {
  it.each(Object.entries(behaviours))('%s is a fault in bounded time, for every question', async (_, behaviour) => {
    const { source } = await facing(behaviour)
    const questions = [
      source.tagged(runId, 'language/letters', forever),
      source.get('r1', forever),
      source.history(run, forever),
      source.artifacts(run, forever),
      source.tag('r1', { a: 'b' }, forever),
      source.close('r1', 'KILLED', new Date(), forever),
    ]
    const began = performance.now()
    for (const fault of await Promise.all(questions.map(faultOf))) {
      expect(fault.code).toBe('TRACKER_UNREACHABLE')
      expect(fault.message).toContain(source.address)
    }
    expect(performance.now() - began).toBeLessThan(5000)
  })

  it('is not there is a fault at once', async () => {
    const { server, source } = await facing(behaviours.hangs)
    await server.close()
    servers.length = 0
    expect((await faultOf(source.get('r1', forever))).message).toContain('ECONNREFUSED')
  })

  it('sends us elsewhere gets no second request, and elsewhere no credentials', async () => {
    const elsewhere = await startMisbehaving((_, response) => json(response, 200, { run: runJson('r1') }))
    servers.push(elsewhere)
    const to =
      (status: number): Behaviour =>
      (request, response) =>
        response.writeHead(status, { location: `${elsewhere.url}${request.url}` }).end()
    for (const status of [301, 302, 303, 307, 308]) {
      const { server, source } = await facing(to(status), { token: 'secret-token' })
      expect(await faultOf(source.get('r1', forever))).toMatchObject({ code: 'TRACKER_REFUSED' })
      expect(server.credentials).toEqual(['Bearer secret-token'])
    }
    expect(elsewhere.asked).toEqual([])
  })

  it.each([
    ['a token', { token: 'secret-token' }, 'secret-token'],
    ['a password', { username: 'anna', password: 'secret-word' }, 'secret-word'],
  ])('refuses and repeats %s does not make us repeat it', async (_, options, secret) => {
    const echo: Behaviour = (request, response) =>
      json(response, 403, {
        error_code: 'PERMISSION_DENIED',
        message: `${secret} ${request.headers.authorization} may not`,
      })
    const { source } = await facing(echo, options)
    const { code, message } = await faultOf(source.close('r1', 'KILLED', new Date(), forever))
    expect(code).toBe('TRACKER_REFUSED')
    expect(message).toContain('403')
    expect(message).not.toContain(secret)
    expect(message).not.toContain(Buffer.from(`anna:${secret}`).toString('base64'))
  })

  it('is some other server is a fault, not an empty answer', async () => {
    const { source } = await facing((_, response) => response.writeHead(404).end('404 page not found'))
    expect(await faultOf(source.tagged(runId, 'a', forever))).toMatchObject({ code: 'TRACKER_REFUSED' })
    const other = await facing((_, response) => json(response, 200, { status: 'ok' }))
    expect(await faultOf(other.source.get('r1', forever))).toMatchObject({ code: 'TRACKER_UNREACHABLE' })
  })

  it('answers with another run than it was asked for is not believed', async () => {
    const { source } = await facing((_, response) => json(response, 200, { run: runJson('r2') }))
    expect(await faultOf(source.get('r1', forever))).toMatchObject({ code: 'TRACKER_UNREACHABLE' })
  })

  it('answers a search with runs of others is not believed', async () => {
    const { source } = await facing((request, response) => {
      const experiment = { experiment_id: '1' }
      if (request.url?.includes('get-by-name')) json(response, 200, { experiment })
      else
        json(response, 200, {
          runs: [runJson('r2', { tags: { 'specyard.job_id': 'another' } })],
          experiments: [experiment],
        })
    })
    expect(await source.tagged(runId, 'a', forever)).toEqual([])
  })

  it('gives page after page is read only so far, and that is said', async () => {
    let step = 0
    const { server, source } = await facing(
      (_, response) => {
        const metrics = Array.from({ length: 50 }, () => ({
          key: 'loss',
          value: 1,
          timestamp: 1000,
          step: (step += 1),
        }))
        json(response, 200, { metrics, next_page_token: 'more' })
      },
      { reading: { pagesOfMetric: 3, steps: 20 } },
    )
    const { points, incomplete } = await source.history(run, forever)
    expect(server.asked).toHaveLength(6)
    expect(points.length).toBeLessThanOrEqual(20)
    expect(points.length).toBeGreaterThan(10)
    expect(incomplete).toEqual([
      'metrics: accuracy has more points than are read',
      'metrics: loss has more points than are read',
      `metrics: ${points.length} of 300 steps are kept, spread evenly`,
    ])
  })

  it('answers each question late is read for a bounded time, and what is missing is said', async () => {
    const late: Behaviour = (_, response) => setTimeout(() => json(response, 200, { metrics: [] }), 150)
    const { server, source } = await facing(late, { reading: { milliseconds: 200 } })
    const names = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`metric ${index}`, 1]))
    const { incomplete } = await source.history({ ...run, metrics: names }, forever)
    expect(server.asked.length).toBeLessThan(5)
    expect(incomplete[0]).toMatch(/^metrics: 4\d of 50 are missing: the time for reading them ran out$/)
  })

  it('names folders inside themselves, or without end, is listed only so far', async () => {
    let number = 0
    const { server, source } = await facing(
      (_, response) => {
        const files = ['a', 'a/a', `b${(number += 1)}`, 'x/'.repeat(9)].map((path) => ({ path, is_dir: true }))
        json(response, 200, { files: [...files, { path: `file ${number}`, file_size: '7' }, { path: 5 }, null] })
      },
      { reading: { folders: 12 } },
    )
    const { artifacts, incomplete } = await source.artifacts(run, forever)
    expect(server.asked).toHaveLength(12)
    expect(artifacts[0]).toEqual({ path: 'file 1', sizeBytes: 7 })
    expect(incomplete).toEqual([
      'artifacts: folders deeper than 8 are not listed',
      expect.stringMatching(/^artifacts: \d+ folders are not listed: there are too many$/),
    ])
  })

  it('hangs lets go of who breaks off, at once', async () => {
    const { source } = await facing(behaviours.hangs, { requests: { milliseconds: 60_000 } })
    const breaking = new AbortController()
    const asked = source.get('r1', breaking.signal)
    const why = new Error('the reconciler stops')
    const began = performance.now()
    breaking.abort(why)
    await expect(asked).rejects.toBe(why)
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})
