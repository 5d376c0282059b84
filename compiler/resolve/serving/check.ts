import { problem } from '../../problem.ts'
import type { Place, Resolving } from '../place.ts'
import { environmentPart, tell } from '../tell.ts'
import type { Asking } from './asking.ts'
import { checkRollout } from './check-rollout.ts'
import { whoCan } from './capabilities.ts'
import { backendIn, type Merged, meansOf, nameIn } from './installed.ts'

/** Tells what the backend of an environment cannot do of what a spec asks, each at its line, with what could. */
export function checkBackend(merged: Merged, place: Place, at: Resolving): void {
  if (place.cluster === 'local') return checkLocal(merged, at)
  const { name } = place.environment.metadata
  const backend = backendIn(merged, place)
  if (!backend) {
    const [title, key] = merged.framework === 'kserve' ? ['KServe', 'kserve'] : ['KubeRay', 'kuberay']
    return tell(at, 'FRAMEWORK_UNSUPPORTED', '/spec/framework', `environment "${name}" says of no ${title}`, {
      hint: `say under serving.${key} of the Environment which version is installed, or use framework: fastapi`,
      also: environmentPart(at, name, '/spec/serving', 'what the environment has for endpoints'),
    })
  }
  const asking: Asking = {
    merged,
    place,
    at,
    called: () => nameIn(merged, place),
    can: (capability) => backend.can.includes(capability),
    tell: (code, pointer, message, hint, also) =>
      tell(at, code, pointer, message, {
        hint,
        ...(also === undefined
          ? {}
          : { also: environmentPart(at, name, also, 'what the environment has for endpoints') }),
      }),
  }
  checkRollout(asking)
  checkScaling(asking)
  checkAuth(asking)
  checkFields(asking)
}

function checkLocal({ framework }: Merged, at: Resolving): void {
  if (framework === 'fastapi') return
  tell(at, 'FRAMEWORK_UNSUPPORTED', '/spec/framework', `the local cluster has no ${framework}`, {
    hint: 'use framework: fastapi there, in the overlay of the environment',
  })
}

function checkScaling(asking: Asking): void {
  const { merged, place, can } = asking
  const { autoscale, replicas } = merged
  const { min = 1, max = Math.max(1, min) } = replicas ?? {}
  if (autoscale) {
    checkAims(asking, autoscale)
    if (min === 0 && !can('requests'))
      asking.tell(
        'REPLICAS_UNSUPPORTED',
        '/spec/replicas/min',
        'an autoscaler does not wake an endpoint that has no replica',
        `write min: 1, take autoscale away, or use what wakes by a request: ${whoCan('zero')}`,
      )
    return
  }
  if (can('requests')) return
  if (min === 0 && merged.framework === 'kserve')
    asking.tell(
      'REPLICAS_UNSUPPORTED',
      '/spec/replicas/min',
      `${asking.called()} runs one replica where 0 is asked for`,
      `write min: 1, or use ${whoCan('zero')}`,
      place.environment.spec.serving ? '/spec/serving/kserve' : undefined,
    )
  if (max > min && max > 1)
    asking.tell(
      'REPLICAS_UNSUPPORTED',
      '/spec/replicas/max',
      `without autoscale there are ${min} replicas and never ${max}`,
      'write autoscale, for example { cpuUtilization: 70 }, or max as min',
    )
}

const aims = [
  ['cpuUtilization', 'cpu'],
  ['targetLatencyMs', 'latency'],
  ['gpuUtilization', 'gpu'],
] as const

function checkAims(asking: Asking, autoscale: NonNullable<Merged['autoscale']>): void {
  const { place, can } = asking
  const { autoscaler, prometheus } = place.environment.spec.serving ?? {}
  if (aims.every(([aim]) => autoscale[aim] === undefined))
    asking.tell(
      'AUTOSCALE_UNSUPPORTED',
      '/spec/autoscale',
      'autoscale names nothing to aim for',
      'write cpuUtilization, or take autoscale away',
    )
  for (const [aim, capability] of aims) {
    const value = autoscale[aim]
    if (value === undefined) continue
    const pointer = `/spec/autoscale/${aim}`
    if (!can(capability)) {
      const own = can('requests')
        ? 'take autoscale away: it scales by requests between min and max by itself; or use'
        : 'use'
      asking.tell(
        'AUTOSCALE_UNSUPPORTED',
        pointer,
        `${asking.called()} does not scale by ${aim}`,
        `${own} ${whoCan(capability)}`,
      )
    } else if (capability !== 'cpu' && (autoscaler !== 'keda' || prometheus?.url === undefined))
      asking.tell(
        'AUTOSCALE_UNSUPPORTED',
        pointer,
        `environment "${place.environment.metadata.name}" cannot scale by ${aim}`,
        'say serving.autoscaler: keda and serving.prometheus.url in the Environment, or use cpuUtilization',
        '/spec/serving',
      )
    else if (capability !== 'latency' && !Number.isInteger(value))
      asking.tell('AUTOSCALE_UNSUPPORTED', pointer, `${aim} is a whole per cent`, `write ${Math.round(value)}`)
  }
}

function checkAuth(asking: Asking): void {
  const { merged, place, at, can } = asking
  const { name } = place.environment.metadata
  const from = merged.auth ?? place.environment.spec.auth
  if (!from || from.type === 'none') return
  const told = (message: string, hint: string, part?: string): void => {
    if (merged.auth) return asking.tell('AUTH_UNSUPPORTED', '/spec/auth/type', message, hint, part)
    const document = at.catalogue.environments.get(name)?.document
    if (!document) return
    const where = document.locate('/spec/auth/type')
    const also = [{ where: at.at.locate('/spec/framework'), note: 'an endpoint that says nothing of its own' }]
    at.problems.push(problem('AUTH_UNSUPPORTED', where, message, { hint, also }))
  }
  if (from.type === 'jwt' && from.issuer === undefined)
    told('jwt needs to know whose tokens count', 'write issuer: <URL> beside it')
  if (from.type === 'api-key' && from.secret === undefined)
    told('api-key needs to know which keys count', 'write secret: <name of a Secret with a key for each caller>')
  if (meansOf(merged, place)) return
  const could = can('proxyAuth')
    ? 'say in the Environment serving.gateway with kind: envoy-gateway, or serving.authProxy with an image of Envoy'
    : can('gatewayAuth')
      ? 'say in the Environment serving.gateway with kind: envoy-gateway, or use framework: fastapi'
      : `use ${whoCan('gatewayAuth')}`
  const whom = can('gatewayAuth') || can('proxyAuth') ? `environment "${name}"` : asking.called()
  const lacking = from.type === 'jwt' ? 'a token' : 'a key'
  told(`${whom} has nothing that keeps callers without ${lacking} out`, could, '/spec/serving')
}

function checkFields(asking: Asking): void {
  const { merged, can, tell: told } = asking
  if (merged.framework === 'ray_serve' && !merged.rayServe)
    told(
      'FIELD_UNSUPPORTED',
      '/spec/framework',
      'ray_serve needs to know which application it runs',
      'write rayServe: { importPath: app:endpoint, deployment: Endpoint, rayVersion: 2.46.0 }',
    )
  if (merged.framework !== 'ray_serve' && merged.rayServe)
    told(
      'FIELD_UNSUPPORTED',
      '/spec/rayServe',
      `rayServe means nothing to ${asking.called()}`,
      'take it away, or write framework: ray_serve',
    )
  const fields = [
    ['command', 'program'],
    ['args', 'program'],
    ['probe', 'program'],
    ['terminationGraceSeconds', 'grace'],
  ] as const
  for (const [field, capability] of fields)
    if (merged[field] !== undefined && !can(capability))
      told(
        'FIELD_UNSUPPORTED',
        `/spec/${field}`,
        `${field} means nothing to ${asking.called()}`,
        `take it away, or use ${whoCan(capability)}`,
      )
}
