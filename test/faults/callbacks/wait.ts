import { until } from '../../cluster/base/wait.ts'
import type { Service } from '../servers/service.ts'
import type { Load } from './load.ts'

/** Waits for the next acknowledgement. @returns seconds that it took */
export async function untilAcknowledged(load: Load, service: Service, seconds = 90): Promise<number> {
  const began = performance.now()
  const isHeard = (): boolean => load.lastAck() > began
  await until('a message to be acknowledged', isHeard, { seconds, everyMilliseconds: 5 }).catch((cause: unknown) => {
    const last = JSON.stringify(load.refusals.at(-1))
    throw new Error(`${String(cause)}; refused last: ${last}; the service said:\n${service.said().slice(-2000)}`, {
      cause,
    })
  })
  return (performance.now() - began) / 1000
}

/**
 * Waits until every trainer has been heard. The step of a run is that of its newest pod, so that one which is heard for the first time, and begins
 * anew, takes it back.
 */
export async function untilAllHeard({ acked }: Load, seconds = 90): Promise<void> {
  const areHeard = (): boolean => [...acked.values()].every(({ heartbeat }) => heartbeat.length > 0)
  await until('every trainer to be heard', areHeard, { seconds, everyMilliseconds: 5 })
}
