import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import type { Definitions } from '../../../compiler/manifest/schemas.ts'
import { median, type Row, row } from '../report.ts'
import { renderedJobs } from './rendered-jobs.ts'
import { startRounds, warmRounds } from './rounds.ts'

export interface CheckingOptions {
  readonly specs: number
  readonly rounds: number
  /** The built `checking-once`. */
  readonly program: string
  /** The program, or null where there is none. */
  readonly kubeconform: string | null
}

/**
 * Microseconds for each rendered Job that is held against the schemas and rules of Kubernetes, in a process that has been running for a while; beside it
 * kubeconform, on the same manifests and schemas, its start and parsing included, and what parsing them as JSON takes.
 */
export async function measureChecking({ specs, rounds, program, kubeconform }: CheckingOptions): Promise<Row> {
  const texts = renderedJobs(specs)
  const folder = mkdtempSync(join(tmpdir(), 'specyard-checking-'))
  const process = startRounds(program, [String(specs)])
  const told = async (what: 'check' | 'json'): Promise<number> => ((await process.ask(what)) / texts.length) * 1e6
  const [ours, peers, limits]: [number[], number[], number[]] = [[], [], []]
  try {
    const manifests = join(folder, 'manifests')
    mkdirSync(manifests)
    texts.forEach((text, index) => writeFileSync(join(manifests, `${index}.yaml`), text))
    const definitions = kubernetesSchemas.of('1.36')
    writeFileSync(join(folder, 'job-batch-v1.json'), JSON.stringify(selfContained(definitions)))
    for (let round = 0; round < warmRounds; round += 1) {
      await told('check')
      await told('json')
    }
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await told('check'))
      if (kubeconform !== null)
        peers.push(microseconds(texts.length, () => runKubeconform(kubeconform, folder, manifests)))
      limits.push(await told('json'))
    }
  } finally {
    process.end()
    rmSync(folder, { recursive: true, force: true })
  }
  return row({
    metric: `check ${texts.length} rendered Jobs against Kubernetes' schemas and rules`,
    unit: 'µs/manifest',
    better: 'less',
    ours: median(ours),
    peer: {
      name: 'kubeconform -strict -n 1',
      value: kubeconform === null ? null : median(peers),
    },
    limit: median(limits),
    goal: 20,
  })
}

function runKubeconform(program: string, folder: string, manifests: string): void {
  const location = join(folder, '{{ .ResourceKind }}{{ .KindSuffix }}.json')
  const ended = spawnSync(program, ['-strict', '-n', '1', '-schema-location', location, manifests], {
    encoding: 'utf8',
  })
  if (ended.status !== 0) throw new Error(`kubeconform failed:\n${ended.stdout}${ended.stderr}`)
}

/** The schema of a Job as kubeconform takes it: whole, in one file, where a field that is not named is refused. */
function selfContained(definitions: Definitions): object {
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite)
    if (typeof value !== 'object' || value === null) return value
    const { $ref, format, properties } = value as { $ref?: unknown; format?: unknown; properties?: unknown }
    if (typeof $ref === 'string') return { $ref: `#/definitions/${$ref.slice(2).replaceAll('/', '~1')}` }
    if (format === 'quantity') return { type: ['string', 'number'] }
    if ('x-kubernetes-int-or-string' in value) return { type: ['string', 'integer'] }
    const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rewrite(one)]))
    return properties === undefined ? inner : { ...inner, additionalProperties: false }
  }
  const whole = rewrite(definitions) as Record<string, object>
  return { ...whole['batch/v1/Job'], definitions: whole }
}

function microseconds(count: number, work: () => void): number {
  const began = performance.now()
  work()
  return ((performance.now() - began) * 1000) / count
}
