import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/*
 * Trainers that speak without a pause: each says its next message once the one before was acknowledged, and says it again until it is.
 */

export interface Trainer {
  readonly runId: string
  readonly podUid: string
  readonly token: string
}

export const kinds = ['heartbeat', 'event', 'done'] as const
export type Kind = (typeof kinds)[number]

/** One answer that was not an acknowledgement. Status 0: the connection broke or was refused. */
export interface Refusal {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
  readonly path: string
}

export interface Load {
  /** Sequences that were acknowledged, by pod and kind. */
  readonly acked: ReadonlyMap<string, Readonly<Record<Kind, readonly number[]>>>
  ackedCount(): number
  /** When a message was acknowledged last, by the clock of `performance`. */
  lastAck(): number
  readonly refusals: readonly Refusal[]
  /** Refusals that were not kept, since there were so many. */
  refusalCount(): number
  stop(): Promise<void>
}

const refusalsMost = 20_000
const requestMilliseconds = 20_000

/** @param heard called with each answer that was no acknowledgement */
export function startLoad(url: string, trainers: readonly Trainer[]): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: trainers.length })
  const acked = new Map(trainers.map(({ podUid }) => [podUid, { heartbeat: [], event: [], done: [] } as Lists]))
  const refusals: Refusal[] = []
  let refused = 0
  let count = 0
  let last = performance.now()
  let stopped = false

  const speak = async (trainer: Trainer): Promise<void> => {
    for (let sequence = 1; !stopped; sequence += 1) {
      const kind: Kind = sequence % 97 === 0 ? 'done' : sequence % 5 === 0 ? 'event' : 'heartbeat'
      const path = `/v1/jobs/${trainer.runId}/${kind}`
      const body = JSON.stringify({ pod_uid: trainer.podUid, sequence, ...words[kind](sequence) })
      for (;;) {
        const answer = await send(agent, 'POST', url + path, body, trainer.token)
        if (answer.status === 200) break
        refused += 1
        if (refusals.length < refusalsMost) refusals.push({ ...answer, path })
        if (stopped) return
        await pause(20)
      }
      acked.get(trainer.podUid)?.[kind].push(sequence)
      count += 1
      last = performance.now()
    }
  }
  const speaking = trainers.map(speak)
  return {
    acked,
    refusals,
    ackedCount: () => count,
    lastAck: () => last,
    refusalCount: () => refused,
    stop: async () => {
      stopped = true
      await Promise.all(speaking)
      agent.destroy()
    },
  }
}

type Lists = Record<Kind, number[]>

const words: Readonly<Record<Kind, (sequence: number) => object>> = {
  heartbeat: (step) => ({ step, epoch: 1, total_epochs: 10, loss: 0.5, gpu_utilization: 93 }),
  event: (step) => ({ type: 'epoch_end', epoch: 1, step, metrics: { loss: 0.5 } }),
  done: () => ({ outcome: 'SUCCEEDED', metrics: { test_perplexity: 4 } }),
}

export interface Answered {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
}

/** One request; never fails: without an answer the status is 0. */
export function send(
  agent: Agent,
  method: 'GET' | 'POST',
  url: string,
  body?: string,
  token?: string,
): Promise<Answered> {
  return new Promise((resolve) => {
    const broken = (error: Error): void => resolve({ status: 0, retryAfter: undefined, body: error.message })
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    }
    const sent = request(url, { method, agent, headers, timeout: requestMilliseconds }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('error', broken)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body: text }),
      )
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${requestMilliseconds / 1000} s`)))
    sent.on('error', broken)
    sent.end(body)
  })
}
