/*
 * Tells Specyard how a training is doing: heartbeats, events and the end, over HTTP.
 *
 * Copy this file into a trainer of your own; it needs nothing but Node 20. Its one rule: the training comes first. Nothing here throws into
 * it, nothing makes it wait but `flush` and `done`, which have a limit, and without a BACKEND_BASE_URL every call does nothing.
 *
 *   const specyard = createClient(clientOptions(process.env))
 *   specyard.heartbeat({ step: 10, epoch: 1, loss: 2.3 })
 *   specyard.event({ type: 'checkpoint', epoch: 1, step: 10, uri: 'storage/checkpoints/…' })
 *   await specyard.done({ outcome: 'SUCCEEDED', metrics: { accuracy: 0.9 }, artifacts: [] })
 */
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

const requestMilliseconds = 5_000
const eventsMax = 1_000
const firstWaitMilliseconds = 250
const longestWaitMilliseconds = 8_000

/** What a trainer's container is given. @param {Record<string, string | undefined>} environment */
export function clientOptions(environment) {
  return {
    baseUrl: environment.BACKEND_BASE_URL,
    jobId: environment.JOB_ID ?? '',
    traceId: environment.TRACE_ID ?? '',
    podUid: environment.POD_UID ?? 'unknown',
    token: environment.CALLBACK_TOKEN ?? '',
    tokenFile: environment.CALLBACK_TOKEN_FILE,
    doneSeconds: Number(environment.CALLBACK_DONE_SECONDS) || 30,
  }
}

/**
 * @param {Omit<ReturnType<typeof clientOptions>, 'doneSeconds'> & { doneSeconds?: number, log?: (line: string) => void }} options
 *   doneSeconds: how long `done` goes on trying to be heard
 */
export function createClient({ baseUrl, jobId, traceId, podUid, token, tokenFile, doneSeconds = 30, log = () => {} }) {
  const sequences = { heartbeat: 0, event: 0, done: 0 }
  /** @type {object | null} */
  let newestHeartbeat = null
  /** @type {string[]} */
  const events = []
  /** @type {Promise<void>} */
  let heartbeats = Promise.resolve()
  let sendingHeartbeats = false
  /** @type {Promise<void>} */
  let eventsSent = Promise.resolve()
  let sendingEvents = false
  let fileToken = ''

  /** @param {string} path @param {string} body */
  const post = (path, body) =>
    fetch(`${baseUrl?.replace(/\/+$/, '')}/v1/jobs/${encodeURIComponent(jobId)}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(requestMilliseconds),
    })

  /** The file is renewed while the pod runs, the variable is not. True when it says something new. */
  const readTokenFile = () => {
    try {
      const read = tokenFile ? readFileSync(tokenFile, 'utf8').trim() : ''
      if (read === '' || read === fileToken) return false
      fileToken = read
      const renewed = read !== token
      token = read
      return renewed
    } catch {
      return false
    }
  }

  /** Exchanges a token that has expired. True when there is another one. */
  const renewToken = async () => {
    if (readTokenFile()) return true
    const response = await post('token', '{}')
    const answer = await response.json().catch(() => undefined)
    if (!response.ok || typeof answer?.token !== 'string') return false
    token = answer.token
    return true
  }

  /**
   * Sends one message until it is taken or refused, or until tries or time run out. Never throws.
   * Every try carries the same sequence number, so that a message which arrives twice counts once.
   * @param {'heartbeat' | 'event' | 'done'} kind @param {string} body @param {{ tries: number, until: number }} bounds
   */
  const send = async (kind, body, { tries, until }) => {
    let pause = firstWaitMilliseconds
    let problem = ''
    for (let attempt = 1; attempt <= tries && performance.now() < until; attempt++) {
      try {
        readTokenFile()
        let response = await post(kind, body)
        if (response.status === 401 && (await renewToken())) response = await post(kind, body)
        if (response.ok) {
          const answer = await response.json().catch(() => undefined)
          if (typeof answer?.token === 'string') token = answer.token
          return true
        }
        problem = `status ${response.status}`
        const temporary = response.status >= 500 || [401, 408, 425, 429].includes(response.status)
        await response.body?.cancel()
        if (!temporary) break
        pause = Math.max(
          pause,
          Math.min(Number(response.headers.get('retry-after')) * 1000 || 0, longestWaitMilliseconds),
        )
      } catch (error) {
        problem =
          error instanceof Error
            ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`.trim()
            : 'failed'
      }
      if (attempt === tries) break
      await wait(Math.max(0, Math.min(pause, until - performance.now())))
      pause = Math.min(pause * 2, longestWaitMilliseconds)
    }
    log(`callback ${kind} was not taken: ${problem}`)
    return false
  }

  /** @param {'heartbeat' | 'event' | 'done'} kind @param {object} body */
  const message = (kind, body) => {
    sequences[kind] += 1
    return JSON.stringify({ pod_uid: podUid, sequence: sequences[kind], trace_id: traceId, ...body })
  }

  const sendHeartbeats = async () => {
    sendingHeartbeats = true
    while (newestHeartbeat !== null) {
      const body = message('heartbeat', newestHeartbeat)
      newestHeartbeat = null
      await send('heartbeat', body, { tries: 2, until: Number.POSITIVE_INFINITY })
    }
    sendingHeartbeats = false
  }

  const sendEvents = async () => {
    sendingEvents = true
    while (events.length > 0) {
      await send('event', events[0] ?? '', { tries: 12, until: Number.POSITIVE_INFINITY })
      events.shift()
    }
    sendingEvents = false
  }

  /** Waits until everything has been sent, at most this long. @param {number} milliseconds */
  const flush = async (milliseconds) => {
    const timer = new AbortController()
    const late = wait(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined)
    await Promise.race([Promise.all([heartbeats, eventsSent]), late])
    timer.abort()
  }

  return {
    /** Says how far it is. Only the newest one counts: what could not be sent before it is dropped. @param {object} body */
    heartbeat: (body) => {
      if (!baseUrl) return
      newestHeartbeat = body
      if (!sendingHeartbeats) heartbeats = sendHeartbeats()
    },
    /** Says what happened. Sent in order; of more than a thousand that wait, the newest are dropped. @param {object} body */
    event: (body) => {
      if (!baseUrl) return
      if (events.length >= eventsMax) return log('callback event was dropped: too many wait to be sent')
      events.push(message('event', body))
      if (!sendingEvents) eventsSent = sendEvents()
    },
    flush,
    /** Says how it ended, and waits until that has arrived. False when it could not be said in time. @param {object} body */
    done: async (body) => {
      if (!baseUrl) return false
      const until = performance.now() + doneSeconds * 1000
      await flush((doneSeconds * 1000) / 3)
      return send('done', message('done', body), { tries: Number.POSITIVE_INFINITY, until })
    },
  }
}
