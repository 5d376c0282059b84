import { type Node, tree } from './tree.ts'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
const head = (kind: string, metadata: object) => ({ apiVersion: 'specyard.dev/v1', kind, metadata })
const labels = { team: 'research', where: 'Zürich 😀' }

/** Documents of a spec repository that has no problems, with every part that a mutation wants to spoil. */
export const corpus = {
  dev: tree({
    ...head('Environment', { name: 'dev', labels }),
    spec: {
      cluster: 'local',
      follow: 'newest',
      images: { 'example/trainer': 'trainer', 'example/server': 'server' },
      queues: ['small', 'large'],
      callback: { url: 'http://127.0.0.1:8787' },
      tracker: { mlflow: { url: 'http://127.0.0.1:5000' } },
      nodeLostSeconds: 300,
    },
  }),
  prod: tree({
    ...head('Environment', { name: 'prod' }),
    spec: {
      cluster: { kubernetes: { context: 'prod', namespaces: { language: 'ml-language' } } },
      queues: ['gpu', 'spot'],
      gpuTypes: { T4: { resource: 'nvidia.com/gpu', pricePerHour: 0.35, nodeSelector: { gpu: 't4' } } },
      storage: { type: 's3', bucket: 'models', endpoint: 'https://s3.example.com', region: 'eu' },
      auth: { type: 'none' },
      serving: {
        gateway: { name: 'public', namespace: 'gateways' },
        autoscaler: 'keda',
        prometheus: { url: 'http://prometheus:9090' },
        authProxy: { image: `envoyproxy/envoy@${digest}` },
      },
      protections: { imagesByDigest: true },
      budgets: { gpuHoursPerMonth: 500 },
    },
  }),
  dataset: tree({
    ...head('Dataset', { name: 'text', project: 'language', description: 'Words' }),
    spec: { uri: 's3://data/text', format: 'text', digest },
  }),
  model: tree({
    ...head('Model', { name: 'letters', project: 'language' }),
    spec: { family: 'char-loglinear', taskTypes: ['language-modelling'], framework: 'custom', licence: 'MIT' },
  }),
  prompt: tree({
    ...head('PromptTemplate', { name: 'plain', project: 'language' }),
    spec: { text: 'Say {{ input }}' },
  }),
  training: tree({
    ...head('TrainingJob', { name: 'letters', project: 'language', labels }),
    spec: {
      environment: 'prod',
      task: { type: 'language-modelling', numClasses: 3, classNames: ['a', 'b'] },
      jobType: 'PRETRAIN',
      model: { name: 'char-loglinear', source: 'custom', pretrained: false },
      dataset: { ref: 'text', splits: { train: 0.8, validation: 0.1, test: 0.1 }, augmentation: { flip: true } },
      training: {
        epochs: 30,
        batchSize: 64,
        learningRate: 0.1,
        scheduler: { type: 'cosine', warmupEpochs: 2 },
        earlyStop: { enabled: true, patience: 5, metric: 'val_loss' },
      },
      image: `example/trainer@${digest}`,
      command: ['python', 'train.py'],
      env: { LOG_LEVEL: 'info', TOKEN: { secret: 'hub', key: 'token' } },
      resources: {
        gpus: 1,
        gpuType: 'T4',
        cpu: { request: '2', limit: '4' },
        memory: { request: '8Gi', limit: '16Gi' },
      },
      nodes: 1,
      retry: { maxRetries: 3, on: ['APP_EXIT', 'OOM'], backoffSeconds: 30, maxDisruptions: 10 },
      timeoutSeconds: 86_400,
      ttlSecondsAfterFinished: 3600,
      stall: { factor: 10, end: false },
      queue: 'gpu',
      rerun: 0,
      output: { model: 'letters', stage: 'experimental' },
    },
  }),
  endpoint: tree({
    ...head('ServingEndpoint', { name: 'letters', project: 'language' }),
    spec: {
      model: { ref: 'letters', family: 'char-loglinear', jobType: 'PRETRAIN' },
      serveTarget: 'GENERATION',
      framework: 'fastapi',
      image: `example/server@${digest}`,
      command: ['uvicorn', 'app:app'],
      env: { LOG_LEVEL: 'info' },
      port: 8080,
      route: '/letters',
      probe: { path: '/healthz', initialDelaySeconds: 1, periodSeconds: 5 },
      promptTemplate: { ref: 'plain' },
      resources: { gpus: 0, cpu: { request: '1', limit: '2' }, memory: { request: '1Gi', limit: '2Gi' } },
      runtime: { maxConcurrentRequests: 32, maxInputTokens: 2048, maxOutputTokens: 512 },
      replicas: { min: 1, max: 4 },
      autoscale: { targetLatencyMs: 200, cpuUtilization: 70 },
      rollout: { strategy: 'canary', trafficSplit: { old: 90, new: 10 } },
      auth: { type: 'jwt', issuer: 'https://login.example.com' },
      terminationGraceSeconds: 30,
      environments: {
        dev: {},
        prod: {
          serveTarget: 'RAG',
          env: { LOG_LEVEL: 'warning', TOKEN: { secret: 'hub', key: 'token' } },
          port: 9090,
          command: ['uvicorn', 'app:prod'],
          resources: { gpus: 1, gpuType: 'T4', memory: { request: '4Gi', limit: '8Gi' } },
          replicas: { min: 2, max: 8 },
          autoscale: { cpuUtilization: 60 },
          rollout: { strategy: 'blue-green', trafficSplit: { old: 50, new: 50 }, maxSurge: 1 },
          auth: { type: 'none' },
          route: '/prod/letters',
        },
      },
    },
  }),
} as const satisfies Record<string, Node>

export type Name = keyof typeof corpus
