import { Agent as HttpAgent, type AgentOptions, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https'
import { Fault } from '../../../../domain/fault.ts'

/** How an API server is reached: its address, and what a request needs to be let in. */
export interface Credentials {
  /** Base URL without a slash at its end. */
  readonly server: string
  /** Headers and connections for one request: tokens that are rotated in files or made by programs are read again in time. */
  prepare(): Promise<Pick<RequestOptions, 'agent' | 'headers' | 'auth'>>
  /** Closes connections that wait for their next request: after a fault none of them can be trusted. */
  dropIdle(): void
  close(): void
}

/** The client makes an agent and reads files each time; thousands of leases may be read in a second. */
const preparedMilliseconds = 1000

/** Where to connect to. */
export interface ConnectionChoice {
  /** Path of a kubeconfig; null for what kubectl would take: KUBECONFIG, the one in the home folder, or the pod's service account. */
  readonly kubeconfig: string | null
  /** Name of a context; null for the current one. */
  readonly context: string | null
}

/**
 * Reads a kubeconfig with the Kubernetes client, which costs half a second and 100 MB and is therefore loaded here and nowhere else.
 * @throws Fault SETTINGS_INVALID
 */
export async function loadCredentials(choice: ConnectionChoice): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  const place = choice.kubeconfig ?? 'the default kubeconfig'
  try {
    if (choice.kubeconfig === null) config.loadFromDefault()
    else config.loadFromFile(choice.kubeconfig)
  } catch (cause) {
    // The parser's own message quotes the lines around the fault, where tokens are.
    throw invalid(
      `${place} cannot be read`,
      'check that the file is there, that you may read it and that it is a kubeconfig',
      cause,
    )
  }
  if (choice.context !== null) {
    const names = config.getContexts().map((one) => one.name)
    if (!names.includes(choice.context))
      throw invalid(
        `${place} has no context "${choice.context}"`,
        names.length > 0 ? `it has: ${names.join(', ')}` : 'it has none at all',
      )
    config.setCurrentContext(choice.context)
  }
  const cluster = config.getCurrentCluster()
  if (!cluster?.server)
    throw invalid(`${place}: the context names no cluster with a server`, 'give its cluster a server')
  const agents = pool(cluster.server.startsWith('https:'))
  const viaProxy = Boolean(cluster.proxyUrl)
  let prepared: { readonly value: ReturnType<Credentials['prepare']>; readonly at: number } | undefined
  return {
    server: cluster.server.replace(/\/+$/, ''),
    prepare: () => {
      if (!prepared || performance.now() - prepared.at > preparedMilliseconds) {
        prepared = { value: prepare(), at: performance.now() }
        prepared.value.catch(() => (prepared = undefined))
      }
      return prepared.value
    },
    dropIdle: agents.dropIdle,
    close: agents.close,
  }

  async function prepare(): ReturnType<Credentials['prepare']> {
    const options: HttpsAgentOptions & RequestOptions = {}
    // The client's types want the options of `ws`; it sets the members of a request's.
    await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0])
    const { headers, auth, agent, ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options
    const own = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }
    return {
      ...(headers === undefined ? {} : { headers }),
      ...(auth === undefined ? {} : { auth }),
      agent: viaProxy ? (agent ?? false) : agents.with(own),
    }
  }
}

type Material = Pick<
  HttpsAgentOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>

/** Connections that are used again as long as the certificates stay the same: the client would open one for every request. */
function pool(secure: boolean) {
  const keep: AgentOptions = { keepAlive: true, keepAliveMsecs: 5000, maxFreeSockets: 16 }
  let current: { readonly material: Material; readonly agent: HttpAgent } | undefined
  return {
    with: (material: Material): HttpAgent => {
      if (!current || !isSame(current.material, material)) {
        const given = Object.fromEntries(Object.entries(material).filter(([, value]) => value != null))
        const agent = secure ? new HttpsAgent({ ...keep, ...given }) : new HttpAgent(keep)
        // Requests that still run on the old connections end in peace.
        if (current) drop(current.agent)
        current = { material, agent }
      }
      return current.agent
    },
    dropIdle: () => {
      if (current) drop(current.agent)
    },
    close: () => current?.agent.destroy(),
  }
}

function isSame(left: Material, right: Material): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]) as Set<keyof Material>
  return [...names].every((name) => {
    const [one, other] = [left[name], right[name]]
    return Buffer.isBuffer(one) && Buffer.isBuffer(other) ? one.equals(other) : one === other
  })
}

function drop(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}

function invalid(message: string, hint: string, cause?: unknown): Fault {
  const why = (cause as NodeJS.ErrnoException | undefined)?.code
  return new Fault('SETTINGS_INVALID', why ? `${message} (${why})` : message, { retry: 'never', hint })
}
