import type { SourceFile } from '../../domain/publication.ts'

const projects = ['language', 'vision', 'search', 'speech']

/**
 * A spec repository of so many training specs, as teams write them; the same for the same number.
 * @param perFile how many stand in one file; a repository has 5,000 files at most
 */
export function trainingCorpus(count: number, perFile = 1): readonly SourceFile[] {
  const files = [source('specs/environments.yaml', environments()), source('specs/data.yaml', datasets())]
  if (perFile > 1) {
    for (let first = 0; first < count; first += perFile) {
      const numbers = Array.from({ length: Math.min(perFile, count - first) }, (_, index) => first + index)
      const texts = numbers.map((index) => training(index, projects[index % projects.length] ?? ''))
      files.push(source(`specs/all/trainings-${String(first).padStart(5, '0')}.yaml`, texts.join('---\n')))
    }
    return files
  }
  for (let index = 0; index < count; index += 1) {
    const project = projects[index % projects.length] ?? ''
    files.push(source(`specs/${project}/training-${String(index).padStart(5, '0')}.yaml`, training(index, project)))
  }
  return files
}

function source(path: string, text: string): SourceFile {
  return { path, bytes: new TextEncoder().encode(text) }
}

function environments(): string {
  const namespaces = projects.map((project) => `${project}: ml-${project}`).join(', ')
  return ['stg', 'prod']
    .map(
      (name) => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${name}, description: A shared cluster }
spec:
  cluster: { kubernetes: { context: ${name}, namespaces: { ${namespaces} } } }
  callback: { url: https://specyard.example.com }
  queues: [gpu, batch]
  gpuTypes:
    T4: { resource: nvidia.com/gpu, nodeSelector: { accelerator: nvidia-t4 }, pricePerHour: 0.35 }
    A100: { resource: nvidia.com/gpu, nodeSelector: { accelerator: nvidia-a100 }, pricePerHour: 2.9 }
  storage: { type: s3, bucket: ml, endpoint: 'https://s3.example.com', credentialsSecret: s3-credentials }
`,
    )
    .join('---\n')
}

function datasets(): string {
  return projects
    .map(
      (project) => `apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: corpus, project: ${project} }
spec: { uri: 's3://ml/${project}/corpus', format: parquet, digest: 'sha256:${'ab'.repeat(32)}' }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: base, project: ${project} }
spec: { family: transformer, taskTypes: [classification], framework: pytorch, licence: Apache-2.0 }
`,
    )
    .join('---\n')
}

function training(index: number, project: string): string {
  const image = `ghcr.io/example/${project}-trainer@sha256:${String(index % 7).repeat(64)}`
  return `# yaml-language-server: $schema=../../schemas/training-job.schema.json
apiVersion: specyard.dev/v1
kind: TrainingJob
metadata:
  name: training-${String(index).padStart(5, '0')}
  project: ${project}
  description: "Sweep ${index % 13}: learning rate and batch size"
  labels: { team: ${project}, sweep: s${index % 13} }
spec:
  environment: ${index % 3 === 0 ? 'prod' : 'stg'}
  task: { type: classification, numClasses: 3, classNames: [good, bad, unclear] }
  model: { name: base, source: huggingface, pretrained: true }
  dataset: { ref: corpus, splits: { train: 0.8, validation: 0.1, test: 0.1 } }
  training:
    epochs: ${10 + (index % 40)}
    batchSize: ${2 ** (4 + (index % 4))}
    learningRate: ${(0.0001 * (1 + (index % 9))).toFixed(4)}
    optimizer: adamw
    scheduler: { type: cosine, warmupEpochs: 2 }
    earlyStop: { enabled: true, patience: 5, metric: val_loss }
    seed: ${index}
  image: ${image}
  command: [python, -m, trainer.main]
  env: { LOG_LEVEL: info, TOKENIZERS_PARALLELISM: 'false', HF_TOKEN: { secret: huggingface, key: token } }
  resources: { gpus: ${1 + (index % 2)}, gpuType: ${index % 5 === 0 ? 'A100' : 'T4'}, cpu: { request: '4', limit: '8' }, memory: { request: 16Gi, limit: 32Gi } }
  retry: { maxRetries: 3, on: [APP_EXIT, OOM], backoffSeconds: 30 }
  timeoutSeconds: 86400
  queue: gpu
  output: { model: base, stage: experimental }
`
}
