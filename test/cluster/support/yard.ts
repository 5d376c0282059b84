import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { createServerDatabase, type TestDatabase } from '../../support/database.ts'
import {
  buildProgram,
  type Ended,
  endOf,
  type Program,
  type Running,
  startProgram,
  untilSaid,
} from '../../support/main-job/program.ts'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { bedVariable } from '../base/process-table.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { auditPosition } from './audit.ts'
import { type Cluster, makeNamespace, realNodeOf, removeNamespace } from './cluster.ts'
import { expectOneTrainerPerAttempt } from './invariant.ts'
import { createRepository, type Repository } from './repositories.ts'

/*
 * Specyard itself over the bed: a spec repository and a deploy repository on its Git server, a PostgreSQL, the program as a process of its own,
 * Argo CD over the root Application that `specyard bootstrap` prints.
 */

export interface Yard {
  /** Of this yard alone, so that several share one Argo CD. */
  readonly environment: string
  readonly namespace: string
  /** Where the audit log stood when this yard began. */
  readonly auditFrom: number
  readonly specs: Repository
  readonly deploy: Repository
  readonly database: TestDatabase & { readonly url: string }
  /** The service that is running now. */
  service(): Running | undefined
  /** Starts it where it does not run; waits until it answers. */
  start(): Promise<void>
  /** Commits files to the spec repository. @param files path below `specs/` → text; null takes the file away */
  merge(files: Readonly<Record<string, string | null>>): Promise<string>
  /**
   * Starts a further process beside the service, with a state folder and a home of its own, as in a pod of its own. Closing the yard ends it.
   * @param environment variables beside the usual ones
   */
  beside(args: readonly string[], environment?: Readonly<Record<string, string>>): Running
  /** The same of the environment. @param more lines of its `spec`, indented by two */
  mergeEnvironment(more: readonly string[]): Promise<string>
  /** One command of the command line, beside the service. */
  command(...args: readonly string[]): Promise<Ended>
  /** @param path of the users' API */
  ask<Answer>(path: string, method?: 'GET' | 'POST'): Promise<Answer>
  /** What a trainer says over the network: `heartbeat`, `event`, `done`. @throws Error with the refusal */
  say(run: Pick<RunAnswer, 'id'>, kind: string, token: string, body: unknown): Promise<void>
  /** What happened to a run, oldest first. */
  eventsOf(run: Pick<RunAnswer, 'id'>): Promise<readonly EventAnswer[]>
  /** The newest run of a name. */
  newestRun(name: string): Promise<RunAnswer | undefined>
  untilRun(name: string, what: string, isSo: (run: RunAnswer) => unknown, seconds?: number): Promise<RunAnswer>
  /** Takes everything away. @throws AssertionError where any attempt of a run was ever trained by two Jobs, or nothing trained at all */
  close(): Promise<void>
}

/** What tests read of a run, as the API has it. */
export interface RunAnswer {
  readonly id: string
  readonly name: string
  readonly spec_path: string
  readonly spec_line: number
  readonly source_commit: string | null
  readonly state: string
  readonly reason: string
  readonly message: string
  readonly attempt: number
  readonly retry_count: number
  readonly disruption_count: number
  readonly final_metrics: Readonly<Record<string, number>> | null
  readonly attempts: readonly AttemptAnswer[]
  readonly hanging: readonly { readonly attempt: number; readonly since: string; readonly message: string }[]
}

export interface EventAnswer {
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly attempt: number | null
}

export interface AttemptAnswer {
  readonly attempt: number
  readonly job_name: string
  readonly job_uid: string | null
  readonly state: string
  readonly failure_class: string | null
  readonly lease_granted_at: string | null
  readonly retired_at: string | null
  readonly disruptions: number
  readonly applied_revision: string | null
  readonly pods: readonly {
    readonly name: string
    readonly uid: string
    readonly node: string | null
    readonly image_digest: string | null
  }[]
  readonly evidence: {
    readonly exit_code: number | null
    readonly node: string | null
    readonly image_digest: string | null
    readonly pod_name: string | null
    readonly pod_uid: string | null
    readonly log_tail: readonly string[]
    readonly unobtainable: readonly string[]
  } | null
}

/** What a yard's tests need otherwise than usual. */
export interface YardOptions {
  /** False: the service answers only, and who reconciles is started beside it. */
  readonly reconcile?: boolean
  /** Lines of the settings file. */
  readonly settings?: readonly string[]
  /** Lines of the environment's `spec`, indented by two, for an environment of this name. */
  environment?(name: string): readonly string[]
  /** Further variables of every process of the program. */
  readonly variables?: Readonly<Record<string, string>>
}

export async function openYard(cluster: Cluster, options: YardOptions = {}): Promise<Yard> {
  const environment = `e${randomBytes(3).toString('hex')}`
  const auditFrom = auditPosition(cluster)
  const home = join(cluster.folder, 'yards', environment)
  mkdirSync(home, { recursive: true })
  const program = buildProgram(home)
  const [namespace, specs, deploy, database] = await Promise.all([
    makeNamespace(cluster, 'language'),
    createRepository(cluster, `${environment}-specs`),
    createRepository(cluster, `${environment}-deploy`),
    createServerDatabase(),
  ])
  const settings = [
    'apiVersion: specyard.dev/v1',
    'kind: Settings',
    `specs: { repository: '${specs.url}' }`,
    `deploy: { repository: '${deploy.url}' }`,
    ...(options.settings ?? [`reconcile: { cron: '* * * * * *' }`]),
  ]
  writeFileSync(join(home, 'specyard.yaml'), `${settings.join('\n')}\n`)
  const variables = {
    // Its processes are the bed's: where the tests' own process dies they are taken away with it.
    [bedVariable]: cluster.folder,
    DATABASE_URL: database.url,
    KUBECONFIG: cluster.kubeconfig,
    SPECYARD_SIGNING_KEY: randomBytes(32).toString('hex'),
    ...options.variables,
  }
  const start = (...args: readonly string[]): Running => startProgram(program, home, args, { environment: variables })
  const others: Running[] = []
  const beside: Yard['beside'] = (args, more = {}) => {
    const own = join(home, 'beside', String(others.length))
    mkdirSync(own, { recursive: true })
    const environment = { ...variables, HOME: own, SPECYARD_STATE: join(own, 'state'), ...more }
    const other = startProgram(program, home, args, { environment })
    others.push(other)
    return other
  }
  let service: Running | undefined
  let users = ''
  let callbackPort = 0

  const ask: Yard['ask'] = async <Answer>(path: string, method: 'GET' | 'POST' = 'GET') => {
    const answer = await fetch(`${users}${path}`, { method, signal: AbortSignal.timeout(20_000) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Answer
  }
  const runOf: Yard['newestRun'] = async (name) => {
    const { items } = await ask<{ readonly items: readonly { readonly id: string }[] }>(`/v1/jobs?name=${name}`)
    return items[0] && ask<RunAnswer>(`/v1/jobs/${items[0].id}`)
  }
  const eventsOf: Yard['eventsOf'] = async ({ id }) =>
    (await ask<{ readonly items: readonly EventAnswer[] }>(`/v1/jobs/${id}/events?limit=1000`)).items
  const say: Yard['say'] = async ({ id }, kind, token, body) => {
    const door = `http://${realNodeOf(cluster).network.host}:${callbackPort}/v1/jobs/${id}/${kind}`
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(door, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`POST ${door}: ${answer.status} ${await answer.text()}`)
  }
  const started = async (): Promise<void> => {
    if (service && !service.hasEnded()) return
    const { host } = realNodeOf(cluster).network
    const doors = ['--port', '0', '--callbacks', `${host}:${callbackPort}`]
    const isAlone = options.reconcile !== false
    service = start('serve', ...doors, ...(isAlone ? ['--environment', environment] : ['--no-reconcile']))
    await untilSaid(service, /callbacks {3}http/)
    users = /API +(\S+)/.exec(service.said())?.[1] ?? ''
    callbackPort = Number(/callbacks +\S+:(\d+)/.exec(service.said())?.[1])
  }
  const merge: Yard['merge'] = (files) =>
    specs.commit(
      'Change specs',
      Object.fromEntries(Object.entries(files).map(([path, text]) => [`specs/${path}`, text])),
    )
  await started()
  const mergeEnvironment: Yard['mergeEnvironment'] = (more) =>
    merge({ 'environment.yaml': environmentSpec(cluster, { environment, namespace, callbackPort }, more) })
  await mergeEnvironment(options.environment?.(environment) ?? [])
  const root = await endOf(start('bootstrap'), 60)
  await cluster.kubernetes.apply(parse(root.stdout) as KubernetesObject)
  return {
    ...{
      environment,
      namespace,
      auditFrom,
      specs,
      deploy,
      database,
      merge,
      mergeEnvironment,
      ask,
      say,
      eventsOf,
      newestRun: runOf,
    },
    service: () => service,
    start: started,
    beside,
    command: (...args) => start(...args).ended,
    untilRun: async (name, what, isSo, seconds = 60) => {
      let last: RunAnswer | undefined
      try {
        return await until(
          `run ${name} ${what}`,
          async () => {
            last = await runOf(name)
            return last && isSo(last) ? last : undefined
          },
          { seconds },
        )
      } catch (cause) {
        const seen = last
          ? `${last.state} ${last.reason} ${last.message} ${JSON.stringify(last.attempts)}`
          : 'no such run'
        throw new Error(`${String(cause)}\nit is: ${seen}\nthe service said:\n${service?.said()}`, { cause })
      }
    },
    close: async () => {
      await closeYard(cluster, { processes: [...others, service], database, namespace, environment, program })
      expectOneTrainerPerAttempt(cluster, { namespace, auditFrom })
    },
  }
}

function environmentSpec(
  cluster: Cluster,
  told: { readonly environment: string; readonly namespace: string; readonly callbackPort: number },
  more: readonly string[],
): string {
  const { network, images } = realNodeOf(cluster)
  return `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${told.environment} }
spec:
  cluster: { kubernetes: { context: ${cluster.context}, namespaces: { language: ${told.namespace} } } }
  callback: { url: 'http://${network.host}:${told.callbackPort}' }
  lease: { image: '${images.busybox}' }${more.map((line) => `\n${line}`).join('')}
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

async function closeYard(
  cluster: Cluster,
  yard: {
    readonly processes: readonly (Running | undefined)[]
    readonly database: TestDatabase
    readonly namespace: string
    readonly environment: string
    readonly program: Program
  },
): Promise<void> {
  for (const running of yard.processes) {
    if (!running || running.hasEnded()) continue
    // One that a test has frozen would not hear of it.
    running.kill('SIGCONT')
    running.kill('SIGTERM')
    await endOf(running, 60)
  }
  const path = resource('argoproj.io/v1alpha1', 'applications', argocdNamespace)
  const own = (await cluster.kubernetes.list(path)).filter(({ metadata }) =>
    metadata.name.startsWith(`${yard.environment}.`),
  )
  // The root first, or it makes the others again; without their finalizers, since the whole namespace goes.
  for (const { metadata } of [...own].sort((left) => (left.metadata.name.endsWith('.applications') ? -1 : 1))) {
    await cluster.kubernetes.patch(`${path}/${metadata.name}`, { metadata: { finalizers: null } })
    await cluster.kubernetes.remove(`${path}/${metadata.name}`)
  }
  await removeNamespace(cluster, yard.namespace)
  await yard.database.close()
  yard.program.remove()
}

/** The worked example's trainer, with little to learn. */
export function trainingSpec(
  cluster: Cluster,
  told: {
    readonly environment: string
    readonly name?: string
    readonly command?: readonly string[]
    readonly seed?: number
    readonly epochs?: number
    /** Further lines of `spec`. */
    readonly more?: string
  },
): string {
  const { environment, name = 'handbook-lm', command = ['node', 'train.mjs'], seed = 1, epochs = 3, more = '' } = told
  return `apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: ${name}, project: language }
spec:
  environment: ${environment}
  task: { type: language-modelling }
  jobType: PRETRAIN
  model: { name: char-loglinear, source: custom }
  dataset: { ref: handbook, splits: { train: 0.8, validation: 0.1, test: 0.1 } }
  training:
    epochs: ${epochs}
    batchSize: 64
    learningRate: 0.1
    seed: ${seed}
    parameters: { order: 5, distances: 4, buckets: 16384, samplesPerEpoch: 8000, checkpointEveryEpochs: 1 }
  image: '${realNodeOf(cluster).images.trainer}'
  command: ${JSON.stringify(command)}
  resources:
    cpu: { request: 100m, limit: '2' }
    memory: { request: 128Mi, limit: 512Mi }
  timeoutSeconds: 600
  output: { model: handbook-lm, stage: experimental }
${more}`
}
