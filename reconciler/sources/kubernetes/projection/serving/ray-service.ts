import type { SeenCondition } from '../../../../../domain/observation.ts'
import type { ApiCondition, ApiMetadata, ApiObject } from '../api-object.ts'
import { conditions } from '../fields.ts'
import { endpointOf, type SeenWorkload } from './labels.ts'

/*
 * RayServices of KubeRay. Newer Rays have more words for the state of an application than are known here: whatever is not known to be good is
 * not ready.
 * https://github.com/ray-project/kuberay/blob/master/ray-operator/apis/ray/v1/rayservice_types.go
 */

interface ApiRayService extends ApiObject {
  readonly spec?: {
    readonly rayClusterConfig?: {
      readonly workerGroupSpecs?: readonly { readonly template?: { readonly metadata?: ApiMetadata } }[]
    }
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly serviceStatus?: string
    readonly conditions?: readonly ApiCondition[]
    readonly numServeEndpoints?: number
    readonly activeServiceStatus?: ServiceStatus
    readonly pendingServiceStatus?: ServiceStatus
  }
}

interface ServiceStatus {
  readonly rayClusterName?: string
  readonly applicationStatuses?: Readonly<
    Record<string, Serving & { serveDeploymentStatuses?: Record<string, Serving> }>
  >
}

interface Serving {
  readonly status?: string
  readonly message?: string
}

/** A part of Ray Serve, by its name, with what is said of it. */
interface Part {
  readonly name: string
  readonly status: string
  readonly message: string
  readonly good: boolean
  readonly failed: boolean
}

const goodApplication = 'RUNNING'
const goodDeployment = 'HEALTHY'
const failedWords = /^(DEPLOY_FAILED|UNHEALTHY)$/
/** Reasons of the condition `Ready` after which nothing comes by itself. */
const endedReasons = /^(ValidationFailed|InitializingTimeout)$/
const servePort = 8000

export function seenRayService(object: ApiObject): SeenWorkload | undefined {
  const { metadata = {}, spec, status = {} } = object as ApiRayService
  const found = endpointOf(metadata, spec?.rayClusterConfig?.workerGroupSpecs?.[0]?.template?.metadata)
  if (!found) return undefined
  const { of, isCandidate } = found
  const told = conditions(status.conditions)
  const generation = metadata.generation ?? 0
  const observedGeneration = status.observedGeneration ?? null
  const observed = observedGeneration !== null && observedGeneration >= generation
  const active = partsOf(status.activeServiceStatus)
  const parts = [...partsOf(status.pendingServiceStatus), ...active]
  const ready = told.find((one) => one.type === 'Ready')
  // An operator without conditions has one word for it.
  const isReady = ready ? ready.status === 'True' : status.serviceStatus === 'Running'
  const moving = told.find(
    (one) => /^(UpgradeInProgress|RollbackInProgress|Suspend(ing|ed))$/.test(one.type) && one.status === 'True',
  )
  const broken = parts.find((one) => one.failed)
  const ended = ready?.status === 'False' && endedReasons.test(ready.reason)
  const current = observed && isReady && !moving && active.length > 0 && parts.every((one) => one.good)
  const endpoints = status.numServeEndpoints ?? (isReady ? 1 : 0)
  const objectName = metadata.name ?? of.name
  return {
    isCandidate,
    endpoint: {
      ...of,
      framework: 'ray_serve',
      resourceId: `${of.namespace}/${objectName}`,
      current,
      replicas: Math.max(1, endpoints),
      readyReplicas: isReady ? Math.max(1, endpoints) : endpoints,
      url: `http://${objectName}-serve-svc.${of.namespace}.svc:${servePort}`,
      ...(current ? { reason: '', message: '' } : why({ observed, broken, ready, moving, parts })),
      failing: observed && (broken !== undefined || ended),
      framed: {
        generation,
        observedGeneration,
        conditions: told,
        more: Object.fromEntries(parts.map((one) => [one.name, one.status])),
      },
    },
  }
}

function partsOf(status: ServiceStatus | undefined): readonly Part[] {
  const cluster = status?.rayClusterName ?? ''
  return Object.entries(status?.applicationStatuses ?? {}).flatMap(([application, one]) => [
    part(`${cluster}/${application}`, one, goodApplication),
    ...Object.entries(one.serveDeploymentStatuses ?? {}).map(([deployment, state]) =>
      part(`${cluster}/${application}/${deployment}`, state, goodDeployment),
    ),
  ])
}

function part(name: string, { status = '', message = '' }: Serving, good: string): Part {
  return { name, status, message, good: status === good, failed: failedWords.test(status) }
}

function why(seen: {
  readonly observed: boolean
  readonly broken: Part | undefined
  readonly ready: SeenCondition | undefined
  readonly moving: SeenCondition | undefined
  readonly parts: readonly Part[]
}): { reason: string; message: string } {
  const { observed, broken, ready, moving, parts } = seen
  if (!observed) return { reason: 'NotObserved', message: 'KubeRay has not looked at the newest generation yet' }
  if (broken) return { reason: broken.status, message: `${broken.name}: ${broken.message}` }
  if (ready?.status === 'False') return { reason: ready.reason, message: ready.message }
  if (moving) return { reason: moving.type, message: moving.message }
  const held = parts.find((one) => !one.good)
  if (held) return { reason: held.status || 'NOT_STARTED', message: `${held.name}: ${held.message || 'not ready yet'}` }
  return { reason: ready?.reason ?? 'Initializing', message: ready?.message ?? '' }
}
