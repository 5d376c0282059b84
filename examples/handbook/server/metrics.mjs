/*
 * Counts requests and prints them as Prometheus reads them.
 */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function createMetrics() {
  const requests = new Map()
  const buckets = secondsBuckets.map(() => 0)
  let secondsSum = 0
  let generations = 0
  let tokens = 0
  return {
    /** Requests for text that are being answered. */
    inFlight: 0,
    /** @param {string} path one of the server's own, never what a caller wrote @param {number} status */
    request: (path, status) => {
      const key = `path="${path}",status="${status}"`
      requests.set(key, (requests.get(key) ?? 0) + 1)
    },
    /** @param {number} seconds @param {number} written characters */
    generation: (seconds, written) => {
      secondsSum += seconds
      generations += 1
      tokens += written
      secondsBuckets.forEach((limit, index) => {
        if (seconds <= limit) buckets[index] += 1
      })
    },
    /** @param {{ name: string, version: string, digest: string }} model */
    text(model) {
      const labels = Object.entries(model).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      return [
        '# HELP handbook_model_info The model that is served.',
        '# TYPE handbook_model_info gauge',
        `handbook_model_info{${labels.join(',')}} 1`,
        '# HELP handbook_requests_total Requests by path and status.',
        '# TYPE handbook_requests_total counter',
        ...[...requests].map(([key, count]) => `handbook_requests_total{${key}} ${count}`),
        '# HELP handbook_requests_in_flight Requests for text that are being answered.',
        '# TYPE handbook_requests_in_flight gauge',
        `handbook_requests_in_flight ${this.inFlight}`,
        '# HELP handbook_tokens_total Characters that were written.',
        '# TYPE handbook_tokens_total counter',
        `handbook_tokens_total ${tokens}`,
        '# HELP handbook_generation_seconds Time that an answer took.',
        '# TYPE handbook_generation_seconds histogram',
        ...secondsBuckets.map((limit, index) => `handbook_generation_seconds_bucket{le="${limit}"} ${buckets[index]}`),
        `handbook_generation_seconds_bucket{le="+Inf"} ${generations}`,
        `handbook_generation_seconds_sum ${secondsSum}`,
        `handbook_generation_seconds_count ${generations}`,
        '',
      ].join('\n')
    },
  }
}
