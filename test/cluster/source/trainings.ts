import { parseAllDocuments } from 'yaml'
import { renderJob } from '../../../compiler/render/job.ts'
import { labels, runId, specDigest, traceId } from '../../../domain/names.ts'
import type { SeenJob } from '../../../domain/observation.ts'
import type { TrainingPlan } from '../../../domain/plan.ts'
import type { ClusterSource, LeaseGrant } from '../../../reconciler/sources/cluster.ts'
import { plan as planned } from '../../support/reconciler.ts'
import type { KubernetesObject } from '../base/kubernetes.ts'
import { realNodeLabel } from '../parts/kubelet.ts'
import type { Cluster } from '../support/cluster.ts'

/** What a training of these tests differs in from the one that the compiler's tests make. */
export interface TrainingWishes extends Partial<
  Pick<TrainingPlan, 'image' | 'nodes' | 'queue' | 'lease' | 'variables' | 'timeoutSeconds'>
> {
  readonly namespace: string
  readonly name: string
  /** What its shell runs. */
  readonly script?: string
  readonly memoryBytes?: number
  readonly gpus?: number
  /** Where simulated nodes are asked for instead of the real one. */
  readonly place?: Pick<TrainingPlan['resources'], 'nodeSelector' | 'tolerations'>
}

/** A plan for the real node: a shell script instead of a trainer. */
export function trainingPlan(cluster: Cluster, wishes: TrainingWishes): TrainingPlan {
  const { namespace, name, script = 'echo trained', memoryBytes = 32 * 2 ** 20, gpus = 0, place, ...rest } = wishes
  const digest = specDigest('TrainingJob', { namespace, name })
  const id = runId({ environment: 'dev', project: 'language', name: `${namespace}-${name}` }, digest)
  const busybox = cluster.node?.images.busybox ?? 'busybox:1.37.0'
  return {
    ...planned,
    id,
    traceId: traceId(id),
    digest,
    shortDigest: digest.slice(0, 8),
    name,
    namespace,
    cluster: 'kubernetes',
    imageFolder: null,
    image: busybox,
    command: ['sh', '-c', script],
    arguments: [],
    volumes: [],
    terminationGraceSeconds: 1,
    lease: { mode: 'required', image: busybox },
    resources: {
      ...planned.resources,
      cpuRequestMillicores: 10,
      cpuLimitMillicores: 1000,
      memoryRequestBytes: memoryBytes,
      memoryLimitBytes: memoryBytes,
      gpus,
      nodeSelector: realNodeLabel,
      tolerations: [],
      ...place,
    },
    ...rest,
  }
}

/**
 * Makes the objects that the product renders for an attempt, as Argo CD would.
 * @param more labels of the Job
 * @returns the Job
 */
export async function train(
  cluster: Cluster,
  wishes: TrainingWishes,
  attempt = 1,
  more: Readonly<Record<string, string>> = {},
): Promise<KubernetesObject> {
  const text = renderJob(trainingPlan(cluster, wishes), { attempt, checkpointUri: null })
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject)
  const made: KubernetesObject[] = []
  for (const { metadata, ...rest } of objects)
    made.push(
      await cluster.kubernetes.apply({ ...rest, metadata: { ...metadata, labels: { ...metadata.labels, ...more } } }),
    )
  const job = made.find((one) => one.kind === 'Job')
  if (!job) throw new Error('the training was rendered without a Job')
  return job
}

/** A lease for the Job as the reconciler grants it; `token` is the test's own. */
export function leaseOf(job: Pick<SeenJob, 'namespace' | 'runId' | 'attempt' | 'uid'>, token = 'a-token'): LeaseGrant {
  const { namespace, runId: run, attempt, uid: jobUid } = job
  return { namespace, runId: run, attempt, jobUid, token, tokenExpiresAt: new Date(Date.now() + 6 * 3600_000) }
}

/** Makes a Job and grants it its lease at once. */
export async function begin(cluster: Cluster, source: ClusterSource, wishes: TrainingWishes): Promise<void> {
  const { metadata } = await train(cluster, wishes)
  const run = metadata.labels?.[labels.jobId] ?? ''
  await source.grantLease(leaseOf({ ...wishes, runId: run, attempt: 1, uid: metadata.uid ?? '' }))
}
