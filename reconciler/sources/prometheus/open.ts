import { Fault } from '../../../domain/fault.ts'
import type { MeasuredWorkload, MeasuringSource } from '../measuring.ts'
import { readBounded } from './bounded.ts'
import { queriesOf } from './queries.ts'

export interface PrometheusOptions {
  readonly url: string
  /** Never printed. */
  readonly token?: string | undefined
  /** From the first byte sent to the last one read, of one query. */
  readonly milliseconds?: number
}

const answerBytesMax = 1024 * 1024
const usualMilliseconds = 5000

/**
 * A Prometheus by its HTTP API. Asks nobody until it is used, follows no redirect, waits and reads for a bounded time.
 * @throws Fault SETTINGS_INVALID
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function openPrometheus({ url, token, milliseconds = usualMilliseconds }: PrometheusOptions): MeasuringSource {
  const base = baseOf(url)
  const query = async (text: string, signal: AbortSignal): Promise<number | null> => {
    const late = AbortSignal.timeout(milliseconds)
    const fail = (why: string, cause?: unknown) => unmeasured(base, why, cause)
    try {
      const answer = await fetch(`${base}/api/v1/query?${new URLSearchParams({ query: text }).toString()}`, {
        headers: { accept: 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
        redirect: 'manual',
        signal: AbortSignal.any([signal, late]),
      })
      if (answer.status >= 300 && answer.status < 400) throw fail(`it sends us elsewhere (${answer.status})`)
      const body = await readBounded(answer, answerBytesMax)
      if (body === undefined) throw fail(`its answer has more than ${answerBytesMax} bytes`)
      if (!answer.ok) throw fail(`it answers ${answer.status}`)
      return valueOf(body, fail)
    } catch (error) {
      if (error instanceof Fault) throw error
      signal.throwIfAborted()
      throw fail(late.aborted ? `no whole answer came in ${milliseconds / 1000} s` : 'nobody answers', error)
    }
  }
  return {
    address: base,
    measure: async (workload: MeasuredWorkload, signal) => {
      const queries = queriesOf(workload)
      const requests = await query(queries.requests, signal)
      if (requests === null) return null
      const errors = (await query(queries.errors, signal)) ?? 0
      const latency = (await query(queries.latency, signal)) ?? 0
      return {
        requests: Math.round(requests),
        errorRate: Math.min(1, Math.round(errors * 1e6) / 1e6),
        averageLatencyMilliseconds: Math.round(latency * 1000) / 1000,
      }
    },
  }
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new Fault('SETTINGS_INVALID', 'PROMETHEUS_URL has no address of a Prometheus', {
      retry: 'never',
      hint: 'write http://prometheus.monitoring:9090, or dev=http://…,prod=http://… for several; a token goes into PROMETHEUS_TOKEN',
    })
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, '')
}

/** The one number of a vector; null where there is none, or where it is none. */
function valueOf(body: string, fail: (why: string) => Fault): number | null {
  let answer: { status?: unknown; data?: { resultType?: unknown; result?: unknown } }
  try {
    answer = JSON.parse(body) as typeof answer
  } catch {
    throw fail('its answer is no JSON')
  }
  const { resultType, result } = answer?.data ?? {}
  if (answer?.status !== 'success' || resultType !== 'vector' || !Array.isArray(result))
    throw fail('its answer is none of a Prometheus')
  const [first] = result as readonly { value?: readonly [unknown, unknown] }[]
  const number = Number(first?.value?.[1])
  return first === undefined || !Number.isFinite(number) ? null : number
}

function unmeasured(base: string, why: string, cause?: unknown): Fault {
  return new Fault('MEASURING_FAILED', `Prometheus at ${base}: ${why}`, {
    retry: 'soon',
    hint: 'check PROMETHEUS_URL and that this machine reaches it; nothing else waits for it',
    cause,
  })
}
