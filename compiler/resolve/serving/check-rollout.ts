import type { Asking } from './asking.ts'
import { type Capability, whoCan } from './capabilities.ts'

/** Tells what of a rollout the backend cannot do, and whether its pods have room beside those that serve. */
export function checkRollout(asking: Asking): void {
  checkStrategy(asking)
  checkSplit(asking)
  checkSurge(asking)
}

function checkStrategy(asking: Asking): void {
  const { merged, place, called, can } = asking
  const { rollout } = merged
  if (!rollout || rollout.strategy === 'rolling') return
  const ways: readonly Capability[] = rollout.strategy === 'canary' ? ['canary', 'steps'] : ['blueGreen', 'switches']
  const pointer = '/spec/rollout/strategy'
  const { serving, ingress } = place.environment.spec
  if (!ways.some(can)) {
    const others = ways.map(whoCan).join(', ')
    const installed = merged.framework === 'kserve' ? '/spec/serving/kserve' : '/spec/serving/kuberay'
    asking.tell(
      'ROLLOUT_UNSUPPORTED',
      pointer,
      `${called()} would ignore ${rollout.strategy}`,
      `use strategy: rolling, or what can: ${others}`,
      installed,
    )
  } else if (merged.framework === 'fastapi' && !serving?.gateway && ingress?.controller !== 'ingress-nginx')
    asking.tell(
      'ROLLOUT_UNSUPPORTED',
      pointer,
      `environment "${place.environment.metadata.name}" has nothing that divides callers for a ${rollout.strategy} rollout`,
      'say serving.gateway in the Environment, or ingress with controller: ingress-nginx; or use strategy: rolling',
      '/spec/serving',
    )
  else if (can('steps') && rollout.strategy === 'canary' && serving?.kuberay?.gatewayClass === undefined)
    asking.tell(
      'ROLLOUT_UNSUPPORTED',
      pointer,
      'KubeRay moves callers step by step by a Gateway of its own',
      'say serving.kuberay.gatewayClass in the Environment, or use strategy: rolling',
      '/spec/serving/kuberay',
    )
}

function checkSplit({ merged: { rollout }, tell }: Asking): void {
  const split = rollout?.trafficSplit
  if (!split) return
  const pointer = '/spec/rollout/trafficSplit'
  if (rollout.strategy === 'rolling')
    tell(
      'ROLLOUT_UNSUPPORTED',
      pointer,
      'a rolling rollout divides no callers',
      'take trafficSplit away, or use strategy: canary',
    )
  else if (!Number.isInteger(split.new))
    tell(
      'ROLLOUT_UNSUPPORTED',
      `${pointer}/new`,
      'callers are divided by whole per cent',
      'for example old: 90, new: 10',
    )
}

/** GPUs are seldom free: whoever rolls an endpoint out that has some says what room there is. */
function checkSurge({ merged, called, can, tell }: Asking): void {
  const { rollout, resources, replicas } = merged
  const [surge, unavailable] = [rollout?.maxSurge, rollout?.maxUnavailable]
  const gpus = resources?.gpus ?? 0
  const most = replicas?.max ?? Math.max(1, replicas?.min ?? 1)
  const isWhole = !can('surge')
  // Steps of KubeRay need no more than maxSurge says.
  const needed = isWhole && !(can('steps') && rollout?.strategy === 'canary') ? most : 1
  if (gpus > 0 && surge === undefined)
    tell(
      'SURGE_UNDECLARED',
      '/spec/resources/gpus',
      isWhole
        ? `a release of ${called()} needs the GPUs of all replicas once more, and nothing says that there is room`
        : 'a release starts a pod before one of the old ones goes, and nothing says that there is a GPU free for it',
      isWhole
        ? `write rollout.maxSurge: ${needed} where there is room, or use ${whoCan('surge')}`
        : 'write rollout.maxSurge: 1 where there is, else maxSurge: 0 with maxUnavailable: 1',
    )
  if (can('surge')) {
    if (surge === 0 && (unavailable ?? 0) === 0)
      tell(
        'ROLLOUT_UNSUPPORTED',
        '/spec/rollout/maxSurge',
        'with maxSurge and maxUnavailable 0 no pod could ever be replaced',
        'write maxUnavailable: 1',
      )
    return
  }
  if (surge !== undefined && surge < needed)
    tell(
      'ROLLOUT_UNSUPPORTED',
      '/spec/rollout/maxSurge',
      `${called()} starts ${needed === most ? `all ${most} replicas` : 'a new cluster'} beside those that serve`,
      `write maxSurge: ${needed}, or use ${whoCan('surge')}`,
    )
  if (unavailable !== undefined && unavailable > 0)
    tell(
      'ROLLOUT_UNSUPPORTED',
      '/spec/rollout/maxUnavailable',
      `${called()} takes no replica away before the new ones are ready`,
      `take maxUnavailable away, or use ${whoCan('surge')}`,
    )
}
