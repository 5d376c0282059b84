import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/*
 * Git over HTTP: git-http.ts <folder of bare repositories> <port> <address> [address…]
 * Each request is one run of Git's own `git http-backend`, as a web server would run it by CGI.
 * @see https://git-scm.com/docs/git-http-backend
 */

const headersBytesMax = 64 * 1024

function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://git')
  const header = (name: string) => String(request.headers[name] ?? '')
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: header('git-protocol'),
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: header('content-type'),
      CONTENT_LENGTH: header('content-length'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      REMOTE_ADDR: request.socket.remoteAddress ?? '',
      // Whoever reaches the bed may push.
      REMOTE_USER: 'testbed',
    },
  })
  // A backend that has seen enough closes its input.
  backend.stdin.on('error', () => {})
  request.pipe(backend.stdin)
  response.on('close', () => backend.kill())
  let head = Buffer.alloc(0)
  const readHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0 && head.length < headersBytesMax) return
    backend.stdout.off('data', readHead)
    writeHead(response, head.subarray(0, end).toString())
    response.write(head.subarray(end + 4))
    backend.stdout.pipe(response)
  }
  backend.stdout.on('data', readHead)
  backend.stdout.on('end', () => response.headersSent || response.writeHead(502).end('git http-backend said nothing\n'))
}

/** A CGI program gives its status as a header of this name. */
function writeHead(response: ServerResponse, text: string): void {
  let status = 200
  for (const line of text.split('\r\n')) {
    const [name = '', ...value] = line.split(': ')
    if (name.toLowerCase() === 'status') status = Number.parseInt(value.join(': '), 10)
    else response.setHeader(name, value.join(': '))
  }
  response.writeHead(status)
}

const [root = '.', port, ...addresses] = process.argv.slice(2)
for (const address of addresses) {
  createServer((request, response) => serve(root, request, response)).listen(Number(port), address)
}
