// An example of a server: GET <route>?x=3 answers with what the model foretells.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { MODEL_URI = '', MODEL_DIGEST = '', MODEL_VERSION = '', HOST = '127.0.0.1', PORT = '8080' } = process.env
const bytes = readFileSync(MODEL_URI)
const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
if (MODEL_DIGEST !== '' && MODEL_DIGEST !== digest)
  throw new Error(`${MODEL_URI} has digest ${digest}, not ${MODEL_DIGEST}`)
const { slope, offset } = JSON.parse(bytes.toString('utf8'))

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
  const x = Number(searchParams.get('x') ?? Number.NaN)
  const answer =
    pathname === '/healthz'
      ? [200, { ok: true }]
      : Number.isFinite(x)
        ? [200, { x, y: slope * x + offset, version: MODEL_VERSION }]
        : [400, { error: 'x must be a number, as in ?x=3' }]
  response.writeHead(Number(answer[0]), { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(answer[1])}\n`)
})
server.listen(Number(PORT), HOST)
process.once('SIGTERM', () => server.close(() => process.exit(0)))
