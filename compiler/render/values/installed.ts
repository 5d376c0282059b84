import type { EndpointPlan } from '../../../domain/plan.ts'
import { compareText } from '../../../domain/problem.ts'
import type { ChartValues } from './chart-values.generated.ts'

type Installed = Pick<
  ChartValues,
  'rollout' | 'auth' | 'gateway' | 'ingress' | 'autoscaler' | 'prometheus' | 'kserve' | 'rayServe'
>

/**
 * Values that say what of an environment an endpoint makes use of. What it makes no use of is left out. Keys stand in an order of their own: a plan
 * that was read from the ledger has another one than a plan that was just made.
 * @param newest of the plans that stand beside each other, the one that was made last
 */
export function installedValues(plan: EndpointPlan, newest: EndpointPlan): Installed {
  const { autoscaler, rayServe } = plan
  const { gateway, ingress, kserve } = newest
  return {
    rollout: rolloutValues(plan.rollout),
    auth: authValues(plan.auth),
    ...(gateway ? { gateway: inOrder(gateway, ['name', 'namespace', 'section']) } : {}),
    ...(ingress ? { ingress: inOrder(ingress, ['className', 'controller']) } : {}),
    ...(autoscaler ? { autoscaler } : {}),
    ...prometheusValues(plan),
    ...(kserve ? { kserve: inOrder(kserve, ['version', 'mode', 'concurrency']) } : {}),
    ...(rayServe
      ? { rayServe: inOrder(rayServe, ['version', 'rayVersion', 'importPath', 'deployment', 'concurrency']) }
      : {}),
  }
}

function rolloutValues({ strategy, maxSurge, maxUnavailable, steps }: EndpointPlan['rollout']): Installed['rollout'] {
  return {
    ...{ strategy, maxSurge, maxUnavailable },
    ...(steps ? { steps: inOrder(steps, ['stepPercent', 'surgePercent', 'intervalSeconds', 'gatewayClass']) } : {}),
  }
}

function authValues(auth: EndpointPlan['auth']): Installed['auth'] {
  const { audiences } = auth
  return {
    ...inOrder(auth, ['type', 'issuer', 'jwksUri', 'secret', 'by', 'image']),
    ...(audiences === undefined ? {} : { audiences: [...audiences] }),
  }
}

function prometheusValues({ prometheus }: EndpointPlan): Pick<Installed, 'prometheus'> {
  if (!prometheus) return {}
  const labels = Object.entries(prometheus.labels).sort(([left], [right]) => compareText(left, right))
  return {
    prometheus: {
      ...inOrder(prometheus, ['url', 'serviceMonitor', 'latencyMetric']),
      labels: Object.fromEntries(labels),
    },
  }
}

/** The named parts of a mapping in that order, without those that it lacks. */
function inOrder<Parts extends object, Key extends keyof Parts>(parts: Parts, keys: readonly Key[]): Pick<Parts, Key> {
  return Object.fromEntries(keys.flatMap((key) => (parts[key] === undefined ? [] : [[key, parts[key]]]))) as Pick<
    Parts,
    Key
  >
}
