import { load, loadAll } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { renderJob } from '../../compiler/render/job.ts'
import type { EndpointPlan, TrainingPlan } from '../../domain/plan.ts'
import { compileTexts } from '../support/compiler.ts'

/**
 * What the source documents of the product ask for, and where it stands here: a table for each document. A line whose right side is not
 * what compiling gives fails, so that nothing of them is lost unnoticed.
 */
const environment = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: prod }
spec:
  cluster: { kubernetes: { context: prod, namespaces: { vision: ml-vision } } }
  callback: { url: https://api.example.com }
  gpuTypes: { T4: { resource: nvidia.com/gpu } }
  storage: { type: r2, bucket: models, endpoint: https://account.r2.example.com, credentialsSecret: r2-credentials }
  serving:
    gateway: { name: public, namespace: gateways }
    autoscaler: keda
    prometheus: { url: 'http://prometheus:9090' }
---
{ apiVersion: specyard.dev/v1, kind: Dataset, metadata: { name: cats, project: vision }, spec: { uri: s3://b/cats, format: coco } }
---
{ apiVersion: specyard.dev/v1, kind: Model, metadata: { name: cats, project: vision }, spec: { family: resnet } }
---
{ apiVersion: specyard.dev/v1, kind: PromptTemplate, metadata: { name: plain, project: vision }, spec: { text: 'Say: {{prompt}}' } }
`
const training = `apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: cats, project: vision }
spec:
  environment: prod
  task: { type: classification, numClasses: 3, classNames: [치즈, 나비, 츄르] }
  model: { name: resnet50, source: timm, pretrained: true, pretrainedWeights: imagenet }
  dataset:
    ref: cats
    splits: { train: 0.8, validation: 0.15, test: 0.05 }
    augmentation: { randomFlip: true, randomRotation: 15, colorJitter: true }
  training:
    epochs: 100
    batchSize: 32
    learningRate: 0.001
    optimizer: adam
    scheduler: { type: cosine, warmupEpochs: 5 }
    earlyStop: { enabled: true, patience: 10, metric: val_loss }
  image: ghcr.io/example/trainer-ultralytics:v1.0.0
  resources: { gpus: 1, gpuType: T4, cpu: { request: '2', limit: '4' }, memory: { request: 8Gi, limit: 16Gi } }
  retry: { maxRetries: 3 }
`
const serving = `apiVersion: specyard.dev/v1
kind: ServingEndpoint
metadata: { name: cats, project: vision }
spec:
  model: { ref: cats, family: llama, jobType: SFT }
  serveTarget: RAG
  framework: fastapi
  image: ghcr.io/example/server:1
  port: 8080
  route: /cats
  promptTemplate: { ref: plain }
  resources: { gpus: 2, gpuMemoryGb: 24, gpuType: T4, cpu: { request: '2', limit: 4000m }, memory: { request: 4Gi, limit: 8G } }
  runtime: { maxConcurrentRequests: 32, maxInputTokens: 2048, maxOutputTokens: 512 }
  replicas: { min: 1, max: 4 }
  autoscale: { targetLatencyMs: 200, gpuUtilization: 80, cpuUtilization: 70 }
  rollout: { strategy: canary, trafficSplit: { old: 90, new: 10 }, maxSurge: 1 }
  rollbackPlan: Pin the version before.
  environments: { prod: {} }
`
const { problems, impact, ledgerEdits } = compileTexts([training, serving], undefined, environment)
const plan = impact.starts[0] as TrainingPlan
const endpoint = (
  JSON.parse(ledgerEdits.get('.specyard/ledger/endpoints/prod/vision/cats.json') ?? '{}') as { plan: EndpointPlan }
).plan

/** The value at a path of keys such as `spec.template.spec`. */
function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], value)
}

describe('the source documents', () => {
  it('can be written as specs without a problem', () => {
    expect(problems).toEqual([])
  })

  it.each([
    ['task.type', 'task.type', 'classification'],
    ['task.numClasses', 'task.numClasses', 3],
    ['task.classNames', 'task.classNames', ['치즈', '나비', '츄르']],
    ['model.name', 'model.name', 'resnet50'],
    ['model.source', 'model.source', 'timm'],
    ['model.pretrained', 'model.pretrained', true],
    ['model.pretrainedWeights', 'model.pretrainedWeights', 'imagenet'],
    ['dataset.datasetId', 'dataset.name', 'cats'],
    ['dataset.trainSplit', 'dataset.splits.train', 0.8],
    ['dataset.valSplit', 'dataset.splits.validation', 0.15],
    ['dataset.testSplit', 'dataset.splits.test', 0.05],
    ['dataset.augmentation', 'dataset.augmentation', { randomFlip: true, randomRotation: 15, colorJitter: true }],
    ['dataset.format', 'dataset.format', 'coco'],
    ['training.epochs', 'training.epochs', 100],
    ['training.batchSize', 'training.batchSize', 32],
    ['training.learningRate', 'training.learningRate', 0.001],
    ['training.optimizer', 'training.optimizer', 'adam'],
    ['training.scheduler', 'training.scheduler', { type: 'cosine', warmupEpochs: 5 }],
    ['training.earlyStop', 'training.earlyStop', { enabled: true, patience: 10, metric: 'val_loss' }],
  ])('the training configuration’s %s is %s of what a trainer gets', (_theirs, ours, expected) => {
    const variable = plan.variables.find((one) => one.name === 'TRAINING_CONFIG')
    const config: unknown = JSON.parse(variable && 'value' in variable ? variable.value : '{}')
    expect(at(config, ours)).toEqual(expected)
    expect(at(plan.training, ours)).toEqual(expected)
  })

  it.each([
    ['resources.gpuCount', 'gpus', 1],
    ['resources.gpuType', 'gpuType', 'T4'],
    ['resources.memoryGb', 'memoryLimitBytes', 16 * 2 ** 30],
  ])('the training configuration’s %s is %s of the plan’s resources', (_theirs, ours, expected) => {
    expect(at(plan.resources, ours)).toEqual(expected)
  })

  const job = load(renderJob(plan, { attempt: 1, checkpointUri: null }))
  const pod = 'spec.template.spec'
  it.each([
    ['label app', 'metadata.labels.app', 'trainer'],
    ['label job-id', 'metadata.labels.job-id', plan.id],
    ['label trace-id', 'metadata.labels.trace-id', plan.traceId],
    ['pod label job-id', 'spec.template.metadata.labels.job-id', plan.id],
    ['pod label trace-id', 'spec.template.metadata.labels.trace-id', plan.traceId],
    ['backoffLimit', 'spec.backoffLimit', 0],
    ['activeDeadlineSeconds', 'spec.activeDeadlineSeconds', 86_400],
    ['restartPolicy', `${pod}.restartPolicy`, 'Never'],
    ['container', `${pod}.containers.0.name`, 'trainer'],
    ['image', `${pod}.containers.0.image`, 'ghcr.io/example/trainer-ultralytics:v1.0.0'],
    ['requests', `${pod}.containers.0.resources.requests`, { memory: '8Gi', cpu: '2' }],
    ['limits', `${pod}.containers.0.resources.limits`, { memory: '16Gi', cpu: '4', 'nvidia.com/gpu': 1 }],
    // A Job that the cluster deletes by itself would be created again from Git and train again: a commit takes it away instead.
    ['ttlSecondsAfterFinished, which the plan keeps', 'spec.ttlSecondsAfterFinished', undefined],
  ])('the Job’s %s is %s', (_theirs, ours, expected) => {
    expect(at(job, ours)).toEqual(expected)
    expect([plan.ttlSecondsAfterFinished, plan.retry.maxRetries]).toEqual([3600, 3])
  })

  const secret = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } })
  it.each([
    ['JOB_ID', { value: plan.id }],
    ['TRACE_ID', { value: plan.traceId }],
    ['BACKEND_BASE_URL', { value: 'https://api.example.com' }],
    ['CALLBACK_TOKEN', secret(`callback-token-${plan.id}-1`, 'token')],
    ['STORAGE_TYPE', { value: 'r2' }],
    ['R2_ENDPOINT', { value: 'https://account.r2.example.com' }],
    ['R2_ACCESS_KEY_ID', secret('r2-credentials', 'access_key_id')],
    ['R2_SECRET_ACCESS_KEY', secret('r2-credentials', 'secret_access_key')],
    ['DATASET_ID', { value: 'cats' }],
    ['MODEL_NAME', { value: 'resnet50' }],
    ['EPOCHS', { value: '100' }],
  ])('the Job’s variable %s is set', (name, expected) => {
    const variables = at(job, `${pod}.containers.0.env`) as readonly { name: string }[]
    expect(variables.filter((one) => one.name === name)).toEqual([{ name, ...expected }])
  })

  it.each([
    ['environment', 'environment', 'prod'],
    ['route', 'route', '/cats'],
    ['min_replicas', 'replicas.min', 1],
    ['max_replicas', 'replicas.max', 4],
    ['runtime_image', 'image', 'ghcr.io/example/server:1'],
    ['autoscale_policy', 'autoscale', { targetLatencyMs: 200, gpuUtilization: 80, cpuUtilization: 70 }],
    ['prompt_policy_id', 'promptTemplate.name', 'plain'],
    ['use_gpu', 'deploymentSpec.use_gpu', true],
    ['cpu_request', 'resources.cpuRequestMillicores', 2000],
    ['cpu_limit', 'resources.cpuLimitMillicores', 4000],
    ['memory_request', 'resources.memoryRequestBytes', 4 * 2 ** 30],
    ['memory_limit', 'resources.memoryLimitBytes', 8e9],
    ['rollback_plan', 'rollbackPlan', 'Pin the version before.'],
    ['serving_framework', 'framework', 'fastapi'],
    ['framework_namespace', 'namespace', 'ml-vision'],
  ])('the endpoint’s column %s comes from %s of its plan', (_theirs, ours, expected) => {
    expect(at(endpoint, ours)).toEqual(expected)
  })

  it('the DeploymentSpec is as the source document has it, key by key', () => {
    expect(endpoint.deploymentSpec).toEqual({
      model_ref: 'cats',
      model_family: 'llama',
      job_type: 'SFT',
      serve_target: 'RAG',
      resources: { gpus: 2, gpu_memory_gb: 24 },
      runtime: { max_concurrent_requests: 32, max_input_tokens: 2048, max_output_tokens: 512 },
      use_gpu: true,
      rollout: { strategy: 'canary', traffic_split: { old: 90, new: 10 } },
    })
  })

  it('a DeploymentSpec of the least that can be written leaves out what is not known', () => {
    const least = serving.replace(
      / {2}(promptTemplate|resources|runtime|replicas|autoscale|rollout|rollbackPlan):.*\n/g,
      '',
    )
    const result = compileTexts([training, least.replace(', jobType: SFT', '')], undefined, environment)
    expect(result.problems).toEqual([])
    const text = result.ledgerEdits.get('.specyard/ledger/endpoints/prod/vision/cats.json') ?? '{}'
    const { deploymentSpec, replicas } = (JSON.parse(text) as { plan: EndpointPlan }).plan
    expect(replicas).toEqual({ min: 1, max: 1 })
    expect(deploymentSpec).toMatchObject({ model_ref: 'cats', resources: { gpus: 0 }, use_gpu: false })
    expect(loadAll(least)).toHaveLength(1)
  })
})
