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
