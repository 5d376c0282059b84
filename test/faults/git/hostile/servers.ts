import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { deflateSync } from 'node:zlib'
import { openDeployRepository } from '../../../../publisher/deploy.ts'
import { openInspection } from '../../../../publisher/inspect.ts'
import { request as publication } from '../../../support/publisher.ts'
import type { Ground, HostileCase, Server } from './case.ts'

/* Servers that never end, say too much, or send us elsewhere. */

type Answer = (incoming: IncomingMessage, answer: ServerResponse) => void

export async function startServer(answer: Answer): Promise<Server> {
  let hits = 0
  const sockets = new Set<Socket>()
  const server = createServer((incoming, outgoing) => {
    hits += 1
    outgoing.on('error', () => undefined)
    answer(incoming, outgoing)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/deploy.git`,
    hits: () => hits,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** Asks for a name and a password, and is content with none. */
export const askForCredentials: Answer = (_, answer) =>
  void answer.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()

const advertised = 'application/x-git-upload-pack-advertisement'
const head = '1'.repeat(40)

function packetLine(text: string): string {
  return `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`
}

function advertisement(capabilities: string): string {
  return `${packetLine('# service=git-upload-pack\n')}0000${packetLine(`${head} refs/heads/main\0${capabilities}\n`)}0000`
}

/** Writes for as long as somebody reads, and lets others have their turn in between. */
function pour(answer: ServerResponse, next: () => Buffer | string): void {
  let over = false
  answer.on('close', () => (over = true))
  const write = (): void => {
    if (over || answer.socket === null || answer.socket.destroyed) return
    if (answer.write(next())) setImmediate(write)
    else answer.once('drain', write)
  }
  write()
}

/** A byte now and then, for ever. */
function drip(answer: ServerResponse, text: string): void {
  let at = 0
  const timer = setInterval(() => answer.write(text[at++ % text.length] ?? ' '), 100)
  answer.on('close', () => clearInterval(timer))
}

/** Of random bytes, so that it is as large on the disk. */
function packedBlob(): Buffer {
  const bytes = randomBytes(2 ** 20)
  // Type 3 (blob) and 2^20 bytes, seven bits a byte after the first four.
  const header = Buffer.from([0b1011_0000, 0x80, 0x80, 0x04])
  return Buffer.concat([header, deflateSync(bytes, { level: 0 })])
}

const isPost = (incoming: IncomingMessage): boolean => incoming.method === 'POST'

/** Takes what is asked and then pours a pack without an end. */
function sendPack(sideband: boolean): Answer {
  return (incoming, answer) => {
    if (!isPost(incoming)) {
      answer.writeHead(200, { 'content-type': advertised }).end(advertisement(sideband ? 'side-band-64k' : 'agent=x'))
      return
    }
    incoming.resume()
    answer.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
    answer.write(packetLine('NAK\n'))
    if (sideband) {
      pour(answer, () => packetLine(`\u0002${'remote words '.repeat(4000)}\n`))
      return
    }
    const start = Buffer.alloc(12)
    start.write('PACK')
    start.writeUInt32BE(2, 4)
    start.writeUInt32BE(10 ** 6, 8)
    answer.write(start)
    const blob = packedBlob()
    pour(answer, () => blob)
  }
}

const answers: Readonly<Record<string, Answer>> = {
  'never answers': () => undefined,
  'drips its headers': (_, answer) => void answer.socket?.write('HTTP/1.1 200 OK\r\nX-A: '),
  'drips its answer': (_, answer) => drip(answer.writeHead(200, { 'content-type': advertised }), '0'),
  'drips after a good beginning': (_, answer) => {
    answer.writeHead(200, { 'content-type': advertised }).write(packetLine('# service=git-upload-pack\n'))
    drip(answer, '0032')
  },
  'names references without an end': (_, answer) => {
    answer.writeHead(200, { 'content-type': advertised }).write(`${packetLine('# service=git-upload-pack\n')}0000`)
    let index = 0
    pour(answer, () => packetLine(`${head} refs/heads/${(index += 1)}${index === 1 ? '\0agent=x' : ''}\n`))
  },
  'sends headers without an end': (_, answer) => {
    answer.socket?.write('HTTP/1.1 200 OK\r\n')
    const timer = setInterval(() => answer.socket?.write(`X-A: ${'a'.repeat(1000)}\r\n`), 1)
    answer.socket?.on('close', () => clearInterval(timer))
  },
  'sends a pack without an end': sendPack(false),
  'talks without an end': sendPack(true),
  'sends garbage': (_, answer) => void answer.writeHead(200, { 'content-type': advertised }).end(randomBytes(100_000)),
  'sends a line longer than a line may be': (_, answer) =>
    void answer.writeHead(200, { 'content-type': advertised }).end(`ffff${'x'.repeat(70_000)}`),
  'sends a page': (_, answer) => void answer.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>'),
  'asks for credentials again and again': askForCredentials,
  'hangs up': (_, answer) => void answer.socket?.destroy(),
  'serves old files without an end': (incoming, answer) => {
    if (incoming.url?.includes('info/refs')) answer.writeHead(200).end(`${head}\trefs/heads/main\n`)
    else if (incoming.url?.includes('alternates') || incoming.url?.endsWith('packs')) answer.writeHead(404).end()
    else pour(answer.writeHead(200), () => randomBytes(2 ** 16))
  },
}

/** To where a server may send us; METADATA stands for an address that only this machine reaches. */
const targets = ['METADATA', 'METADATA/info/refs?service=git-upload-pack', 'METADATA/latest/meta-data/iam']
const otherTargets = [
  'file:///etc/passwd',
  'ext::COMMAND',
  'ftp://127.0.0.1/',
  'gopher://127.0.0.1/',
  'ssh://-oProxyCommand=COMMAND/x',
]

const redirects: readonly (readonly [string, (ground: Ground) => Answer])[] = [301, 302, 303, 307, 308].flatMap(
  (code) =>
    [...targets, ...otherTargets].map((target) => [
      `answers ${code} to ${target}`,
      ({ metadata, command }: Ground): Answer =>
        (_, answer) => {
          const location = target.replace('METADATA', metadata.url).replace('COMMAND', encodeURIComponent(command))
          answer.writeHead(code, { location }).end()
        },
    ]) as (readonly [string, (ground: Ground) => Answer])[],
)

const alternates: (ground: Ground) => Answer =
  ({ metadata }) =>
  (incoming, answer) => {
    if (incoming.url?.includes('info/refs')) answer.writeHead(200).end(`${head}\trefs/heads/main\n`)
    else if (incoming.url?.includes('http-alternates')) answer.writeHead(200).end(`${metadata.url}/objects\n`)
    else if (incoming.url?.includes('alternates')) answer.writeHead(200).end('file:///etc/objects\n')
    else answer.writeHead(404).end()
  }

const all: readonly (readonly [string, (ground: Ground) => Answer])[] = [
  ...Object.entries(answers).map(([what, answer]) => [what, () => answer] as const),
  ...redirects,
  ['names another server for its objects', alternates],
]

export const serverCases: readonly HostileCase[] = all.flatMap(([what, answerOf]) => [
  {
    title: `a server of a deploy repository that ${what}`,
    run: async (ground: Ground) => {
      const server = await startServer(answerOf(ground))
      try {
        const deploy = await openDeployRepository(ground.options(server.url))
        await deploy.publish(publication({ 'charts/a.yaml': 'a\n' }))
      } finally {
        await server.close()
      }
    },
  },
  ...(what.startsWith('answers 30') && !what.startsWith('answers 302')
    ? []
    : [
        {
          title: `a server that is looked at and ${what}`,
          run: async (ground: Ground) => {
            const server = await startServer(answerOf(ground))
            try {
              await (await openInspection(ground.options(server.url))).read(() => true)
            } finally {
              await server.close()
            }
          },
        },
      ]),
])
