/** Of an environment on the bed, with what its trainings need. */
export function environmentSpec(told: {
  readonly environment: string
  readonly namespace: string
  readonly context: string
  readonly callback: string
}): string {
  return `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${told.environment} }
spec:
  cluster: { kubernetes: { context: ${told.context}, namespaces: { language: ${told.namespace} } } }
  callback: { url: '${told.callback}' }
  lease: { image: 'busybox:1.37.0@sha256:${'b'.repeat(64)}' }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: handbook, project: language }
spec: { uri: examples/handbook/data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: handbook-lm, project: language }
spec: { family: char-loglinear }
`
}

/** A training that asks for more memory than any node of the bed has: its Job and pod are there, and nothing of it runs. */
export function trainingSpec(environment: string, name: string): string {
  return `apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: ${name}, project: language }
spec:
  environment: ${environment}
  task: { type: language-modelling }
  jobType: PRETRAIN
  model: { name: char-loglinear, source: custom }
  dataset: { ref: handbook, splits: { train: 0.8, validation: 0.1, test: 0.1 } }
  training: { epochs: 3, batchSize: 64, learningRate: 0.1, seed: 1 }
  image: 'example.com/trainer:1@sha256:${'a'.repeat(64)}'
  command: [train]
  resources:
    cpu: { request: 100m, limit: '2' }
    memory: { request: 60Ti, limit: 60Ti }
  timeoutSeconds: 86400
  output: { model: handbook-lm, stage: experimental }
`
}
