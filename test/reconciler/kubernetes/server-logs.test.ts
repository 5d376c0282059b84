import { beforeEach, expect, it } from 'vitest'
import { ApiError } from '../../../reconciler/sources/kubernetes/api/api-error.ts'
import type { Api } from '../../../reconciler/sources/kubernetes/api/api.ts'
import type { Logs } from '../../../reconciler/sources/kubernetes/logs.ts'
import { readServerLogs } from '../../../reconciler/sources/kubernetes/server-logs.ts'

/* Which pods of an endpoint are asked for their logs, and what is told where one gives none. */

const key = { environment: 'prod', project: 'language', name: 'handbook' }
let items: object[]
let asked: string[]
let tails: Record<string, readonly string[] | Error>
beforeEach(() => {
  items = []
  asked = []
  tails = {}
})

function add(name: string, minute: number, labels: Readonly<Record<string, string>>): void {
  const creationTimestamp = `2026-03-01T12:${String(minute).padStart(2, '0')}:00Z`
  const spec = { nodeName: 'one', containers: [{ name: 'server' }] }
  items.push({ metadata: { name, namespace: 'ml', uid: name, labels, creationTimestamp }, spec })
}
const stable = { 'app.kubernetes.io/instance': 'handbook' }
const candidate = { 'app.kubernetes.io/instance': 'handbook-candidate', 'specyard.dev/track': 'candidate' }

function read(lines = 5) {
  const api = { json: async ({ path }: { path: string }) => (asked.push(path), { items }) } as unknown as Api
  const logs: Logs = {
    tail: async ({ name, namespace }, wanted) => {
      asked.push(`${namespace}/${name} ${wanted}`)
      const tail = tails[name] ?? [`${name} speaks`]
      if (tail instanceof Error) throw tail
      return tail
    },
  }
  return readServerLogs({ api, logs }, 'ml', key, lines)
}

it('the pods of both tracks are asked, the newest first, and by labels that name endpoint, project and environment', async () => {
  add('handbook-1', 1, stable)
  add('handbook-candidate-1', 3, candidate)
  add('handbook-2', 2, stable)
  expect(await read()).toEqual([
    { pod: 'handbook-candidate-1', track: 'candidate', lines: ['handbook-candidate-1 speaks'], trouble: null },
    { pod: 'handbook-2', track: 'stable', lines: ['handbook-2 speaks'], trouble: null },
    { pod: 'handbook-1', track: 'stable', lines: ['handbook-1 speaks'], trouble: null },
  ])
  const { pathname, searchParams } = new URL(asked[0] ?? '', 'https://cluster.example.com')
  expect([pathname, searchParams.get('labelSelector')]).toEqual([
    '/api/v1/namespaces/ml/pods',
    'app.kubernetes.io/name=serving-endpoint,specyard.dev/environment=prod,specyard.dev/project=language,app.kubernetes.io/instance in (handbook,handbook-candidate)',
  ])
  expect(asked).toContain('ml/handbook-2 5')
})

it('an endpoint that is called like our candidate is none of ours', async () => {
  add('handbook-candidate-own', 1, {
    'app.kubernetes.io/instance': 'handbook-candidate',
    'specyard.dev/track': 'stable',
  })
  expect(await read()).toEqual([])
})

it('of more than ten pods the newest ten are asked', async () => {
  for (let index = 0; index < 30; index += 1) add(`handbook-${index}`, index, stable)
  const found = await read()
  expect([found.length, found[0]?.pod, found.at(-1)?.pod]).toEqual([10, 'handbook-29', 'handbook-20'])
})

it('a pod whose node gives no log keeps those of the others from nobody', async () => {
  add('handbook-1', 1, stable)
  add('handbook-2', 2, stable)
  tails['handbook-2'] = new ApiError('node one gave no log', { status: 500 })
  expect(await read()).toMatchObject([
    { pod: 'handbook-2', lines: [], trouble: 'node one gave no log' },
    { pod: 'handbook-1', lines: ['handbook-1 speaks'], trouble: null },
  ])
})
