import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import type { IncomingMessage } from 'node:http'
import { ApiError } from '../../../reconciler/sources/kubernetes/api/api-error.ts'
import type { Api } from '../../../reconciler/sources/kubernetes/api/api.ts'
import { cutLines, type Logs, openLogs, spokenContainer } from '../../../reconciler/sources/kubernetes/logs.ts'
import { container, pod } from '../../support/reconciler.ts'

/** What a request for a log is answered with, by the query's parameters. */
let answer: (query: URLSearchParams) => string
let asked: URLSearchParams[]
let seconds: number
let logs: Logs
beforeEach(() => {
  asked = []
  seconds = 0
  const api: Api = {
    server: 'https://cluster.example.com',
    open: async ({ path }) => {
      const query = new URL(path, 'https://cluster.example.com').searchParams
      asked.push(query)
      return Readable.from([Buffer.from(answer(query))]) as unknown as IncomingMessage
    },
    json: () => Promise.reject(new Error('nothing else is asked for')),
    dropIdle: () => {},
    close: () => {},
  }
  logs = openLogs(api, () => seconds * 1000)
})

const lines = (count: number, length: number): string =>
  Array.from({ length: count }, (_, number) => `${number}`.padEnd(length - 1, '.')).join('\n') + '\n'

describe('the log of a pod', () => {
  it('is its last lines', async () => {
    answer = (query) => {
      const all = lines(300, 10).split('\n')
      return all.slice(-1 - Number(query.get('tailLines'))).join('\n')
    }
    const tail = await logs.tail(pod(), 100)
    expect([tail.length, tail[0], tail.at(-1)]).toEqual([100, '200......', '299......'])
    expect(asked).toHaveLength(1)
  })

  it('with longer lines than there is room for is fewer of them, but always the last', async () => {
    const megabyte = 1024 * 1024
    const all = Array.from({ length: 100 }, (_, number) => `${number}`.padEnd(megabyte, 'x'))
    // As the API server does it: the limit takes away the end.
    answer = (query) =>
      all
        .slice(-Number(query.get('tailLines')))
        .join('\n')
        .slice(0, Number(query.get('limitBytes')))
    const tail = await logs.tail(pod(), 100)
    expect(tail.at(-1)?.startsWith('99')).toBe(true)
    expect(asked.map((one) => one.get('tailLines'))).toEqual(['100', '25', '7', '2'])
  })

  it('of a container that was started again and has said nothing yet is what was said before', async () => {
    answer = (query) => (query.get('previous') === 'true' ? 'the words before' : '')
    const waiting = pod({ containers: [container({ state: 'waiting', reason: 'CrashLoopBackOff' })] })
    expect(await logs.tail(waiting, 5)).toEqual(['the words before'])
  })

  it.each([400, 404])('is empty when there is none (%s)', async (status) => {
    answer = () => {
      throw new ApiError('there is none', { status })
    }
    expect(await logs.tail(pod(), 5)).toEqual([])
  })

  it('of a node that gave none is not asked for again before a minute has passed; of other nodes it is', async () => {
    answer = () => {
      throw new ApiError('dial tcp: connection refused', { status: 500 })
    }
    await expect(logs.tail(pod(), 5)).rejects.toThrow('connection refused')
    answer = () => 'its words'
    seconds = 59
    await expect(logs.tail(pod(), 5)).rejects.toThrow('node node-1 gave no log less than 60 s ago')
    expect(await logs.tail(pod({ node: 'node-2' }), 5)).toEqual(['its words'])
    seconds = 60
    expect(await logs.tail(pod(), 5)).toEqual(['its words'])
  })

  it('that is forbidden says nothing of its node', async () => {
    answer = () => {
      throw new ApiError('forbidden', { status: 403 })
    }
    for (let tries = 0; tries < 2; tries += 1) await expect(logs.tail(pod(), 5)).rejects.toThrow('forbidden')
  })
})

describe('the container whose words count', () => {
  const lease = container({ name: 'lease', init: true, state: 'terminated', exitCode: 75 })
  const waiting = container({ state: 'waiting' })
  const table = [
    ['is the trainer when it ran', [lease, container()], 'trainer'],
    ['is the init container that kept it from starting', [lease, waiting], 'lease'],
    ['is the trainer when nothing failed', [{ ...lease, exitCode: 0 }, waiting], 'trainer'],
    ['is none when there is none', [], undefined],
  ] as const
  it.each(table)('%s', (_sentence, containers, name) => {
    expect(spokenContainer(containers)?.name).toBe(name)
  })
})

it('lines are cut without the empty one after the last newline', () => {
  expect(cutLines('a\nb\n', 5)).toEqual(['a', 'b'])
  expect(cutLines('', 5)).toEqual([])
  expect(cutLines('a\n\n', 5)).toEqual(['a', ''])
})
