import { keyText } from '../../../domain/names.ts'
import type { Deployment } from '../../../domain/deployment.ts'
import type { Endpoint } from '../../../domain/endpoint.ts'
import { isFault } from '../../../domain/fault.ts'
import type { ServingState } from '../../../records/records.ts'
import { inParallel } from '../../parallel.ts'
import type { ReconcilerPorts } from '../../ports.ts'
import { createRounds, type Rounds } from '../../rounds.ts'
import { probeRoute } from './probe.ts'

export interface ServingLaneTimes {
  readonly everyMilliseconds: number
  readonly probeMilliseconds: number
  /** A probe that came to the same is written again after this. */
  readonly writtenMilliseconds: number
}

export const servingLaneTimes: ServingLaneTimes = {
  everyMilliseconds: 30_000,
  probeMilliseconds: 5000,
  writtenMilliseconds: 300_000,
}

const atOnce = 8
const lookBackSecondsMax = 7 * 86_400

/**
 * Measures endpoints and probes their routes, beside the passes: a monitoring that is slow, broken or gone delays nothing, and says so once. What
 * has not changed is not written. A round is begun only where there is anything to ask.
 */
export function createServingLane(ports: ReconcilerPorts, times: ServingLaneTimes = servingLaneTimes): Rounds<void> {
  const told = new Map<string, string>()
  const troubles = new Map<string, string | null>()

  /** Tells of what is wrong once, until it is another or nothing. */
  const tell = (what: string, trouble: string | null): void => {
    if (trouble !== null && told.get(what) !== trouble) ports.log({ level: 'warn', message: trouble })
    if (trouble === null) told.delete(what)
    else told.set(what, trouble)
  }

  const measure = async (
    endpoint: Endpoint,
    deployment: Deployment,
    state: ServingState,
    signal: AbortSignal,
  ): Promise<void> => {
    const source = ports.measuring?.(endpoint.environment)
    const { resource } = state
    if (!source || resource === null || told.has(`failing ${source.address}`)) return
    const since = deployment.deployedAt ?? deployment.createdAt
    const at = ports.now()
    const isCandidate = deployment.weight !== null && deployment.revision !== endpoint.revision
    const workload = {
      namespace: resource.namespace,
      name: isCandidate ? `${endpoint.name}-candidate` : endpoint.name,
      framework: resource.framework,
      seconds: Math.min(lookBackSecondsMax, (at.getTime() - since.getTime()) / 1000),
    }
    try {
      const measured = await source.measure(workload, signal)
      tell(source.address, null)
      if (measured === null || same(measured, deployment.measured)) return
      await ports.records.serving.measure(deployment.id, { ...measured, at })
    } catch (error) {
      if (!isFault(error, 'MEASURING_FAILED')) throw error
      // The others of this round are not asked of it any more.
      tell(source.address, `${error.message}: requests, errors and latency of endpoints stay as they were`)
      told.set(`failing ${source.address}`, '')
    }
  }

  const probe = async (endpoint: Endpoint, signal: AbortSignal): Promise<void> => {
    const base = ports.probes?.(endpoint.environment)
    if (base === undefined) return
    const trouble = await probeRoute(base, endpoint.route, times.probeMilliseconds, signal)
    const key = keyText(endpoint)
    const at = ports.now()
    const before = endpoint.lastHealthCheck?.getTime() ?? -Infinity
    const isNews = troubles.get(key) !== trouble || at.getTime() - before >= times.writtenMilliseconds
    troubles.set(key, trouble)
    if (isNews) await ports.records.serving.probed(endpoint, at, trouble)
    tell(`route ${key}`, trouble)
  }

  const round = async (signal: AbortSignal): Promise<void> => {
    if (ports.measuring === undefined && ports.probes === undefined) return
    const { endpoints, serving } = ports.records
    for (const what of [...told.keys()]) if (what.startsWith('failing ')) told.delete(what)
    const all = (await endpoints.list({})).filter((one) => one.status !== 'waiting')
    if (all.length === 0) return
    const states = await serving.states()
    await inParallel(all, atOnce, async (endpoint) => {
      if (signal.aborted) return
      await probe(endpoint, signal)
      const state = states.get(endpoint.id)
      for (const { revision } of state?.releases ?? []) {
        const deployment = await serving.ofRelease(endpoint, revision)
        if (state && deployment) await measure(endpoint, deployment, state, signal)
      }
    })
  }

  return createRounds({
    everyMilliseconds: times.everyMilliseconds,
    round: (_asked, signal) => round(signal),
    // Of the database: the next pass meets it too, and says so.
    failed: (error) =>
      ports.log({ level: 'info', message: `measuring: ${error instanceof Error ? error.message : String(error)}` }),
  })
}

function same(left: Omit<NonNullable<Deployment['measured']>, 'at'>, right: Deployment['measured']): boolean {
  return (
    right !== null &&
    left.requests === right.requests &&
    left.errorRate === right.errorRate &&
    left.averageLatencyMilliseconds === right.averageLatencyMilliseconds
  )
}
