import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'

/*
 * A line between somebody and the API server (or any other server) that a test can break:
 *
 *   const line = await layLine(cluster.apiServer)
 *   const kubeconfig = kubeconfigThrough(cluster, cluster.kubeconfig, line)
 *   line.silence('open')
 *
 * It hands bytes on and does not look into them, so TLS goes through it from end to end.
 */

/** `open`: the connections that are open now, and new ones are well; `all`: new ones too, until `mend`. */
export type Scope = 'open' | 'all'

export interface Line {
  /** With the target's protocol and the line's own port on 127.0.0.1. */
  readonly url: string
  /** Connections that were ever made to it. */
  readonly made: () => number
  /** Connections that are open now, silenced ones too. */
  readonly open: () => number
  /** Breaks connections: both ends are told at once. */
  cut(scope: Scope): void
  /** Half-open connections: they stay, nothing comes through any more, and nobody is told. Never heals: a mended line needs new ones. */
  silence(scope: Scope): void
  /** New connections go through again. */
  mend(): void
  /** Cuts everything and listens no more. */
  remove(): Promise<void>
}

interface Pair {
  readonly near: Socket
  /** Undefined where the line was silent when it was made. */
  readonly far: Socket | undefined
}

/** @param target protocol://host:port */
export async function layLine(target: string): Promise<Line> {
  const { protocol, hostname, port } = new URL(target)
  const pairs = new Set<Pair>()
  let state: 'well' | 'cut' | 'silent' = 'well'
  let made = 0
  const server = createServer({ allowHalfOpen: true }, (near) => {
    made += 1
    if (state === 'cut') return void near.on('error', () => {}).resetAndDestroy()
    const far = state === 'well' ? connect({ port: Number(port), host: hostname, allowHalfOpen: true }) : undefined
    const pair = { near, far }
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far?.destroy()
    }
    near.on('error', end).on('close', end)
    if (far === undefined) return void near.pause()
    far.on('error', end).on('close', end)
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cutOpen = () => {
    for (const { near, far } of pairs) {
      near.resetAndDestroy()
      far?.resetAndDestroy()
    }
  }
  return {
    url: `${protocol}//127.0.0.1:${(server.address() as { port: number }).port}`,
    made: () => made,
    open: () => pairs.size,
    cut: (scope) => {
      if (scope === 'all') state = 'cut'
      cutOpen()
    },
    silence: (scope) => {
      if (scope === 'all') state = 'silent'
      for (const { near, far } of pairs) hush(near, far)
    },
    mend: () => {
      state = 'well'
    },
    remove: async () => {
      cutOpen()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}

/** Both ends go on to believe in the connection. The far end's own goodbye does not come through either. */
function hush(near: Socket, far: Socket | undefined): void {
  near.unpipe()
  near.pause()
  if (far === undefined) return
  far.unpipe()
  far.pause()
  far
    .removeAllListeners('close')
    .removeAllListeners('error')
    .on('error', () => {})
}

/** A kubeconfig like the given one but for its server, which is the line. @returns its path */
export function kubeconfigThrough({ folder }: Cluster, kubeconfig: string, line: Line): string {
  const document = JSON.parse(readFileSync(kubeconfig, 'utf8')) as { clusters: { cluster: { server: string } }[] }
  for (const { cluster } of document.clusters) cluster.server = line.url
  const path = join(folder, 'kubeconfigs', `through-${new URL(line.url).port}.yaml`)
  writeFileSync(path, JSON.stringify(document, null, 2), { mode: 0o600 })
  return path
}
