import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from '../../compiler/compile.ts'
import type { CompileResult } from '../../compiler/compile-types.ts'
import { type Candidate, renderValues } from '../../compiler/render/values.ts'
import { hasCandidates } from '../../compiler/resolve/serving/capabilities.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import type { EndpointPlan, ModelPin } from '../../domain/plan.ts'
import type { Files, SourceFile } from '../../domain/publication.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const chartFolder = join(root, 'charts', 'serving-endpoint')

/** A version of the worked example's model, as a success registers it. */
export const examplePin: ModelPin = {
  model: 'handbook-lm',
  version: 3,
  digest: `sha256:${'5f'.repeat(32)}`,
  uri: 'storage/models/handbook-lm/5f5f5f5f5f5f/model.bin',
}

/** Compiles the worked example as it stands in `specs/`, for a deploy repository that is empty. */
export function compileExample(): CompileResult {
  return compileFiles(
    filesBelow('specs').map((path) => ({ path, bytes: new Uint8Array(readFileSync(join(root, path))) })),
  )
}

function compileFiles(sources: readonly SourceFile[]): CompileResult {
  return compile({
    sources,
    source: { format: 1, repository: null, commit: null, dirty: false },
    deployed: { commit: null, files: new Map(), drifted: [] },
    chart: { version: '0.2.0', files: new Map([['Chart.yaml', 'name: serving-endpoint\nversion: 0.2.0\n']]) },
    deploy: { url: 'https://git.example.com/deploy.git', branch: 'main' },
  })
}

/** The plan of the worked example's endpoint in an environment. */
export function endpointPlan(environment: string): EndpointPlan {
  const edits = [...compileExample().ledgerEdits].filter((edit): edit is [string, string] => edit[1] !== null)
  const files: Files = new Map(edits)
  const entry = readLedger(files).endpoints.find((one) => one.environment === environment)
  if (!entry) throw new Error(`the worked example has no endpoint in ${environment}`)
  return entry.plan
}

/** The values of the chart for each of its golden cases, by the case's name. */
export function goldenValues(): ReadonlyMap<string, string> {
  const prod = endpointPlan('prod')
  const gpu: EndpointPlan = {
    ...prod,
    ingressHost: null,
    volumes: [{ name: 'storage', source: { claim: 'ml-storage' }, mountPath: '/storage', readOnly: true }],
    resources: {
      ...prod.resources,
      gpus: 1,
      gpuType: 'A100',
      nodeSelector: { accelerator: 'nvidia-a100' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', value: null, effect: 'NoSchedule' }],
    },
    replicas: { min: 1, max: 1 },
    autoscale: null,
    rollout: { ...prod.rollout, maxSurge: 0, maxUnavailable: 1 },
    promptTemplate: { name: 'plain', text: 'Q: {{prompt}}\nA: "{{ not a template of the chart }}"\n' },
  }
  return new Map([
    ['dev', valuesOf(endpointPlan('dev'))],
    ['prod', valuesOf(prod)],
    ['gpu', valuesOf(gpu)],
    ...[...servingPlans()].map(([name, plan]) => [name, valuesOf(plan, candidateOf(plan))] as const),
  ])
}

export function valuesOf(plan: EndpointPlan, candidate: Candidate | null = null): string {
  return renderValues({ plan, pin: examplePin, revision: 3 }, candidate)
}

/** The next version with another image, while a quarter of the callers gets it; null where there are no candidates. */
export function candidateOf(plan: EndpointPlan): Candidate | null {
  if (!hasCandidates(plan)) return null
  const image = plan.image.replace(/1{64}$/, '2'.repeat(64))
  const pin = {
    ...examplePin,
    version: 4,
    digest: `sha256:${'6f'.repeat(32)}`,
    uri: 's3://models/letters/6f6f6f6f6f6f',
  }
  return { release: { plan: { ...plan, image }, pin, revision: 4 }, weight: 25 }
}

/** The plans of `test/charts/cases/endpoints.yaml`, by the environment: one for each way of serving. */
export function servingPlans(): ReadonlyMap<string, EndpointPlan> {
  const path = 'test/charts/cases/endpoints.yaml'
  const { problems, ledgerEdits } = compileFiles([{ path, bytes: new Uint8Array(readFileSync(join(root, path))) }])
  if (problems.length > 0) throw new Error(`${path}: ${JSON.stringify(problems, null, 2)}`)
  const edits = [...ledgerEdits].filter((edit): edit is [string, string] => edit[1] !== null)
  return new Map(readLedger(new Map(edits)).endpoints.map(({ environment, plan }) => [environment, plan]))
}

/** Paths of all files below a folder of the repository, relative to its root, sorted. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}
