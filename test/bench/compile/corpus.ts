import { ledgerText } from '../../../domain/ledger-files.ts'
import { paths } from '../../../domain/ledger.ts'
import type { Files, SourceFile } from '../../../domain/publication.ts'
import { trainingCorpus } from '../corpus.ts'

/*
 * A spec repository as teams have it: four trainings to one endpoint, each endpoint in two environments with the version of its model pinned.
 */

export interface Corpus {
  readonly sources: readonly SourceFile[]
  /** What the deploy repository knows already: the versions of the models. */
  readonly deployed: Files
}

const projects = ['language', 'vision', 'search', 'speech']
const servingEvery = 5

/** A repository has 5,000 files at most: of more specs several stand in one. */
const filesMax = 4000

/** The same for the same number. @param specs trainings and endpoints together */
export function corpus(specs: number): Corpus {
  const perFile = Math.ceil(specs / filesMax)
  const endpoints = Math.floor(specs / servingEvery)
  const serving = Array.from({ length: endpoints }, (_, index) => {
    const project = projects[index % projects.length] ?? ''
    const path = `specs/${project}/endpoint-${String(index).padStart(5, '0')}.yaml`
    return { path, bytes: new TextEncoder().encode(endpoint(index, project)) }
  })
  const models = projects.map((project) => [paths.modelLedger(project, 'base'), modelLedger(project)] as const)
  return { sources: [...trainingCorpus(specs - endpoints, perFile), ...serving], deployed: new Map(models) }
}

function modelLedger(project: string): string {
  const digest = `sha256:${'c'.repeat(64)}`
  const version = {
    version: 1,
    digest,
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

function endpoint(index: number, project: string): string {
  const name = `endpoint-${String(index).padStart(5, '0')}`
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
  command: [uvicorn, 'app:app', --host, 0.0.0.0]
  port: 8080
  route: /${project}/${name}
  env: { LOG_LEVEL: info, HF_TOKEN: { secret: huggingface, key: token } }
  resources: { gpus: 1, gpuType: T4, cpu: { request: '2', limit: '4' }, memory: { request: 8Gi, limit: 16Gi } }
  runtime: { maxConcurrentRequests: 32, maxInputTokens: 2048, maxOutputTokens: 512 }
  replicas: { min: 1, max: ${2 + (index % 4)} }
  autoscale: { cpuUtilization: 70 }
  rollout: { strategy: rolling, maxSurge: 1 }
  environments:
    stg: {}
    prod: { replicas: { min: 2, max: 8 }, env: { LOG_LEVEL: warning } }
`
}
