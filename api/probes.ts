import fastify, { type FastifyInstance } from 'fastify'

/** One line of a metric in Prometheus' text format. */
export interface Sample {
  readonly name: string
  readonly help: string
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

export interface ProbePorts {
  /** Why this process is of no use just now; empty when it is. */
  notReady(): Promise<readonly string[]>
  samples(): Promise<readonly Sample[]>
}

/** What the probes of a process without an API ask: `/healthz`, `/readyz` and `/metrics`. It tells nothing of what runs, and takes nothing. */
export function createProbeApi(ports: ProbePorts): FastifyInstance {
  const app = fastify({ logger: false })
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const reasons = await ports.notReady()
    if (reasons.length === 0) return { status: 'ready' }
    return reply.status(503).send({ status: 'not ready', reasons })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsText(await ports.samples())),
  )
  return app
}

/** All samples of one name stand together, as the format wants it. All are gauges. */
export function metricsText(samples: readonly Sample[]): string {
  const names = [...new Set(samples.map(({ name }) => name))]
  return names
    .flatMap((name) => {
      const own = samples.filter((one) => one.name === name)
      return [`# HELP ${name} ${own[0]?.help ?? ''}`, `# TYPE ${name} gauge`, ...own.map(line)]
    })
    .map((text) => `${text}\n`)
    .join('')
}

function line({ name, labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
