import { once } from 'node:events'
import { createServer } from 'node:http'
import { type Cluster, realNodeOf } from './cluster.ts'

/*
 * A training that goes on for as long as a test wants: its trainer reports by the worked example's client, and asks the test a few times a second
 * whether it may go on to its next part. A trainer that finds nobody to ask gives up.
 */

/** What it does: reports that it goes on; says `done` and stays; ends. */
export type Part = 'train' | 'say-done' | 'exit'

export interface HeldTraining {
  /** The trainer's command, in the worked example's image. */
  readonly command: readonly string[]
  /** Lets it go on to a part, through those before. */
  let(part: Part): void
  /** Names of the pods that have asked. */
  readonly pods: ReadonlySet<string>
  /** Parts that a trainer was told to go on to. */
  readonly told: ReadonlySet<Part>
  close(): Promise<void>
}

export async function holdTraining(cluster: Cluster): Promise<HeldTraining> {
  const { host } = realNodeOf(cluster).network
  const pods = new Set<string>()
  const told = new Set<Part>()
  let part: Part = 'train'
  const server = createServer((request, response) => {
    pods.add((request.url ?? '/').slice(1))
    told.add(part)
    response.setHeader('connection', 'close').end(part)
  })
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    command: ['node', '--input-type=module', '-e', trainer(`http://${host}:${port}`)],
    let: (next) => {
      part = next
    },
    pods,
    told,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function trainer(url: string): string {
  return `
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { clientOptions, createClient } from '/app/specyard-client.mjs'
const log = (line) => process.stdout.write('[TRACE:' + process.env.TRACE_ID + '] ' + line + '\\n')
const specyard = createClient({ ...clientOptions(process.env), log })
const ask = async () => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await (await fetch('${url}/' + hostname(), { signal: AbortSignal.timeout(20_000) })).text()
    } catch (error) {
      // Its share of a busy machine may be so small that an answer takes long.
      if (tries === 20) throw error
      await pause(500)
    }
  }
}
log('attempt ' + process.env.ATTEMPT + ' begins')
for (let step = 1; (await ask()) === 'train'; step += 1) {
  specyard.heartbeat({ step, epoch: 1, loss: 1 / step })
  await pause(250)
}
log('heard: ' + (await specyard.done({ outcome: 'SUCCEEDED', metrics: { accuracy: 0.9 }, artifacts: [] })))
while ((await ask()) !== 'exit') await pause(250)
`
}
