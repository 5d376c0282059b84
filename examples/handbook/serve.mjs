/*
 * The worked example's server: writes text with the model version that its endpoint is pinned to.
 *
 *   GET  /          what it is        GET /healthz   the process lives       GET /metrics   for Prometheus
 *   POST /generate  writes text       GET /readyz    it takes requests
 *
 * Every path answers with and without the endpoint's ROUTE before it, so that it can stand behind a router that strips it or does not.
 */
import { createServer } from 'node:http'
import { setImmediate as breathe } from 'node:timers/promises'
import { readConfig, readModel, StartError } from './server/config.mjs'
import { createMetrics } from './server/metrics.mjs'
import { checkRequest, RequestError, readJson } from './server/request.mjs'
import { generate } from './trainer/generate.mjs'

/** How long it writes before it lets other requests in. */
const breatheMilliseconds = 10

/** @param {import('./server/config.mjs').Config} config */
function start(config) {
  const { model, alphabet, digest } = readModel(config)
  const metrics = createMetrics()
  const identity = { name: config.modelName, version: config.modelVersion, digest }
  let stopping = false

  /** @param {import('node:http').IncomingMessage} request */
  const write = async (request) => {
    if (metrics.inFlight >= config.concurrentRequestsMax)
      throw new RequestError(429, `${config.concurrentRequestsMax} requests are being answered; try again soon`)
    metrics.inFlight += 1
    try {
      const options = checkRequest(await readJson(request), config)
      const began = performance.now()
      let breathed = began
      let text = ''
      for (const character of generate(model, alphabet, options)) {
        text += character
        if (performance.now() - breathed < breatheMilliseconds) continue
        await breathe()
        breathed = performance.now()
      }
      metrics.generation((performance.now() - began) / 1000, options.maxTokens)
      return { text, model: identity.name, version: identity.version, digest, seed: options.seed }
    } finally {
      metrics.inFlight -= 1
    }
  }

  /** @type {Record<string, { method: string, answer: (request: import('node:http').IncomingMessage) => unknown }>} */
  const paths = {
    '/': {
      method: 'GET',
      answer: () => ({
        what: 'a character-level language model that has read a handbook',
        model: identity.name,
        version: identity.version,
        digest,
        try: `curl -s <this address>${config.route}/generate -H 'content-type: application/json' -d '{"prompt":"A run ","max_tokens":100}'`,
      }),
    },
    '/healthz': { method: 'GET', answer: () => ({ status: 'ok' }) },
    '/readyz': {
      method: 'GET',
      answer: () => {
        if (stopping) throw new RequestError(503, 'stopping')
        return { status: 'ready', model: identity.name, version: identity.version, digest }
      },
    },
    '/metrics': { method: 'GET', answer: () => metrics.text(identity) },
    '/generate': { method: 'POST', answer: write },
  }

  const server = createServer(async (request, response) => {
    const path = pathOf(request.url ?? '/', config.route)
    const known = Object.hasOwn(paths, path) ? paths[path] : undefined
    let status = 200
    /** @type {unknown} */
    let answer
    try {
      if (!known) throw new RequestError(404, `there is no ${path}; there are ${Object.keys(paths).join(', ')}`)
      const asked = request.method === 'HEAD' ? 'GET' : request.method
      if (asked !== known.method) throw new RequestError(405, `${path} answers ${known.method} only`)
      answer = await known.answer(request)
    } catch (error) {
      status = error instanceof RequestError ? error.status : 500
      answer = { error: error instanceof RequestError ? error.message : 'the server failed' }
      if (status === 500) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    }
    metrics.request(known ? path : 'other', status)
    const isText = typeof answer === 'string'
    if (status === 405 && known) response.setHeader('allow', known.method)
    if (status === 429) response.setHeader('retry-after', '1')
    if (status === 413 || stopping) response.setHeader('connection', 'close')
    response.writeHead(status, {
      'content-type': isText ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json',
    })
    response.end(request.method === 'HEAD' ? undefined : isText ? answer : `${JSON.stringify(answer)}\n`)
  })
  server.requestTimeout = 30_000
  server.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
  server.listen(config.port, config.host, () => {
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : config.port
    process.stdout.write(
      `${identity.name} version ${identity.version || '?'} (${digest}) answers on http://${config.host}:${port}${config.route}\n`,
    )
  })
  // New requests are refused, those that are being answered are finished, then the process ends.
  process.once('SIGTERM', () => {
    stopping = true
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}

/** @param {string} url @param {string} route */
function pathOf(url, route) {
  const path = url.split('?')[0] ?? '/'
  const inner = route !== '' && (path === route || path.startsWith(`${route}/`)) ? path.slice(route.length) : path
  return inner.replace(/\/+$/, '') || '/'
}

try {
  start(readConfig(process.env))
} catch (error) {
  process.stderr.write(
    `${error instanceof StartError ? error.message : error instanceof Error ? error.stack : error}\n`,
  )
  process.exit(1)
}
