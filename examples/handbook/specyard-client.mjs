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
/** The pause before the second try; each further one is twice as long, up to the longest. */
const firstPauseMilliseconds = 250
const longestPauseMilliseconds = 8_000
/** So many events may wait to be sent, and each of them for so long: an outage of a quarter of an hour loses none. */
const eventsMax = 1_000
const eventMilliseconds = 15 * 60_000

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

/** @typedef {Omit<ReturnType<typeof clientOptions>, 'doneSeconds'> & { doneSeconds?: number, log?: (line: string) => void }} ClientOptions */

/**
 * @param {ClientOptions} options
 *   doneSeconds: how long `done` goes on trying to be heard; events that still wait then get a third of that on top
 */
export function createClient({ doneSeconds = 30, log = () => {}, ...options }) {
  const { baseUrl, traceId, podUid } = options
  const send = createSender(options, log)
  const sequences = { heartbeat: 0, event: 0, done: 0 }
  /** @type {object | null} */
  let newestHeartbeat = null
  /** @type {string[]} */
  const events = []

  /** @param {'heartbeat' | 'event' | 'done'} kind @param {object} body @returns {string | undefined} */
  const message = (kind, body) => {
    try {
      const text = JSON.stringify({ pod_uid: podUid, sequence: sequences[kind] + 1, trace_id: traceId, ...body })
      sequences[kind] += 1
      return text
    } catch (error) {
      log(`callback ${kind} cannot be written as JSON: ${wordsOf(error)}`)
      return undefined
    }
  }
  const heartbeats = lane(async () => {
    while (newestHeartbeat !== null) {
      const body = message('heartbeat', newestHeartbeat)
      newestHeartbeat = null
      if (body !== undefined) await send('heartbeat', body, { tries: 2, until: Number.POSITIVE_INFINITY })
    }
  })
  const eventsInOrder = lane(async () => {
    for (let body = events[0]; body !== undefined; body = events[0]) {
      await send('event', body, { tries: Number.POSITIVE_INFINITY, until: performance.now() + eventMilliseconds })
      events.shift()
    }
  })
  /** Waits until everything has been sent, at most this long. @param {number} milliseconds */
  const flush = async (milliseconds) => {
    const timer = new AbortController()
    const late = wait(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined)
    await Promise.race([Promise.all([heartbeats.settled(), eventsInOrder.settled()]), late])
    timer.abort()
  }

  return {
    /** Says how far it is. Only the newest one counts: what could not be sent before it is dropped. @param {object} body */
    heartbeat: (body) => {
      if (!baseUrl) return
      newestHeartbeat = body
      heartbeats.wake()
    },
    /** Says what happened. Events are sent in order; those that come when a thousand wait already are dropped. @param {object} body */
    event: (body) => {
      if (!baseUrl) return
      const text = events.length < eventsMax ? message('event', body) : undefined
      if (text === undefined) return log('callback event was dropped')
      events.push(text)
      eventsInOrder.wake()
    },
    flush,
    /** Says how it ended, and waits until that has arrived. False when it could not be said in time. @param {object} body */
    done: async (body) => {
      const text = baseUrl ? message('done', body) : undefined
      if (text === undefined) return false
      const until = performance.now() + doneSeconds * 1000
      await flush((doneSeconds * 1000) / 3)
      const heard = await send('done', text, { tries: Number.POSITIVE_INFINITY, until })
      // After an outage the end may get through before the events that waited longer: whoever exits now would lose them.
      if (heard) await flush((doneSeconds * 1000) / 3)
      return heard
    },
  }
}

/** Work that is done in the background, once at a time. @param {() => Promise<void>} work never throws */
function lane(work) {
  let busy = false
  let asked = false
  /** @type {Promise<void>} */
  let working = Promise.resolve()
  const workOff = async () => {
    busy = true
    // Asked again while it was ending: that must not be lost.
    while (asked) {
      asked = false
      await work()
    }
    busy = false
  }
  return {
    wake: () => {
      asked = true
      if (!busy) working = workOff()
    },
    settled: () => working,
  }
}

/**
 * What sends one message until it is taken or refused, or until tries or time run out. It never throws.
 * @param {Pick<ClientOptions, 'baseUrl' | 'jobId' | 'token' | 'tokenFile'>} options @param {(line: string) => void} log
 */
function createSender({ baseUrl = '', jobId, token: firstToken, tokenFile }, log) {
  const job = `${baseUrl.replace(/\/+$/, '')}/v1/jobs/${encodeURIComponent(jobId)}`
  let token = firstToken
  let fileToken = ''

  /** @param {string} path @param {string} body */
  const post = (path, body) =>
    fetch(`${job}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(requestMilliseconds),
    })

  /** Takes the token that an answer carries. True when there is one. @param {Response} response */
  const takeToken = async (response) => {
    const answer = await response.json().catch(() => undefined)
    if (!response.ok || typeof answer?.token !== 'string') return false
    token = answer.token
    return true
  }

  /** The file is renewed while the pod runs, the variable is not. True when it says something new. */
  const readTokenFile = () => {
    try {
      const read = tokenFile ? readFileSync(tokenFile, 'utf8').trim() : ''
      if (read === '' || read === fileToken) return false
      const isNew = read !== token
      fileToken = read
      token = read
      return isNew
    } catch {
      return false
    }
  }

  /** One try; a token that has expired is renewed on the way. @param {string} kind @param {string} body */
  const tryOnce = async (kind, body) => {
    readTokenFile()
    const response = await post(kind, body)
    if (response.status !== 401) return response
    const renewed = readTokenFile() || (await takeToken(await post('token', '{}')))
    return renewed ? post(kind, body) : response
  }

  /** @param {string} kind @param {string} body the same in every try @param {{ tries: number, until: number }} bounds */
  return async (kind, body, { tries, until }) => {
    let pause = firstPauseMilliseconds
    let problem = ''
    for (let attempt = 1; attempt <= tries && performance.now() < until; attempt++) {
      try {
        const response = await tryOnce(kind, body)
        await takeToken(response)
        if (response.ok) return true
        problem = `status ${response.status}`
        if (response.status < 500 && ![401, 408, 425, 429].includes(response.status)) break
        pause = Math.max(
          pause,
          Math.min(Number(response.headers.get('retry-after')) * 1000 || 0, longestPauseMilliseconds),
        )
      } catch (error) {
        problem = wordsOf(error)
      }
      if (attempt < tries) await wait(Math.max(0, Math.min(pause, until - performance.now())))
      pause = Math.min(pause * 2, longestPauseMilliseconds)
    }
    log(`callback ${kind} was not taken: ${problem}`)
    return false
  }
}

/** @param {unknown} error */
function wordsOf(error) {
  if (!(error instanceof Error)) return 'it failed'
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
