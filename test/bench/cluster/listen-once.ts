import { readFileSync } from 'node:fs'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { attach } from '../../cluster/support/cluster.ts'
import { certificateAuthority } from '../../cluster/parts/credentials.ts'
import { wallMilliseconds } from './clock.ts'
import type { Told } from './latency.ts'

/*
 * Hears of trainings until its input ends: listen-once watch <folder of the bed> <namespace>, past the product at the API server's own watch;
 * listen-once stream <address of the API>, what the product tells. Prints `hears` when it does, and in the end one JSON document.
 */

const [kind = '', where = '', namespace = ''] = process.argv.slice(2)
const told: Told[] = []

function eachLine(response: IncomingMessage, take: (line: string) => void): void {
  let rest = ''
  response.setEncoding('utf8')
  response.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') take(line)
  })
}

interface PodEvent {
  readonly type: string
  readonly object: {
    readonly metadata: { readonly resourceVersion?: string; readonly labels?: Readonly<Record<string, string>> }
    readonly status?: {
      readonly phase?: string
      readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: { readonly message?: string } } }[]
    }
  }
}

/** @returns the version of the pod */
function hearPod(line: string): string | undefined {
  const at = wallMilliseconds()
  const { type, object } = JSON.parse(line) as PodEvent
  if (type === 'ERROR') throw new Error(`the watch was refused: ${line.slice(0, 1000)}`)
  const { metadata, status } = object
  const message = status?.containerStatuses?.[0]?.state?.waiting?.message
  const becomes = status?.phase === 'Running' ? 'RUNNING' : `QUEUED ${message}`
  told.push({ training: metadata.labels?.['job-id'] ?? '', becomes, at })
  return metadata.resourceVersion
}

interface StreamEvent {
  readonly job_id: string
  readonly data: { readonly status?: string; readonly message?: string }
}

function hearEvent(line: string): void {
  const at = wallMilliseconds()
  if (!line.startsWith('data: ')) return
  const { job_id: training, data } = JSON.parse(line.slice(6)) as StreamEvent
  const becomes = data.status === 'RUNNING' ? 'RUNNING' : `${data.status} ${data.message}`
  told.push({ training, becomes, at })
}

function hears(response: IncomingMessage, take: (line: string) => void): void {
  if (response.statusCode !== 200) throw new Error(`refused: ${response.statusCode}`)
  eachLine(response, take)
}

/** Watches on from where it was when the API server ends it, as it does with one that it could not serve in time. */
function watch(version: string): void {
  const { apiServer, token } = attach(where)
  let last = version
  const query = `watch=true&labelSelector=app%3Dtrainer&resourceVersion=${version}`
  const path = `${apiServer}/api/v1/namespaces/${namespace}/pods?${query}`
  const options = { ca: readFileSync(certificateAuthority(where)), headers: { authorization: `Bearer ${token}` } }
  const request = httpsGet(path, options, (response) => {
    hears(response, (line) => {
      last = hearPod(line) ?? last
    })
    response.once('close', () => watch(last))
    if (version === '0') process.stdout.write('hears\n')
  })
  request.once('error', () => watch(last))
}

if (kind === 'watch') {
  // From now on, whatever is there.
  watch('0')
} else {
  httpGet(`${where}/v1/stream`, (response) => {
    hears(response, hearEvent)
    process.stdout.write('hears\n')
  })
}
process.stdin.on('end', () => {
  process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0))
})
process.stdin.resume()
