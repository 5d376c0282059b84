import type { FrameworkStatus, SeenCondition } from '../../../../../domain/observation.ts'
import type { ApiCondition, ApiMetadata, ApiObject } from '../api-object.ts'
import { conditions } from '../fields.ts'
import { endpointOf, podDigestAnnotation, type SeenWorkload } from './labels.ts'

/*
 * InferenceServices of KServe. `Ready` may still be that of the rollout before: it counts only where the status speaks of the newest generation
 * and the model of that generation is the one that serves (`UpToDate`). In Standard mode `observedGeneration` is that of the Deployment below, a number
 * that has nothing to do with ours (seen with 0.16); there the Deployment has to be made of the newest spec, and has a word too.
 * https://github.com/kserve/kserve/blob/master/pkg/apis/serving/v1beta1/inference_service_status.go
 */

export interface SeenInferenceService extends SeenWorkload {
  readonly objectName: string
  /** Whether a Deployment of Kubernetes serves it, and not a revision of Knative. */
  readonly isStandard: boolean
  /** What its pods are to be made of, where it says so. */
  readonly podDigest: string | null
}

interface ApiInferenceService extends ApiObject {
  readonly spec?: { readonly predictor?: ApiMetadata & { readonly minReplicas?: number } }
  readonly status?: {
    readonly observedGeneration?: number
    readonly deploymentMode?: string
    readonly url?: string
    readonly address?: { readonly url?: string }
    readonly conditions?: readonly ApiCondition[]
    readonly modelStatus?: ModelStatus
  }
}

interface ModelStatus {
  readonly transitionStatus?: string
  readonly states?: { readonly activeModelState?: string; readonly targetModelState?: string }
  readonly lastFailureInfo?: { readonly reason?: string; readonly message?: string; readonly exitCode?: number }
  readonly copies?: { readonly totalCopies?: number; readonly failedCopies?: number }
}

/** What is told of an older generation is not told of the newest. */
export const notObserved = {
  reason: 'NotObserved',
  message: 'KServe has not looked at the newest generation yet',
} as const
const modeAnnotation = 'serving.kserve.io/deploymentMode'
/** From the part to the whole: the first that is not true says most. */
const partsFirst = ['PredictorReady', 'IngressReady', 'RoutesReady', 'LatestDeploymentReady', 'Ready']
/** Reasons of Knative, handed on by KServe, after which a revision does not come up by itself. */
const endedReasons = /^(RevisionFailed|ProgressDeadlineExceeded|ContainerMissing|InvalidPredictorSpec)$/
const blocked = /^(BlockedByFailedLoad|InvalidSpec)$/

export function seenInferenceService(object: ApiObject): SeenInferenceService | undefined {
  const { metadata = {}, spec, status = {} } = object as ApiInferenceService
  // Annotations of the predictor are those of its pods.
  const found = endpointOf(metadata, spec?.predictor)
  if (!found) return undefined
  const { of, isCandidate } = found
  const told = conditions(status.conditions)
  const generation = metadata.generation ?? 0
  const observedGeneration = status.observedGeneration ?? null
  const isStandard = !/^(Knative|Serverless|ModelMesh)$/.test(
    status.deploymentMode ?? metadata.annotations?.[modeAnnotation] ?? '',
  )
  const observed = isStandard ? told.length > 0 : observedGeneration !== null && observedGeneration >= generation
  const ready = told.find((one) => one.type === 'Ready')?.status === 'True'
  const transition = status.modelStatus?.transitionStatus ?? ''
  const isStopped = told.some((one) => one.type === 'Stopped' && one.status === 'True')
  const copies = servingCopies(status.modelStatus, ready && !isStopped)
  const failing = observed && (blocked.test(transition) || told.some(isEnded))
  const current = observed && ready && transition === 'UpToDate' && !isStopped
  const objectName = metadata.name ?? of.name
  return {
    ...{ objectName, isCandidate, isStandard },
    podDigest: spec?.predictor?.annotations?.[podDigestAnnotation] ?? null,
    endpoint: {
      ...of,
      framework: 'kserve',
      resourceId: `${of.namespace}/${objectName}`,
      current,
      replicas: Math.max(status.modelStatus?.copies?.totalCopies ?? 0, spec?.predictor?.minReplicas ?? 1),
      readyReplicas: copies,
      url: status.url ?? status.address?.url ?? null,
      ...(current ? { reason: '', message: '' } : why(told, status.modelStatus, { observed, isStopped, failing })),
      failing,
      framed: framed(generation, observedGeneration, told, status.modelStatus),
    },
  }
}

/** How many copies answer: also of the model before, while the newest does not load. */
function servingCopies(model: ModelStatus | undefined, ready: boolean): number {
  const serves = model?.states?.activeModelState === 'Loaded' || ready
  const { totalCopies = 1, failedCopies = 0 } = model?.copies ?? {}
  return serves ? Math.max(1, totalCopies - failedCopies) : 0
}

function isEnded({ status, reason, type }: SeenCondition): boolean {
  return type !== 'Stopped' && status === 'False' && endedReasons.test(reason)
}

function why(
  told: readonly SeenCondition[],
  model: ModelStatus | undefined,
  seen: { readonly observed: boolean; readonly isStopped: boolean; readonly failing: boolean },
): { reason: string; message: string } {
  if (!seen.observed) return notObserved
  if (seen.isStopped) return { reason: 'Stopped', message: 'it is stopped by the annotation serving.kserve.io/stop' }
  const { reason = '', message = '' } = model?.lastFailureInfo ?? {}
  if (seen.failing && reason !== '') return { reason, message }
  const parts = partsFirst.flatMap((type) => told.filter((one) => one.type === type))
  const held = parts.find((one) => one.status === 'False') ?? parts.find((one) => one.status === 'Unknown')
  if (held) return { reason: held.reason || `${held.type}${held.status}`, message: held.message }
  return { reason: model?.transitionStatus || 'InProgress', message }
}

function framed(
  generation: number,
  observedGeneration: number | null,
  told: readonly SeenCondition[],
  model: ModelStatus | undefined,
): FrameworkStatus {
  const words = {
    transitionStatus: model?.transitionStatus,
    activeModelState: model?.states?.activeModelState,
    targetModelState: model?.states?.targetModelState,
  }
  const more = Object.fromEntries(Object.entries(words).filter((entry): entry is [string, string] => !!entry[1]))
  return { generation, observedGeneration, conditions: told, more }
}
