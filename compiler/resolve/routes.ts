import { keyText, type RunKey } from '../../domain/names.ts'
import type { EndpointPlan } from '../../domain/plan.ts'
import { compareText, type Place, type Problem } from '../../domain/problem.ts'
import { escapePointer } from '../load/walk.ts'
import { problem } from '../problem.ts'
import type { Catalogue } from './catalogue.ts'

/** Two endpoints under one address: which of them answers would be left to the router. No policy can see more than one of them. */
export function takenRoutes(plans: readonly EndpointPlan[], known: Catalogue): readonly Problem[] {
  const first = new Map<string, EndpointPlan>()
  const problems: Problem[] = []
  for (const plan of byKey(plans)) {
    const address = addressOf(plan)
    if (address === null) continue
    const earlier = first.get(`${plan.environment} ${address}`)
    if (!earlier) {
      first.set(`${plan.environment} ${address}`, plan)
      continue
    }
    const message = `${address} in ${plan.environment} is the route of endpoint ${earlier.project}/${earlier.name} already`
    problems.push(
      problem('ROUTE_TAKEN', placeOf(plan, known), message, {
        hint: 'give one of the two another route',
        also: [{ where: placeOf(earlier, known), note: 'the other one' }],
      }),
    )
  }
  return problems
}

/**
 * Where an endpoint is reached from outside its cluster, `*` for any host: a route of a Gateway without a host is there for all of them. Null where it is
 * reached through its own Service alone, or through its own port on the local cluster: those are told apart by their names.
 */
export function addressOf({ ingressHost, gateway, route }: EndpointPlan): string | null {
  const host = ingressHost ?? (gateway ? '*' : null)
  return host === null ? null : `${host}${route.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')}`
}

/** In the order of environment, project and name. */
export function byKey<Plan extends RunKey>(plans: readonly Plan[]): readonly Plan[] {
  const keyed = plans.map((plan) => ({ plan, key: keyText(plan) }))
  return keyed.sort((left, right) => compareText(left.key, right.key)).map(({ plan }) => plan)
}

function placeOf({ environment, project, name, source }: EndpointPlan, known: Catalogue): Place {
  const spec = known.endpoints.find(({ value: { metadata } }) => metadata.name === name && metadata.project === project)
  if (!spec) return { file: source.path, line: source.line, column: 1 }
  const overlay = spec.value.spec.environments[environment]
  const inOverlay = typeof overlay === 'object' && 'route' in overlay && typeof overlay['route'] === 'string'
  return spec.document.locate(inOverlay ? `/spec/environments/${escapePointer(environment)}/route` : '/spec/route')
}
