import type { MeasuredWorkload } from '../measuring.ts'

/*
 * What is asked of Prometheus for each framework: requests and errors over the time looked back, and the average latency in milliseconds.
 *
 * fastapi    http_requests_total by status, http_request_duration_seconds: what the serving app and most instrumentations of FastAPI expose,
 *            with the labels that the chart's ServiceMonitor gives: namespace and service
 * kserve     revision_request_count and revision_request_latencies of Knative's queue proxy, in milliseconds
 * ray_serve  ray_serve_num_http_requests_total, ray_serve_num_http_error_requests_total, ray_serve_http_request_latency_ms
 */

export interface Queries {
  readonly requests: string
  /** Share of the requests. */
  readonly errors: string
  readonly latency: string
}

interface Metrics {
  readonly requests: string
  readonly errors: (selector: string) => string
  readonly sum: string
  readonly count: string
  /** What the sum is in, to milliseconds. */
  readonly scale: number
  readonly label: string
}

const fastapi: Metrics = {
  requests: 'http_requests_total',
  errors: (selector) => `http_requests_total{${selector},status=~"5.*"}`,
  sum: 'http_request_duration_seconds_sum',
  count: 'http_request_duration_seconds_count',
  scale: 1000,
  label: 'service',
}
const metrics: Readonly<Record<string, Metrics>> = {
  fastapi,
  kserve: {
    requests: 'revision_request_count',
    errors: (selector) => `revision_request_count{${selector},response_code_class="5xx"}`,
    sum: 'revision_request_latencies_sum',
    count: 'revision_request_latencies_count',
    scale: 1,
    label: 'service_name',
  },
  ray_serve: {
    requests: 'ray_serve_num_http_requests_total',
    errors: (selector) => `ray_serve_num_http_error_requests_total{${selector}}`,
    sum: 'ray_serve_http_request_latency_ms_sum',
    count: 'ray_serve_http_request_latency_ms_count',
    scale: 1,
    label: 'ray_io_cluster',
  },
}

export function queriesOf({ namespace, name, framework, seconds }: MeasuredWorkload): Queries {
  const one = metrics[framework] ?? fastapi
  // KServe and Ray name what serves after the object: `handbook-predictor`, `handbook-raycluster-x7k2p`.
  const named = framework === 'fastapi' ? `${one.label}="${plain(name)}"` : `${one.label}=~"${plain(name)}(-.*)?"`
  const selector = `namespace="${plain(namespace)}",${named}`
  const over = (metric: string) => `sum(increase(${metric}[${Math.max(60, Math.round(seconds))}s]))`
  return {
    requests: over(`${one.requests}{${selector}}`),
    errors: `${over(one.errors(selector))} / ${over(`${one.requests}{${selector}}`)}`,
    latency: `${one.scale} * ${over(`${one.sum}{${selector}}`)} / ${over(`${one.count}{${selector}}`)}`,
  }
}

/** Names are ours; whatever else stood in one could end the text. */
function plain(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9.-]/g, '')
}
