import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubernetesSchemas } from '../../cli/house/kubernetes-schemas.ts'
import { compile } from '../../compiler/compile.ts'
import { checkObject } from '../../compiler/manifest/check.ts'
import type { Definitions } from '../../compiler/manifest/schemas.ts'
import { address, chart, nothing, source } from '../support/compiler.ts'
import { trainingCorpus } from './corpus.ts'
import { median, type Row, row } from './report.ts'

export interface CheckingOptions {
  readonly specs: number
  readonly rounds: number
  /** The program, or null where there is none. */
  readonly kubeconform: string | null
}

/** As for compiling in process: what has been running for a while is measured, and not what the engine makes of code on its first runs. */
const warmRounds = 30

/**
 * Microseconds for each rendered Job that is held against the schemas and rules of Kubernetes, in the memory of a process that has done so before;
 * beside it kubeconform, on the same manifests and schemas, its start and parsing included, and what parsing them as JSON takes.
 */
export function measureChecking({ specs, rounds, kubeconform }: CheckingOptions): Row {
  const definitions = kubernetesSchemas.of('1.36')
  const compiled = compile({ sources: trainingCorpus(specs), source, deployed: nothing, chart, deploy: address })
  const texts = [...(compiled.tree ?? [])]
    .filter(([path]) => /^environments\/.*\/jobs\/.*\.yaml$/.test(path))
    .map(([, text]) => text)
  const objects = texts.map((text) => load(text))
  const json = objects.map((object) => JSON.stringify(object))
  const folder = mkdtempSync(join(tmpdir(), 'specyard-checking-'))
  const [ours, peers, limits]: [number[], number[], number[]] = [[], [], []]
  try {
    const manifests = join(folder, 'manifests')
    mkdirSync(manifests)
    texts.forEach((text, index) => writeFileSync(join(manifests, `${index}.yaml`), text))
    writeFileSync(join(folder, 'job-batch-v1.json'), JSON.stringify(selfContained(definitions)))
    for (let round = 0; round < warmRounds; round += 1) objects.forEach((one) => checkFine(one, definitions))
    for (let round = 0; round < rounds; round += 1) {
      ours.push(microseconds(objects.length, () => objects.forEach((one) => checkFine(one, definitions))))
      if (kubeconform !== null)
        peers.push(microseconds(texts.length, () => runKubeconform(kubeconform, folder, manifests)))
      limits.push(microseconds(json.length, () => json.forEach((one) => JSON.parse(one) as unknown)))
    }
  } finally {
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

function checkFine(object: unknown, definitions: Definitions): void {
  const [finding] = checkObject(object, definitions)
  if (finding) throw new Error(`${finding.pointer} ${finding.message}`)
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
