import type { EndpointPlan, PlannedAuth, PlannedPrometheus, PlannedSteps } from '../../../domain/plan.ts'
import type { Environment, ServingEndpoint } from '../../../domain/specs.generated.ts'
import { builtIn, made, offered, offeredOr, written, writtenOr } from '../origins.ts'
import type { Place, Resolving } from '../place.ts'
import { type Backend, backendOf, type Installed, installedName } from './capabilities.ts'

/** A serving spec with its overlay. */
export type Merged = Omit<ServingEndpoint['spec'], 'environments'>
type Serving = NonNullable<Environment['spec']['serving']>
type Parts = Pick<EndpointPlan, 'gateway' | 'ingress' | 'autoscaler' | 'prometheus' | 'kserve' | 'rayServe'>

const defaultLatencyMetric = 'http_request_duration_seconds'

/** The backend that an endpoint runs on; undefined where the environment has none of its framework. */
export function backendIn(merged: Merged, place: Place): Backend | undefined {
  const installed = installedIn(merged, place)
  return installed && backendOf(installed)
}

/** The same as a person calls it. */
export function nameIn(merged: Merged, place: Place): string {
  const installed = installedIn(merged, place)
  return installed ? installedName(installed) : merged.framework
}

function installedIn({ framework }: Merged, { environment }: Place): Installed | undefined {
  const { kserve, kuberay } = environment.spec.serving ?? {}
  switch (framework) {
    case 'fastapi':
      return { framework, mode: null, version: null }
    case 'kserve':
      return kserve && { framework, mode: kserve.mode, version: kserve.version }
    case 'ray_serve':
      return kuberay && { framework, mode: null, version: kuberay.version }
  }
}

/** What of the environment an endpoint makes use of, and nothing else: what others use is no reason to release it again. */
export function installedParts(merged: Merged, place: Place, at: Resolving): Parts {
  const { serving, ingress } = place.environment.spec
  if (place.cluster === 'local') return {}
  return Object.assign(
    {},
    gatewayPart(serving, merged, at),
    ingress && !serving?.gateway ? ingressPart(ingress, at) : {},
    merged.autoscale && serving?.autoscaler
      ? { autoscaler: offered(at, '/autoscaler', '/spec/serving/autoscaler', serving.autoscaler) }
      : {},
    prometheusPart(merged, serving, at),
    frameworkPart(merged, serving, at),
  )
}

function gatewayPart(serving: Serving | undefined, { framework }: Merged, at: Resolving): Pick<Parts, 'gateway'> {
  const { gateway, kserve } = serving ?? {}
  if (!gateway || (framework === 'kserve' && kserve?.mode === 'Knative')) return {}
  const { name, namespace, section } = gateway
  return {
    gateway: {
      name: offered(at, '/gateway/name', '/spec/serving/gateway/name', name),
      namespace: offered(at, '/gateway/namespace', '/spec/serving/gateway/namespace', namespace),
      ...(section === undefined
        ? {}
        : { section: offered(at, '/gateway/section', '/spec/serving/gateway/section', section) }),
    },
  }
}

function ingressPart(
  { className, controller }: NonNullable<Environment['spec']['ingress']>,
  at: Resolving,
): Pick<Parts, 'ingress'> {
  if (className === undefined && controller === undefined) return {}
  return {
    ingress: {
      ...(className === undefined
        ? {}
        : { className: offered(at, '/ingress/className', '/spec/ingress/className', className) }),
      ...(controller === undefined
        ? {}
        : { controller: offered(at, '/ingress/controller', '/spec/ingress/controller', controller) }),
    },
  }
}

function prometheusPart(
  { framework, autoscale }: Merged,
  serving: Serving | undefined,
  at: Resolving,
): { readonly prometheus?: PlannedPrometheus } {
  const { prometheus } = serving ?? {}
  const asked = autoscale?.targetLatencyMs !== undefined || autoscale?.gpuUtilization !== undefined
  const read = framework === 'fastapi' && prometheus?.serviceMonitor === true
  if (!prometheus || !(asked || read)) return {}
  const { url, serviceMonitor, labels, latencyMetric } = prometheus
  const here = '/spec/serving/prometheus'
  return {
    prometheus: {
      ...(asked && url !== undefined ? { url: offered(at, '/prometheus/url', `${here}/url`, url) } : {}),
      serviceMonitor: offeredOr(at, '/prometheus/serviceMonitor', `${here}/serviceMonitor`, serviceMonitor, false),
      labels: offeredOr(at, '/prometheus/labels', `${here}/labels`, labels, {}),
      latencyMetric: offeredOr(
        at,
        '/prometheus/latencyMetric',
        `${here}/latencyMetric`,
        latencyMetric,
        defaultLatencyMetric,
      ),
    },
  }
}

function frameworkPart(
  { framework, rayServe, runtime }: Merged,
  serving: Serving | undefined,
  at: Resolving,
): Pick<Parts, 'kserve' | 'rayServe'> {
  const requests = runtime?.maxConcurrentRequests
  const asked = '/spec/runtime/maxConcurrentRequests'
  if (framework === 'kserve' && serving?.kserve) {
    const { version, mode } = serving.kserve
    return {
      kserve: {
        version: offered(at, '/kserve/version', '/spec/serving/kserve/version', version),
        mode: offered(at, '/kserve/mode', '/spec/serving/kserve/mode', mode),
        concurrency: writtenOr(at, '/kserve/concurrency', asked, requests, null),
      },
    }
  }
  if (framework !== 'ray_serve' || !serving?.kuberay || !rayServe) return {}
  return {
    rayServe: {
      version: offered(at, '/rayServe/version', '/spec/serving/kuberay/version', serving.kuberay.version),
      rayVersion: written(at, '/rayServe/rayVersion', '/spec/rayServe/rayVersion', rayServe.rayVersion),
      importPath: written(at, '/rayServe/importPath', '/spec/rayServe/importPath', rayServe.importPath),
      deployment: written(at, '/rayServe/deployment', '/spec/rayServe/deployment', rayServe.deployment),
      concurrency: writtenOr(at, '/rayServe/concurrency', asked, requests, null),
    },
  }
}

const stepSeconds = 60
const stepPercent = 10

/** The steps by which a RayService moves its callers; undefined where it does not move them so. */
export function steps(merged: Merged, place: Place, at: Resolving): { readonly steps?: PlannedSteps } {
  const { gatewayClass } = place.environment.spec.serving?.kuberay ?? {}
  const can = place.cluster === 'kubernetes' && backendIn(merged, place)?.can.includes('steps')
  if (!can || merged.rollout?.strategy !== 'canary' || gatewayClass === undefined) return {}
  const { rollout, replicas } = merged
  const largest = replicas?.max ?? Math.max(1, replicas?.min ?? 1)
  const surge = Math.min(100, Math.ceil((100 * (rollout.maxSurge ?? 1)) / largest))
  const share = rollout.trafficSplit?.new
  return {
    steps: {
      stepPercent: writtenOr(at, '/rollout/steps/stepPercent', '/spec/rollout/trafficSplit/new', share, stepPercent),
      surgePercent: made(at, '/rollout/steps/surgePercent', 'maxSurge and the most replicas', surge),
      intervalSeconds: builtIn(at, '/rollout/steps/intervalSeconds', stepSeconds),
      gatewayClass: offered(at, '/rollout/steps/gatewayClass', '/spec/serving/kuberay/gatewayClass', gatewayClass),
    },
  }
}

/** Who may call it, and what keeps others out: the gateway where it can, else a proxy beside each server. */
export function auth(merged: Merged, place: Place, at: Resolving): PlannedAuth {
  const { spec } = place.environment
  const own = merged.auth
  const from = own ?? spec.auth
  const note = <Value>(target: string, value: Value): Value =>
    own
      ? written(at, `/auth/${target}`, `/spec/auth/${target}`, value)
      : offered(at, `/auth/${target}`, `/spec/auth/${target}`, value)
  const plain = own
    ? {
        type: written(at, '/auth/type', '/spec/auth/type', own.type),
        issuer: writtenOr(at, '/auth/issuer', '/spec/auth/issuer', own.issuer, null),
      }
    : {
        type: offeredOr(at, '/auth/type', '/spec/auth/type', spec.auth?.type, 'none' as const),
        issuer: offeredOr(at, '/auth/issuer', '/spec/auth/issuer', spec.auth?.issuer, null),
      }
  if (plain.type === 'none' || place.cluster === 'local' || !from) return plain
  return { ...plain, ...credentials(plain.type, from, note, at), ...means(merged, place, at) }
}

function credentials(
  type: 'jwt' | 'api-key',
  { issuer, jwksUri, audiences, secret }: NonNullable<Merged['auth']>,
  note: <Value>(target: string, value: Value) => Value,
  at: Resolving,
): Pick<PlannedAuth, 'jwksUri' | 'audiences' | 'secret'> {
  if (type === 'api-key') return secret === undefined ? {} : { secret: note('secret', secret) }
  const usual = issuer === undefined ? undefined : `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`
  return {
    ...(jwksUri !== undefined
      ? { jwksUri: note('jwksUri', jwksUri) }
      : usual === undefined
        ? {}
        : { jwksUri: made(at, '/auth/jwksUri', 'the issuer', usual) }),
    ...(audiences === undefined ? {} : { audiences: note('audiences', audiences) }),
  }
}

function means(merged: Merged, place: Place, at: Resolving): Pick<PlannedAuth, 'by' | 'image'> {
  const by = meansOf(merged, place)
  const { gateway, authProxy } = place.environment.spec.serving ?? {}
  if (by === 'envoy-gateway' && gateway)
    return { by: made(at, '/auth/by', 'the kind of gateway that the environment has', by) }
  if (by !== 'proxy' || !authProxy) return {}
  return {
    by: made(at, '/auth/by', 'the proxy that the environment has', by),
    image: offered(at, '/auth/image', '/spec/serving/authProxy/image', authProxy.image),
  }
}

/** What could keep callers out here; undefined for nothing. */
export function meansOf(merged: Merged, place: Place): PlannedAuth['by'] {
  const can = backendIn(merged, place)?.can ?? []
  const { gateway, authProxy } = place.environment.spec.serving ?? {}
  if (gateway?.kind === 'envoy-gateway' && can.includes('gatewayAuth')) return 'envoy-gateway'
  return authProxy && can.includes('proxyAuth') ? 'proxy' : undefined
}
