import type { SeenContainer, SeenPod } from '../../../domain/observation.ts'
import { ApiError } from './api/api-error.ts'
import { type Api, readBody } from './api/api.ts'

/** More than this is not read for one tail. */
const logBytesMax = 4 * 1024 * 1024
const logSilenceMilliseconds = 5_000
/** A node that gave no log is not asked for another one sooner: who asks waits, and a dead node has many pods. */
const nodeRestMilliseconds = 60_000

export interface Logs {
  /**
   * The last lines of a pod's trainer, or of the init container that kept it from starting.
   * @returns no lines where there is no log, or none any more
   * @throws ApiError
   */
  tail(pod: SeenPod, lines: number): Promise<readonly string[]>
}

export function openLogs(api: Api, clock: () => number = () => performance.now()): Logs {
  const restUntil = new Map<string, number>()
  return {
    tail: async (pod, lines) => {
      const node = pod.node ?? ''
      if ((restUntil.get(node) ?? -Infinity) > clock())
        throw new ApiError(`node ${node} gave no log less than ${nodeRestMilliseconds / 1000} s ago`)
      try {
        const tail = await logTail(api, pod, lines)
        restUntil.delete(node)
        return tail
      } catch (error) {
        // The API server hands on what it hears of the kubelet, as a fault of its own.
        const isNode = error instanceof ApiError && (error.status === null || error.status >= 500)
        if (isNode) restUntil.set(node, clock() + nodeRestMilliseconds)
        throw error
      }
    },
  }
}

async function logTail(api: Api, pod: SeenPod, lines: number): Promise<readonly string[]> {
  const container = spokenContainer(pod.containers)
  if (!container) return []
  try {
    const text = await tail(api, pod, container.name, lines, false)
    // A container that was started again has said nothing yet: what its predecessor said is what matters.
    const started = text !== '' || container.state !== 'waiting'
    return cutLines(started ? text : await tail(api, pod, container.name, lines, true), lines)
  } catch (error) {
    // Gone with its pod or node (404), or never begun (400).
    if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return []
    throw error
  }
}

/** The container whose words say most: the trainer when it ran, else the init container that failed, else the trainer. */
export function spokenContainer(containers: readonly SeenContainer[]): SeenContainer | undefined {
  const trainer = containers.find((one) => !one.init)
  if (trainer && trainer.state !== 'waiting') return trainer
  return containers.find((one) => one.init && one.state === 'terminated' && one.exitCode !== 0) ?? trainer
}

/**
 * The limit of the API cuts off the end, which is what is wanted: lines that do not fit are asked for again, and fewer of them, down to the last
 * one; of one that is longer still its beginning has to do.
 */
async function tail(api: Api, pod: SeenPod, container: string, lines: number, previous: boolean): Promise<string> {
  for (let wanted = lines; ; wanted = Math.ceil(wanted / 4)) {
    const query = new URLSearchParams({ container, tailLines: String(wanted), limitBytes: String(logBytesMax) })
    if (previous) query.set('previous', 'true')
    const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log?${query}`
    const response = await api.open({ path, accept: '*/*', silenceMilliseconds: logSilenceMilliseconds })
    const text = await readBody(response, logBytesMax * 2)
    if (wanted <= 1 || Buffer.byteLength(text) < logBytesMax) return text
  }
}

export function cutLines(text: string, lines: number): readonly string[] {
  const all = text.split('\n')
  if (all.at(-1) === '') all.pop()
  return all.slice(-lines)
}
