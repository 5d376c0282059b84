import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Application, lookUntil } from './applications.ts'
import { type Cluster, realNodeOf } from './cluster.ts'
import { says, shellTraining } from './shell-training.ts'
import type { Yard } from './yard.ts'

/* Endpoints over the bed, whose servers are a few lines: what a test is about is what serves when, not what it answers. */

export interface EndpointWishes {
  readonly name: string
  /** Told by the server; another one makes other pods. */
  readonly word?: string
  readonly strategy?: 'rolling' | 'canary'
  readonly framework?: 'fastapi' | 'kserve'
  /** In place of an image that the node has. */
  readonly image?: string
  /** In place of the few lines that answer with the word. */
  readonly program?: string
  /** Replicas at the most. */
  readonly most?: number
  /** Further lines of `spec`, indented by two. */
  readonly more?: string
}

/** Lines of an environment whose endpoints follow the newest version, behind an Ingress that divides callers. */
export const servingEnvironment = [
  '  follow: newest',
  '  ingress: { host: ml.example.com, className: nginx, controller: ingress-nginx }',
] as const

const server =
  "require('node:http').createServer((request, response) => response.end(process.env.WORD)).listen(Number(process.env.PORT))"

export function endpointSpec(cluster: Cluster, { environment }: Yard, wishes: EndpointWishes): string {
  const {
    name,
    word = 'one',
    strategy = 'canary',
    framework = 'fastapi',
    program = server,
    most = 3,
    more = '',
  } = wishes
  const image = wishes.image ?? realNodeOf(cluster).images.trainer
  return `apiVersion: specyard.dev/v1
kind: ServingEndpoint
metadata: { name: ${name}, project: language }
spec:
  model: { ref: handbook-lm, family: char-loglinear }
  serveTarget: GENERATION
  framework: ${framework}
  image: '${image}'
  command: [node, -e, ${JSON.stringify(program)}]
  env: { WORD: ${word} }
  port: 8080
  route: /${name}
  probe: { path: /readyz, periodSeconds: 1 }
  resources:
    cpu: { request: 10m, limit: '1' }
    memory: { request: 32Mi, limit: 256Mi }
  replicas: { min: 1, max: ${most} }
  autoscale: { cpuUtilization: 70 }
  rollout: { strategy: ${strategy} }
  terminationGraceSeconds: 1
  environments: { ${environment}: {} }
${more}`
}

/** Trains a version of the model, in the words of a shell, and waits until it is registered. */
export async function registerVersion(cluster: Cluster, yard: Yard, version: number): Promise<void> {
  const digest = `sha256:${String(version).repeat(64)}`
  const artifact = { name: 'model', uri: `file:///models/${version}`, digest, size_bytes: 1 }
  const done = { sequence: 1, outcome: 'SUCCEEDED', message: 'said by the shell', artifacts: [artifact] }
  await yard.merge({
    'version.yaml': shellTraining(cluster, {
      ...{ environment: yard.environment, name: 'version', script: says('done', done), seed: version },
      more: '  output: { model: handbook-lm, stage: experimental }\n  terminationGraceSeconds: 1\n',
    }),
  })
  await until(
    `version ${version} to be registered`,
    async () => (await yard.ask<{ items: readonly { version: number }[] }>('/v1/models')).items.length >= version,
    { seconds: 120 },
  )
}

/** What the API says of an endpoint, as far as tests look into it. */
export interface RolloutAnswer {
  readonly stable: TrackAnswer | null
  readonly candidate: TrackAnswer | null
  readonly promoted: boolean
  readonly hold: string | null
  readonly wanted: { readonly model: string } | null
}

interface TrackAnswer {
  readonly revision: number
  readonly model: string
  readonly weight: number
  readonly worked: boolean
  readonly replicas: number | null
  readonly ready_replicas: number | null
}

export function untilRollout(
  yard: Yard,
  name: string,
  what: string,
  isSo: (rollout: RolloutAnswer) => unknown,
  seconds = 90,
): Promise<RolloutAnswer> {
  let last: RolloutAnswer | undefined
  const path = `/v1/endpoints/${yard.environment}/language/${name}/rollout`
  return until(
    `endpoint ${name} ${what}`,
    async () => {
      last = await yard.ask<RolloutAnswer>(path).catch(() => undefined)
      return last && (await isSo(last)) ? last : undefined
    },
    { seconds },
  ).catch((cause: unknown) => {
    throw new Error(`${String(cause)}\nit is: ${JSON.stringify(last)}\nthe service said:\n${yard.service()?.said()}`, {
      cause,
    })
  })
}

export interface EndpointAnswer {
  readonly name: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly revision: number
}

export async function endpointAnswer({ ask, environment }: Yard, name: string): Promise<EndpointAnswer | undefined> {
  const { items } = await ask<{ items: readonly EndpointAnswer[] }>(`/v1/endpoints?environment=${environment}`)
  return items.find((one) => one.name === name)
}

export async function untilRecorded(
  yard: Yard,
  name: string,
  what: string,
  isSo: (record: EndpointAnswer) => boolean,
): Promise<EndpointAnswer> {
  let last: EndpointAnswer | undefined
  const look = async (): Promise<EndpointAnswer | false> => {
    last = await endpointAnswer(yard, name)
    return last !== undefined && isSo(last) && last
  }
  return until(`the record of ${name} ${what}`, look, { seconds: 90 }).catch((cause: unknown) => {
    throw new Error(`${String(cause)}\nit is: ${JSON.stringify(last)}`, { cause })
  })
}

export interface Deployment extends KubernetesObject {
  readonly spec: { readonly replicas: number }
  readonly status?: { readonly readyReplicas?: number }
}

export function deploymentPath({ namespace }: Yard, name: string): string {
  return resource('apps/v1', 'deployments', namespace, name)
}

export function endpointApplication({ environment }: Yard, name: string): string {
  return `${environment}.language.endpoint.${name}`
}

/** Lets Argo CD look at what is committed now or later, and waits until it says that the cluster is what Git says. */
export async function endpointSynced(cluster: Cluster, yard: Yard, name: string): Promise<void> {
  const heads = new Set<string>()
  const isSynced = async ({ status }: Application): Promise<boolean> => {
    // Specyard goes on to commit meanwhile.
    heads.add(await yard.deploy.head())
    return status?.sync?.status === 'Synced' && heads.has(status.sync.revision ?? '')
  }
  await lookUntil(cluster, endpointApplication(yard, name), 'to be in sync', isSynced)
}

/** The pods of a Deployment, by their UIDs. */
export async function podsOfTrack(cluster: Cluster, { namespace }: Yard, name: string): Promise<readonly string[]> {
  const pods = await cluster.kubernetes.list(resource('v1', 'pods', namespace))
  const own = pods.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/instance'] === name)
  return own.map(({ metadata }) => metadata.uid ?? '').sort()
}
