import { ledgerText } from '../../../domain/ledger-files.ts'
import { paths } from '../../../domain/ledger.ts'
import type { Files, SourceFile } from '../../../domain/publication.ts'

/*
 * Endpoints as teams have them: one in a file, each in three environments, with the version of its model pinned.
 */

export const environments = ['dev', 'stg', 'prod'] as const

const projects = ['language', 'vision', 'search', 'speech']

export interface ServingCorpus {
  readonly sources: readonly SourceFile[]
  /** What the deploy repository knows already: the versions of the models. */
  readonly deployed: Files
}

/** The same for the same number. @param endpoints each makes values and an Application in three environments */
export function servingCorpus(endpoints: number): ServingCorpus {
  const texts = Array.from({ length: endpoints }, (_, index): readonly [string, string] => {
    const { name, project } = endpointKey(index)
    return [`specs/${project}/${name}.yaml`, endpointSpec(index)]
  })
  const all = [['specs/environments.yaml', environmentSpecs()], ['specs/models.yaml', modelSpecs()], ...texts] as const
  return {
    sources: all.map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) })),
    deployed: new Map(projects.map((project) => [paths.modelLedger(project, 'base'), modelLedger(project)])),
  }
}

export function endpointKey(index: number): { readonly name: string; readonly project: string } {
  return {
    name: `endpoint-${String(index).padStart(4, '0')}`,
    project: projects[index % projects.length] ?? '',
  }
}

function environmentSpecs(): string {
  const namespaces = projects.map((project) => `${project}: ml-${project}`).join(', ')
  return environments
    .map(
      (name) => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${name}, description: A shared cluster }
spec:
  cluster: { kubernetes: { context: ${name}, namespaces: { ${namespaces} } } }
  callback: { url: 'https://specyard.example.com' }
  gpuTypes:
    T4: { resource: nvidia.com/gpu, nodeSelector: { accelerator: nvidia-t4 }, pricePerHour: 0.35 }
  storage: { type: s3, bucket: ml-${name}, endpoint: 'https://s3.example.com', credentialsSecret: s3-credentials }
  ingress: { host: ${name}.ml.example.com }
`,
    )
    .join('---\n')
}

function modelSpecs(): string {
  return projects
    .map(
      (project) => `apiVersion: specyard.dev/v1
kind: Model
metadata: { name: base, project: ${project} }
spec: { family: transformer, taskTypes: [language-modelling], framework: pytorch }
`,
    )
    .join('---\n')
}

function endpointSpec(index: number): string {
  const { name, project } = endpointKey(index)
  return `# yaml-language-server: $schema=../../schemas/serving-endpoint.schema.json
apiVersion: specyard.dev/v1
kind: ServingEndpoint
metadata:
  name: ${name}
  project: ${project}
  description: "Answers ${project} requests of tenant ${index % 17}"
  labels: { team: ${project}, tenant: t${index % 17} }
spec:
  model: { ref: base, family: transformer, version: 1 }
  serveTarget: GENERATION
  framework: fastapi
  image: ghcr.io/example/${project}-server@sha256:${String(index % 7).repeat(64)}
  command: [.venv/bin/python, -m, src]
  port: 8080
  route: /${project}/${name}
  probe: { path: /readyz, periodSeconds: 5 }
  env: { LOG_LEVEL: info, HF_TOKEN: { secret: huggingface, key: token } }
  resources: { gpus: 1, gpuType: T4, cpu: { request: '2', limit: '4' }, memory: { request: 8Gi, limit: 16Gi } }
  runtime: { maxConcurrentRequests: 32, maxInputTokens: 2048, maxOutputTokens: 512 }
  replicas: { min: 1, max: ${2 + (index % 4)} }
  autoscale: { cpuUtilization: 70 }
  rollout: { strategy: rolling, maxSurge: 1, maxUnavailable: 0 }
  environments:
    dev: { replicas: { max: 2 } }
    stg: {}
    prod: { replicas: { min: 2, max: 8 }, env: { LOG_LEVEL: warning } }
`
}

function modelLedger(project: string): string {
  const version = {
    version: 1,
    digest: `sha256:${'c'.repeat(64)}`,
    uri: `s3://ml/${project}/base/cccccccccccc/model.bin`,
    sizeBytes: 1_000_000,
    stage: 'production' as const,
    run: { id: '00000000-0000-5000-8000-000000000000', attempt: 1, environment: 'stg' },
    framework: 'pytorch',
    hyperparameters: {},
    metrics: { accuracy: 0.9 },
  }
  return ledgerText({ format: 1, project, model: 'base', versions: [version] })
}
