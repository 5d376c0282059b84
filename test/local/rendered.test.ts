import { describe, expect, it } from 'vitest'
import { renderEndpointApplication, renderJobsApplication } from '../../compiler/render/application.ts'
import { renderJob } from '../../compiler/render/job.ts'
import { renderValues } from '../../compiler/render/values.ts'
import { paths } from '../../domain/ledger.ts'
import type { EndpointPlan, PlannedResources, TrainingPlan } from '../../domain/plan.ts'
import { readDesired } from '../../local/sync/desired.ts'

const key = { environment: 'dev', project: 'language', name: 'handbook' } as const
const destination = { name: 'local' }
const resources: PlannedResources = {
  cpuRequestMillicores: 500,
  cpuLimitMillicores: 1000,
  memoryRequestBytes: 2 ** 28,
  memoryLimitBytes: 2 ** 29,
  gpus: 0,
  gpuResource: 'nvidia.com/gpu',
  gpuType: null,
  gpuPricePerHour: null,
  nodeSelector: {},
  tolerations: [],
}
const shared = {
  ...key,
  format: 1,
  digest: 'd'.repeat(64),
  source: { repository: null, commit: null, dirty: false, path: 'specs/a.yaml', line: 1 },
  cluster: 'local',
  destination,
  namespace: 'ml',
  image: 'trainer',
  imageFolder: 'examples/handbook',
  arguments: ['--flag', '$(EPOCHS)'],
  variables: [
    { name: 'EPOCHS', value: '30' },
    { name: 'KEY', secret: 'keys', key: 'key' },
  ],
  volumes: [{ name: 'storage', source: { hostPath: '.specyard/storage' }, mountPath: 'storage', readOnly: false }],
  resources,
} as const

const training: TrainingPlan = {
  ...shared,
  kind: 'TrainingJob',
  id: '0b0e7a5e-0000-5000-8000-000000000001',
  traceId: '0b0e7a5e-0000-5000-8000-000000000002',
  shortDigest: 'dddddddd',
  command: ['node', 'train.mjs'],
  nodes: 1,
  queue: null,
  lease: { mode: 'required', image: 'busybox' },
  retry: { maxRetries: 3, on: ['APP_EXIT'], backoffSeconds: 30, maxDisruptions: 10 },
  timeoutSeconds: 86_400,
  ttlSecondsAfterFinished: 3600,
  exitGraceSeconds: 60,
  nodeLostSeconds: 300,
  terminationGraceSeconds: 30,
  stall: { factor: 10, end: false },
  output: null,
  training: {},
}

const serving: EndpointPlan = {
  ...shared,
  kind: 'ServingEndpoint',
  framework: 'fastapi',
  chartVersion: '0.1.0',
  command: ['node', 'serve.mjs'],
  port: 8080,
  route: '/handbook',
  probe: { path: '/healthz', initialDelaySeconds: 0, periodSeconds: 5 },
  replicas: { min: 1, max: 2 },
  autoscale: { targetLatencyMs: null, gpuUtilization: null, cpuUtilization: 70 },
  rollout: { strategy: 'rolling', trafficSplit: null, maxSurge: 1, maxUnavailable: 0 },
  auth: { type: 'none', issuer: null },
  ingressHost: null,
  terminationGraceSeconds: 10,
  model: { ref: 'handbook-lm', family: 'char-loglinear', jobType: null, version: null },
  follow: 'newest',
  promptTemplate: { name: 'plain', text: 'a\nb: {x}' },
  deploymentSpec: {},
  rollbackPlan: null,
}
const pin = { model: 'handbook-lm', version: 2, digest: `sha256:${'e'.repeat(64)}`, uri: 'storage/model' }
const deploy = { url: 'deploy.git', branch: 'main' }

describe('what the compiler renders for the local cluster', () => {
  it('is what the local cluster reads', () => {
    const project = { environment: 'dev', project: 'language', namespace: 'ml', destination, queues: false }
    const files = new Map([
      [paths.jobsApplication('dev', 'language'), renderJobsApplication(project, deploy)],
      [paths.job('dev', 'language', 'handbook-dddddddd-1'), renderJob(training, { attempt: 1, checkpointUri: null })],
      [paths.endpointApplication(key), renderEndpointApplication(serving, deploy)],
      [paths.endpointValues(key), renderValues({ plan: serving, pin, revision: 1 }, null)],
    ])
    const [endpoint, jobs] = readDesired(files)
    expect(jobs).toMatchObject({
      name: 'dev.language.jobs',
      content: {
        kind: 'jobs',
        jobs: [
          {
            name: 'handbook-dddddddd-1',
            namespace: 'ml',
            labels: { 'job-id': training.id, 'specyard.dev/attempt': '1' },
            annotations: { 'specyard.dev/image-folder': 'examples/handbook' },
            spec: {
              backoffLimit: 0,
              activeDeadlineSeconds: 86_400,
              podFailurePolicy: { rules: [{ action: 'Ignore' }, { action: 'FailJob' }] },
              template: {
                spec: {
                  terminationGracePeriodSeconds: 30,
                  initContainers: [{ name: 'lease' }],
                  containers: [{ name: 'trainer', command: ['node', 'train.mjs'], args: ['--flag', '$(EPOCHS)'] }],
                  volumes: [{ hostPath: { path: '.specyard/storage' } }, { secret: { optional: true } }],
                },
              },
            },
          },
        ],
      },
    })
    expect(endpoint).toMatchObject({
      name: 'dev.language.endpoint.handbook',
      content: {
        kind: 'endpoint',
        endpoint: {
          namespace: 'ml',
          values: {
            ...key,
            imageFolder: 'examples/handbook',
            command: ['node', 'serve.mjs'],
            model: { digest: pin.digest },
            route: '/handbook',
            probe: { path: '/healthz', periodSeconds: 5 },
            terminationGracePeriodSeconds: 10,
          },
        },
      },
    })
  })
})
