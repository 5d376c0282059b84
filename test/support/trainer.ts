import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const exampleFolder = fileURLToPath(new URL('../../examples/handbook', import.meta.url))

/** Text that is easy to learn and the same each time: sentences of a few words. */
export function easyText(sentences: number): string {
  const subjects = ['The run', 'A trainer', 'The ledger', 'An endpoint', 'The lease']
  const verbs = ['writes', 'reads', 'keeps', 'serves', 'waits for']
  const objects = ['a checkpoint', 'the model', 'its token', 'every commit', 'the next attempt']
  const sentence = (index: number): string =>
    `${subjects[index % 5]} ${verbs[(index * 3 + (index >> 2)) % 5]} ${objects[(index * 7 + (index >> 3)) % 5]}.\n`
  return Array.from({ length: sentences }, (_, index) => sentence(index)).join('')
}

/** A working folder as the local cluster makes it: dataset and storage beside the image's files. */
export function workingFolder(sentences = 1200): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'specyard-trainer-'))
  mkdirSync(join(path, 'dataset'))
  writeFileSync(join(path, 'dataset', 'text.txt'), easyText(sentences))
  mkdirSync(join(path, 'storage'))
  for (const name of ['train.mjs', 'serve.mjs', 'specyard-client.mjs', 'trainer', 'server']) {
    symlinkSync(join(exampleFolder, name), join(path, name))
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** What `TRAINING_CONFIG` says of a training that takes a moment. */
export function trainingConfig(training: Readonly<Record<string, unknown>>): string {
  const parameters = { order: 3, distances: 3, buckets: 512, samplesPerEpoch: 4000, checkpointEveryEpochs: 1 }
  return JSON.stringify({
    model: { name: 'char-loglinear', source: 'custom' },
    dataset: { name: 'text', splits: { train: 0.8, validation: 0.1, test: 0.1 } },
    training: {
      epochs: 4,
      batchSize: 32,
      learningRate: 0.1,
      scheduler: { type: 'cosine' },
      seed: 7,
      parameters,
      ...training,
    },
  })
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly ended: Promise<Ended>
  /** Resolves when the output so far fits. @throws when the process ends before */
  seen(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
}

/** Starts a program of the example as the local cluster does: with this environment and nothing else. */
export function startProgram(
  folder: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Started {
  const child = spawn(process.execPath, words, {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, stdout, stderr }))
  return {
    ended,
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(stdout)
          if (found) resolve(found)
        }
        child.stdout.on('data', look)
        void ended.then(() => reject(new Error(`the program ended without ${pattern}: ${stdout}${stderr}`)))
        look()
      }),
    kill: (signal) => child.kill(signal),
  }
}

export interface ReceivedCallback {
  /** The last part of the path: heartbeat, event, done, token. */
  readonly kind: string
  readonly jobId: string
  readonly token: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface CallbackServer {
  readonly url: string
  readonly received: ReceivedCallback[]
  /** What the next callbacks are answered with; 200 and {} when it says nothing. */
  answer: (callback: ReceivedCallback) => { readonly status: number; readonly body?: object } | undefined
  close(): Promise<void>
}

/** A server that takes down what trainers say. */
export async function startCallbackServer(): Promise<CallbackServer> {
  const received: ReceivedCallback[] = []
  const callbacks: CallbackServer = {
    url: '',
    received,
    answer: () => undefined,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const server = createServer((request, response) => void take(request, response, callbacks))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return Object.assign(callbacks, { url: `http://127.0.0.1:${port}` })
}

async function take(request: IncomingMessage, response: ServerResponse, callbacks: CallbackServer): Promise<void> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  const [, , , jobId = '', kind = ''] = (request.url ?? '').split('/')
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
  const callback = { kind, jobId, token, body: JSON.parse(text) as Record<string, unknown> }
  callbacks.received.push(callback)
  const { status, body = {} } = callbacks.answer(callback) ?? { status: 200 }
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
