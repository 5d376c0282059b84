import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { bedVariable } from '../base/process-table.ts'
import { until } from '../base/wait.ts'
import type { Cluster } from '../support/cluster.ts'

export interface Forward {
  /** Asks the API at the forwarded port. @throws Error for any answer but a success */
  ask<Answer>(path: string, method?: 'GET' | 'POST'): Promise<Answer>
  close(): void
}

/**
 * `kubectl port-forward` to a port of a pod, from a free port here. The API answers to the address that it listens at, which is what a person who
 * forwards the same port asks for.
 */
export async function forwardPort(cluster: Cluster, namespace: string, target: string, port: number): Promise<Forward> {
  const place = ['--kubeconfig', cluster.kubeconfig, '--namespace', namespace]
  const child = spawn(cluster.programs.kubectl, [...place, 'port-forward', target, `:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, [bedVariable]: cluster.folder },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
  const look = () => /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]
  const local = await until('kubectl to forward', look, { seconds: 30 }).catch((cause: unknown) => {
    child.kill()
    throw new Error(`${String(cause)}; it said: ${said}`, { cause })
  })
  return {
    ask: <Answer>(path: string, method = 'GET') =>
      new Promise<Answer>((resolve, reject) => {
        const headers = { host: `127.0.0.1:${port}` }
        const asked = request({ host: '127.0.0.1', port: Number(local), path, method, headers }, (answer) => {
          text(answer).then((body) => {
            const isFine = (answer.statusCode ?? 500) < 300
            if (isFine) resolve(JSON.parse(body) as Answer)
            else reject(new Error(`${method} ${path}: ${answer.statusCode} ${body}`))
          }, reject)
        })
        asked.setTimeout(20_000, () => asked.destroy(new Error(`${method} ${path}: no answer`)))
        asked.on('error', reject)
        asked.end()
      }),
    close: () => void child.kill(),
  }
}
