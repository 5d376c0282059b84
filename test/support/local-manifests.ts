import { paths } from '../../domain/ledger.ts'

export const runId = '0b0e7a5e-0000-5000-8000-000000000001'
export const leaseSecret = (attempt = 1, run = runId): string => `callback-token-${run}-${attempt}`

export interface JobWishes {
  readonly name?: string
  readonly run?: string
  readonly attempt?: number
  /** JavaScript that Node runs as the trainer. */
  readonly script?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly object[]
  readonly leased?: boolean
  readonly graceSeconds?: number
  readonly deadlineSeconds?: number
  readonly backoffLimit?: number
  readonly rules?: readonly object[]
  readonly imageFolder?: string
  readonly volumes?: readonly object[]
  readonly volumeMounts?: readonly object[]
}

/** A Job as the compiler renders it, in JSON, which is YAML. */
export function jobManifest(wishes: JobWishes): string {
  const { run = runId, attempt = 1, leased = false } = wishes
  const identity = { app: 'trainer', 'job-id': run, 'specyard.dev/attempt': String(attempt) }
  const uidField = { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" } }
  const lease = {
    name: 'lease',
    image: 'busybox',
    command: [
      'sh',
      '-c',
      'if [ "$LEASE_JOB_UID" = "$JOB_UID" ]; then exit 0; fi; echo "not the lease of $JOB_UID" >&2; exit 75',
    ],
    env: [
      { name: 'LEASE_JOB_UID', valueFrom: { secretKeyRef: { name: leaseSecret(attempt, run), key: 'job-uid' } } },
      { name: 'JOB_UID', valueFrom: uidField },
    ],
  }
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailJob', onExitCodes: { containerName: 'lease', operator: 'In', values: [75] } },
  ]
  return JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: wishes.name ?? 'train',
      namespace: 'ml',
      labels: identity,
      annotations: wishes.imageFolder === undefined ? {} : { 'specyard.dev/image-folder': wishes.imageFolder },
    },
    spec: {
      backoffLimit: wishes.backoffLimit ?? 0,
      activeDeadlineSeconds: wishes.deadlineSeconds ?? 600,
      podFailurePolicy: { rules: wishes.rules ?? rules },
      template: {
        metadata: { labels: identity },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: wishes.graceSeconds ?? 5,
          ...(leased ? { initContainers: [lease] } : {}),
          containers: [
            {
              name: 'trainer',
              image: 'trainer',
              command: wishes.command ?? ['node', '-e', wishes.script ?? ''],
              args: wishes.args ?? [],
              env: wishes.env ?? [],
              volumeMounts: wishes.volumeMounts ?? [],
            },
          ],
          volumes: wishes.volumes ?? [],
        },
      },
    },
  })
}

export const project = { environment: 'dev', project: 'language' } as const

function application(name: string, source: object): string {
  return JSON.stringify({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name },
    spec: { source, destination: { name: 'local', namespace: 'ml' } },
  })
}

/** A deploy repository with one project's Jobs. */
export function jobFiles(...jobs: readonly JobWishes[]): Record<string, string> {
  const { environment, project: name } = project
  const files: Record<string, string> = {
    [paths.jobsApplication(environment, name)]: application('dev.language.jobs', {
      path: paths.jobsFolder(environment, name),
    }),
    [paths.jobsPlaceholder(environment, name)]: 'Jobs stand here.',
  }
  for (const job of jobs) files[paths.job(environment, name, job.name ?? 'train')] = jobManifest(job)
  return files
}

/** A deploy repository with one endpoint, whose server is a script. */
export function endpointFiles(script: string, digest: string, more: object = {}): Record<string, string> {
  const key = { ...project, name: 'handbook' }
  return {
    [paths.endpointApplication(key)]: application('dev.language.endpoint.handbook', {
      path: 'charts/serving-endpoint/1.0.0',
      helm: { valueFiles: [`../../../${paths.endpointValues(key)}`] },
    }),
    [paths.endpointValues(key)]: JSON.stringify({
      framework: 'fastapi',
      ...key,
      model: { name: 'm', version: 1, digest, uri: 'file:m' },
      image: 'server',
      command: ['node', '-e', script],
      args: [],
      env: [{ name: 'MODEL_DIGEST', value: digest }],
      port: 8080,
      route: '/handbook',
      probe: { path: '/healthz', initialDelaySeconds: 0, periodSeconds: 1 },
      replicas: { min: 1, max: 1 },
      terminationGracePeriodSeconds: 2,
      ...more,
    }),
  }
}
