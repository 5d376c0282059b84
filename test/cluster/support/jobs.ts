import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { realNodeLabel } from '../parts/kubelet.ts'
import type { Cluster } from './cluster.ts'

/*
 * Jobs for tests of the bed itself, in the shape that the product renders: what is not told here is left out.
 */

export interface JobOptions {
  readonly namespace: string
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly variables?: Readonly<Record<string, string>>
  /** Name of the Secret without which the trainer does not start, and of the image that compares its UID. */
  readonly lease?: { readonly secret: string; readonly image: string }
  /** Merged into the pod's spec. */
  readonly pod?: Readonly<Record<string, unknown>>
  /** Merged into the Job's spec. */
  readonly job?: Readonly<Record<string, unknown>>
  readonly labels?: Readonly<Record<string, string>>
}

export interface Job extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & { readonly uid: string }
  readonly status?: {
    readonly active?: number
    readonly failed?: number
    readonly succeeded?: number
    readonly conditions?: readonly Condition[]
  }
}

export interface Condition {
  readonly type: string
  readonly lastTransitionTime?: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

export interface ContainerStatus {
  readonly name: string
  readonly imageID: string
  readonly containerID?: string
  readonly state: {
    readonly waiting?: { readonly reason: string; readonly message?: string }
    readonly running?: { readonly startedAt: string }
    readonly terminated?: {
      readonly exitCode: number
      readonly reason: string
      readonly message?: string
      readonly startedAt?: string
      readonly finishedAt?: string
    }
  }
}

export interface Pod extends KubernetesObject {
  readonly spec: { readonly nodeName?: string }
  readonly status: {
    readonly phase: string
    readonly reason?: string
    readonly podIP?: string
    readonly conditions?: readonly Condition[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

export const leaseRefused = 75

/** A Job for the real node. */
export function job(options: JobOptions): KubernetesObject {
  const { namespace, name, image, command, variables = {}, pod = {} } = options
  const env = Object.entries(variables).map(([variable, value]) => ({ name: variable, value }))
  // For Argo CD a template with an empty mapping of labels is OutOfSync for ever.
  const labels = options.labels && { labels: options.labels }
  const refused = { containerName: 'lease', operator: 'In', values: [leaseRefused] }
  const disruption = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }
  const rules = [disruption, ...(options.lease ? [{ action: 'FailJob', onExitCodes: refused }] : [])]
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, ...labels },
    spec: {
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: { rules },
      ...options.job,
      template: {
        metadata: { ...labels },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          nodeSelector: realNodeLabel,
          ...(options.lease && { initContainers: [leaseContainer(options.lease)] }),
          containers: [{ name: 'trainer', image, command, env, terminationMessagePolicy: 'FallbackToLogsOnError' }],
          ...pod,
        },
      },
    },
  }
}

function leaseContainer({ secret, image }: NonNullable<JobOptions['lease']>) {
  const own = `metadata.labels['batch.kubernetes.io/controller-uid']`
  return {
    name: 'lease',
    image,
    command: ['sh', '-c', `[ "$LEASE_JOB_UID" = "$JOB_UID" ] || exit ${leaseRefused}`],
    env: [
      { name: 'LEASE_JOB_UID', valueFrom: { secretKeyRef: { name: secret, key: 'job-uid' } } },
      { name: 'JOB_UID', valueFrom: { fieldRef: { fieldPath: own } } },
    ],
  }
}

/** Grants a lease to one Job, as the reconciler does. */
export async function grantLease({ kubernetes }: Cluster, { metadata }: Job, secret: string): Promise<void> {
  await kubernetes.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret, namespace: metadata.namespace ?? 'default' },
    stringData: { 'job-uid': metadata.uid, token: 'a token' },
  })
}

export function jobPath(namespace: string, name: string): string {
  return resource('batch/v1', 'jobs', namespace, name)
}

/** The pods of a Job's name: those of all Jobs that have had it. */
export function podsOf({ kubernetes }: Cluster, namespace: string, name: string): Promise<readonly Pod[]> {
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${name}`)
  return kubernetes.list<Pod>(`${resource('v1', 'pods', namespace)}?labelSelector=${selector}`)
}

export async function logsOf({ kubernetes }: Cluster, pod: Pod, container = 'trainer'): Promise<string> {
  const { namespace = 'default', name } = pod.metadata
  const path = `${resource('v1', 'pods', namespace, name)}/log?container=${container}`
  return (await kubernetes.request('GET', path)).body
}

/** The condition that ended a Job; undefined while it goes on. */
export function endOf({ status }: Job): Condition | undefined {
  return status?.conditions?.find((one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True')
}
