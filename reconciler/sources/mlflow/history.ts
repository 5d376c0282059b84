import type { TrackedPoint } from '../../../domain/tracker.ts'
import type { SeenTrackerRun, TrackedHistory } from '../tracker.ts'
import { field, list, metricValue, text } from './answers.ts'
import type { MlflowApi } from './http.ts'
import { type ReadingLimits, untilOver } from './limits.ts'

/** Reads the course of every metric, page by page, and joins them by step. */
export async function readHistory(
  api: MlflowApi,
  run: SeenTrackerRun,
  limits: ReadingLimits,
  signal: AbortSignal,
): Promise<TrackedHistory> {
  const names = Object.keys(run.metrics).sort()
  const course = new Course()
  const incomplete: string[] = []
  const over = untilOver(limits)
  for (const [index, name] of names.entries()) {
    if (index >= limits.metrics || over()) {
      const why = over() ? 'the time for reading them ran out' : `more than ${limits.metrics} are not read`
      incomplete.push(`metrics: ${names.length - index} of ${names.length} are missing: ${why}`)
      break
    }
    const whole = await readMetric(api, run.id, name, course, limits, over, signal)
    if (!whole) incomplete.push(`metrics: ${name} has more points than are read`)
  }
  const points = course.points()
  const kept = thinned(points, limits.steps)
  if (kept.length < points.length)
    incomplete.push(`metrics: ${kept.length} of ${points.length} steps are kept, spread evenly`)
  return { points: kept, incomplete }
}

/** @returns whether all of its points were read */
async function readMetric(
  api: MlflowApi,
  runId: string,
  name: string,
  course: Course,
  limits: ReadingLimits,
  over: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  let page: string | null = null
  for (let number = 0; number < limits.pagesOfMetric; number += 1) {
    if (number > 0 && over()) return false
    const query = { run_id: runId, metric_key: name, max_results: String(limits.pointsOfPage) }
    const answer = await api.get('metrics/get-history', page === null ? query : { ...query, page_token: page }, signal)
    // A server that gives more than was asked for is not believed to end.
    for (const one of list(field(answer, 'metrics')).slice(0, limits.pointsOfPage)) {
      const measured = metricValue(one)
      if (measured) course.add(name, measured.step, measured.value, measured.at)
    }
    page = text(field(answer, 'next_page_token'))
    if (page === null) return true
  }
  return false
}

/** Values by step; of a metric that was logged twice at a step the later one counts. */
class Course {
  readonly #steps = new Map<number, { at: Date; readonly values: Map<string, { value: number; at: Date }> }>()

  add(name: string, step: number, value: number, at: Date): void {
    const known = this.#steps.get(step) ?? { at, values: new Map<string, { value: number; at: Date }>() }
    this.#steps.set(step, known)
    if (at < known.at) known.at = at
    const before = known.values.get(name)
    if (!before || before.at <= at) known.values.set(name, { value, at })
  }

  points(): readonly TrackedPoint[] {
    return [...this.#steps]
      .sort(([left], [right]) => left - right)
      .map(([step, { at, values }]) => ({
        step,
        at,
        values: Object.fromEntries([...values].map(([name, { value }]) => [name, value])),
      }))
  }
}

/** Every n-th point from the first on, and the last: at most `most`. */
export function thinned<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items
  const distance = Math.ceil((items.length - 1) / Math.max(1, most - 1))
  return items.filter((_, index) => index % distance === 0 || index === items.length - 1)
}
