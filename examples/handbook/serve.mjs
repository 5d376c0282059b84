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

/** @typedef {{ method: string, answer: (request: import('node:http').IncomingMessage) => unknown }} Path */

/** @param {import('./server/config.mjs').Config} config */
function start(config) {
  const { model, alphabet, digest } = readModel(config)
  const identity = { name: config.modelName, version: config.modelVersion, digest }
  const metrics = createMetrics()
  let stopping = false
  const paths = createPaths(config, identity, metrics, createWriter(config, model, alphabet, metrics), () => stopping)

  const server = createServer(async (request, response) => {
    const { path, status, answer, allow } = await answerTo(request, paths, config.route)
    metrics.request(path, status)
    const isText = typeof answer === 'string'
    if (status === 405) response.setHeader('allow', allow)
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
    const where = `http://${config.host}:${port}${config.route}`
    process.stdout.write(`${identity.name} version ${identity.version || '?'} (${digest}) answers on ${where}\n`)
  })
  // New requests are refused, those that are being answered are finished, then the process ends.
  process.once('SIGTERM', () => {
    stopping = true
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}

/**
 * What writes the text that a request asks for, a little at a time.
 * @param {import('./server/config.mjs').Config} config @param {import('./trainer/model.mjs').Model} model @param {string[]} alphabet
 * @param {ReturnType<typeof createMetrics>} metrics
 */
function createWriter(config, model, alphabet, metrics) {
  /** @param {import('node:http').IncomingMessage} request */
  return async (request) => {
    const most = config.concurrentRequestsMax
    if (metrics.inFlight >= most) throw new RequestError(429, `${most} requests are being answered; try again soon`)
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
      return { text, seed: options.seed }
    } finally {
      metrics.inFlight -= 1
    }
  }
}

/**
 * @param {import('./server/config.mjs').Config} config @param {{ name: string, version: string, digest: string }} identity
 * @param {ReturnType<typeof createMetrics>} metrics @param {ReturnType<typeof createWriter>} write @param {() => boolean} stopping
 * @returns {Record<string, Path>}
 */
function createPaths(config, identity, metrics, write, stopping) {
  const model = { model: identity.name, version: identity.version, digest: identity.digest }
  const body = `'{"prompt":"A run ","max_tokens":100}'`
  const example = `curl -s <this address>${config.route}/generate -H 'content-type: application/json' -d ${body}`
  return {
    '/': {
      method: 'GET',
      answer: () => ({ what: 'a language model that has read a handbook', ...model, try: example }),
    },
    '/healthz': { method: 'GET', answer: () => ({ status: 'ok' }) },
    '/readyz': {
      method: 'GET',
      answer: () => {
        if (stopping()) throw new RequestError(503, 'stopping')
        return { status: 'ready', ...model }
      },
    },
    '/metrics': { method: 'GET', answer: () => metrics.text(identity) },
    '/generate': { method: 'POST', answer: async (request) => ({ ...(await write(request)), ...model }) },
  }
}

/** @param {import('node:http').IncomingMessage} request @param {Record<string, Path>} paths @param {string} route */
async function answerTo(request, paths, route) {
  const path = pathOf(request.url ?? '/', route)
  const known = Object.hasOwn(paths, path) ? paths[path] : undefined
  const said = { path: known ? path : 'other', allow: known?.method ?? '' }
  try {
    if (!known) throw new RequestError(404, `there is no ${path}; there are ${Object.keys(paths).join(', ')}`)
    const asked = request.method === 'HEAD' ? 'GET' : request.method
    if (asked !== known.method) throw new RequestError(405, `${path} answers ${known.method} only`)
    return { ...said, status: 200, answer: await known.answer(request) }
  } catch (error) {
    if (error instanceof RequestError) return { ...said, status: error.status, answer: { error: error.message } }
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    return { ...said, status: 500, answer: { error: 'the server failed' } }
  }
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
