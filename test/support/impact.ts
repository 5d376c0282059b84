import type { CompileInput } from '../../compiler/compile-types.ts'
import { type Compared, compareSpecs, describeComparison } from '../../compiler/impact/compare.ts'
import type { KnownRuns, RunProgress } from '../../compiler/impact/statement.ts'
import type { Comparison } from '../../cli/impact/comparison.ts'
import type { Deployed } from '../../domain/publication.ts'
import { address, chart, source } from './compiler.ts'

/** Two Environments, one of which says what GPUs cost and how many there are. */
export const gpuEnvironments = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, follow: newest, images: { example/trainer: trainer } }
---
apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: prod }
spec:
  cluster: { kubernetes: { context: prod, namespaces: { language: ml-language } } }
  follow: newest
  gpuTypes:
    A100: { count: 8, pricePerHour: 2.5 }
    L4: { pricePerHour: 0.5 }
    T4: {}
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: 's3://data/text', format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`

export function inputOf(texts: readonly string[], environments = gpuEnvironments): Omit<CompileInput, 'deployed'> {
  const sources = [environments, ...texts].map((text, index) => ({
    path: `specs/${index}.yaml`,
    bytes: new TextEncoder().encode(text),
  }))
  return { sources, source, chart, deploy: address }
}

export function gpuTraining(name: string, more = '', spec = 'resources: { gpus: 2, gpuType: A100 }'): string {
  return `apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: ${name}, project: language }
spec:
  environment: prod
  task: { type: language-modelling }
  model: { name: char-loglinear, source: custom }
  dataset: { ref: text }
  training: { epochs: 3 }
  image: example/trainer:1
  timeoutSeconds: 7200
  retry: { maxRetries: 1 }
  ${spec}
${more}`
}

export function gpuEndpoint(name: string, spec = '', overlay = '{}'): string {
  const declares = /gpus/.test(spec) && !/rollout/.test(spec + overlay)
  return `apiVersion: specyard.dev/v1
kind: ServingEndpoint
metadata: { name: ${name}, project: language }
spec:
  model: { ref: letters, family: char-loglinear }
  serveTarget: GENERATION
  framework: fastapi
  image: example/server:1
  port: 8080
  route: /${name}
  ${spec}${declares ? '\n  rollout: { strategy: rolling, maxSurge: 1 }' : ''}
  environments: { prod: ${overlay} }
`
}

export function compared(
  head: readonly string[],
  deployed: Deployed,
  known?: KnownRuns,
  base?: readonly string[],
  environments?: string,
): Comparison & { readonly compared: Compared } {
  const result = compareSpecs(base && inputOf(base), inputOf(head, environments), deployed)
  return {
    base: base ? { label: 'main', commit: null, dirty: false } : null,
    against: base && result.baseProblems.length === 0 ? 'main' : 'what is published',
    head: { label: 'the working tree', commit: null, dirty: false },
    problems: result.result.problems.filter((one) => one.severity === 'warning'),
    baseProblems: result.baseProblems,
    difference: describeComparison(result, inputOf(head, environments), known),
    compared: result,
  }
}

export const running: RunProgress = {
  state: 'RUNNING',
  reason: '',
  attempt: 2,
  step: 41_000,
  epoch: 4,
  totalEpochs: 10,
  percentage: 41.5,
  startedAt: '2026-03-01T08:30:00.000Z',
}
