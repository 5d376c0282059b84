import type { SeenEndpoint } from '../../domain/observation.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import type { DesiredEndpoint } from '../store/objects.ts'
import type { World } from '../world.ts'
import { seenEndpoint } from './endpoint-view.ts'
import { lookAtServing } from './rollout.ts'
import { keyOf, newServing, type Serving, want } from './serving.ts'

/** Stands in for the chart's Deployment and Service: server processes of each endpoint, at one address that stays. */
export interface EndpointController {
  apply(application: string, desired: DesiredEndpoint): void
  /** Takes away the endpoints of every other Application. */
  keepOnly(applications: ReadonlySet<string>): void
  /** One look at every endpoint. Looking again changes nothing. */
  look(): void
  seen(environment: string): readonly SeenEndpoint[]
  /** Starts no process any more. */
  drain(): void
  /** Gives up the addresses; the processes are the kubelet's. */
  close(): void
}

const nodeDown = { reason: 'NodeNotReady', message: 'the local cluster is stopped; specyard up starts it again' }

export function openEndpointController(world: World, kubelet: Kubelet): EndpointController {
  const servings = new Map<string, Serving>()
  let draining = false
  // Endpoints of an earlier process are known from the first look, so that those whose Application has gone are taken away.
  for (const { application, desired } of world.store.endpoints()) {
    const serving = newServing(application)
    want(serving, desired)
    servings.set(application, serving)
  }
  return {
    apply: (application, desired) => {
      const serving = servings.get(application) ?? newServing(application)
      servings.set(application, serving)
      serving.removing = false
      if (serving.desired?.release === desired.release && serving.desired.namespace === desired.namespace) return
      const servicePort = world.store.endpoint(application)?.servicePort ?? null
      world.store.putEndpoint({ format: 1, application, desired, servicePort })
      want(serving, desired)
      world.changed({ endpoint: keyOf(desired) })
      world.wake()
    },
    keepOnly: (applications) => {
      for (const serving of servings.values()) {
        if (!applications.has(serving.application)) serving.removing = true
      }
    },
    look: () => {
      for (const serving of servings.values()) {
        const gone = lookAtServing(world, kubelet, serving, !draining)
        if (gone) servings.delete(serving.application)
      }
    },
    seen: (environment) =>
      [...servings.values()].flatMap((serving) => {
        if (serving.desired?.values.environment !== environment || serving.removing) return []
        const seen = seenEndpoint(world, kubelet, serving, serving.desired)
        return [draining && seen.readyReplicas === 0 && !seen.failing ? { ...seen, ...nodeDown } : seen]
      }),
    drain: () => {
      draining = true
    },
    close: () => {
      for (const serving of servings.values()) serving.service?.close()
    },
  }
}
