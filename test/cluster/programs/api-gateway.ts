import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/*
 * Hands every connection on to the API server, and lets it wait while the API server is not ready: api-gateway.ts <kubeconfig> <address:port> [address:port…]
 *
 * The bed's own parts and the pods come this way. Without it, each watch of each controller would wait longer after every failure (up to 30 s), so that
 * long after a test had restarted the API server nobody would see a new Job. With it they connect once and go on when the API server does.
 */

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority': string }
  }[]
  readonly users: readonly { readonly user: { readonly token: string } }[]
}

const everyMilliseconds = 100
/** A server that is stopped where it stands does not answer at all. */
const answerMilliseconds = 2000

const [kubeconfig = '', ...places] = process.argv.slice(2)
const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
const { server = '', 'certificate-authority': certificateAuthority = '' } = clusters[0]?.cluster ?? {}
const { hostname, port } = new URL(server)
const headers = { authorization: `Bearer ${users[0]?.user.token}` }

function isReady(): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { ca: readFileSync(certificateAuthority), headers, agent: false, timeout: answerMilliseconds }
    const sent = request(new URL('/readyz', server), options, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer')))
    sent.on('error', () => resolve(false))
    sent.end()
  })
}

/** All who wait at the same time wait for the same answer. */
let looking: Promise<void> | undefined

async function untilReady(): Promise<void> {
  looking ??= (async () => {
    while (!(await isReady())) await pause(everyMilliseconds)
    looking = undefined
  })()
  await looking
}

async function handOn(incoming: Socket): Promise<void> {
  incoming.pause()
  incoming.on('error', () => incoming.destroy())
  await untilReady()
  if (incoming.destroyed) return
  const outgoing = connect(Number(port), hostname)
  incoming.pipe(outgoing).pipe(incoming)
  incoming.on('close', () => outgoing.destroy())
  outgoing.on('error', () => incoming.destroy()).on('close', () => incoming.destroy())
}

for (const place of places) {
  const { hostname: address, port: own } = new URL(`tcp://${place}`)
  createServer((incoming) => void handOn(incoming)).listen(Number(own), address)
}
