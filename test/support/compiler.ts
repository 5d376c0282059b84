import { compile } from '../../compiler/compile.ts'
import type { CompileResult } from '../../compiler/compile-types.ts'
import { judge } from '../../compiler/policy/judge.ts'
import { type Operated, operate } from '../../compiler/operate/operate.ts'
import type { Operation } from '../../domain/operation.ts'
import type { Change, Deployed, SourceFile } from '../../domain/publication.ts'

export const chart = { version: '0.2.0', files: new Map([['Chart.yaml', 'name: serving-endpoint\nversion: 0.2.0\n']]) }
export const address = { url: '.specyard/deploy.git', branch: 'main' }
export const source = {
  format: 1,
  repository: 'https://git.example.com/specs.git',
  commit: 'a'.repeat(40),
  dirty: false,
} as const

export const environment = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, follow: newest, images: { example/trainer: trainer } }
---
apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: prod }
spec: { cluster: { kubernetes: { context: prod, namespaces: { language: ml-language } } } }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`

/** A training spec in one line of differences. */
export function training(name = 'letters', more = ''): string {
  return `apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: ${name}, project: language }
spec:
  environment: dev
  task: { type: language-modelling }
  model: { name: char-loglinear, source: custom }
  dataset: { ref: text }
  training: { epochs: 3 }
  image: example/trainer:1
  output: { model: letters }
${more}`
}

export function endpoint(more = ''): string {
  return `apiVersion: specyard.dev/v1
kind: ServingEndpoint
metadata: { name: letters, project: language }
spec:
  model: { ref: letters, family: char-loglinear }
  serveTarget: GENERATION
  framework: fastapi
  image: example/trainer:1
  port: 8080
  route: /letters
  environments: { dev: {}, prod: { replicas: { min: 2, max: 3 }, autoscale: { cpuUtilization: 70 } } }
${more}`
}

/** Compiles texts beside the environments that every test has. */
export function compileTexts(
  texts: readonly string[],
  deployed: Deployed = nothing,
  base = environment,
): CompileResult {
  return compile({ sources: sourcesOf(texts, base), source, deployed, chart, deploy: address, judge })
}

/** The files that texts are compiled as. */
export function sourcesOf(texts: readonly string[], base = environment): readonly SourceFile[] {
  return [base, ...texts].map((text, index) => ({
    path: `specs/${index}.yaml`,
    bytes: new TextEncoder().encode(text),
  }))
}

export const nothing: Deployed = { commit: null, files: new Map(), drifted: [] }

/** What is deployed after a change. */
export function deployedAfter(deployed: Deployed, change: Change): Deployed {
  const files = new Map(deployed.files)
  for (const [path, text] of change) {
    if (text === null) files.delete(path)
    else files.set(path, text)
  }
  return { commit: 'c'.repeat(40), files, drifted: deployed.drifted }
}

export function publishTexts(texts: readonly string[], deployed: Deployed = nothing): Deployed {
  return deployedAfter(deployed, compileTexts(texts, deployed).change)
}

/** The first version of the model `letters`, as its training registers it. */
export const firstVersion: Operation = {
  kind: 'register',
  project: 'language',
  model: 'letters',
  version: {
    digest: `sha256:${'a'.repeat(64)}`,
    uri: 's3://models/a',
    sizeBytes: 1,
    stage: 'experimental',
    run: { id: 'e01a23c8-e10b-5fee-9d60-c5f0599d56f5', attempt: 1, environment: 'dev' },
    framework: null,
    hyperparameters: {},
    metrics: {},
  },
}

export function perform(
  deployed: Deployed,
  ...operations: readonly Operation[]
): Operated & { readonly deployed: Deployed } {
  return performWith(chart, deployed, operations)
}

/** @param shipped the chart that this version of the program ships */
export function performWith(
  shipped: typeof chart,
  deployed: Deployed,
  operations: readonly Operation[],
): Operated & { readonly deployed: Deployed } {
  const operated = operate(deployed, operations, shipped, address)
  return { ...operated, deployed: deployedAfter(deployed, operated.change) }
}

export function manifests(deployed: Deployed): readonly string[] {
  return [...deployed.files.keys()]
    .filter((path) => /\/jobs\/.*\.yaml$/.test(path) && path.startsWith('environments/'))
    .sort()
}
