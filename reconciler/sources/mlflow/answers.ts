import { type TrackedStatus, trackedStatuses } from '../../../domain/tracker.ts'
import type { SeenTrackerRun } from '../tracker.ts'

/*
 * What is taken of MLflow's answers. Whatever has not the form that its documents give it is left out rather than believed.
 * https://mlflow.org/docs/latest/rest-api.html
 */

const limits = { entries: 1000, keyCharacters: 250, valueCharacters: 2000 } as const
/** What MLflow's databases hold in place of an infinite number. */
const infinite = 1.7976931348623157e308

export interface MetricValue {
  readonly value: number
  readonly step: number
  readonly at: Date
}

export interface ListedFile {
  readonly path: string
  readonly isFolder: boolean
  readonly sizeBytes: number | null
}

export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

export function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** A run of `runs/get` or `runs/search`; undefined when it says not even which one it is. */
export function trackerRun(value: unknown, serverUrl: string): SeenTrackerRun | undefined {
  const info = field(value, 'info')
  const data = field(value, 'data')
  const id = text(field(info, 'run_id')) ?? text(field(info, 'run_uuid'))
  const status = field(info, 'status')
  if (id === null || !trackedStatuses.includes(status as TrackedStatus)) return undefined
  const experimentId = text(field(info, 'experiment_id')) ?? ''
  const tags = texts(field(data, 'tags'))
  return {
    id,
    experimentId,
    status: status as TrackedStatus,
    startedAt: time(field(info, 'start_time')),
    endedAt: time(field(info, 'end_time')),
    artifactUri: withoutUser(text(field(info, 'artifact_uri'))),
    url: `${serverUrl}/#/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(id)}`,
    parentId: tags['mlflow.parentRunId'] ?? null,
    tags,
    params: texts(field(data, 'params')),
    metrics: numbers(field(data, 'metrics')),
  }
}

export function metricValue(value: unknown): MetricValue | undefined {
  const measured = number(field(value, 'value'))
  const step = number(field(value, 'step')) ?? 0
  const at = time(field(value, 'timestamp'))
  if (measured === undefined || at === null || !Number.isSafeInteger(step)) return undefined
  return { value: measured, step, at }
}

export function listedFile(value: unknown): ListedFile | undefined {
  const path = text(field(value, 'path'))
  if (path === null || path.length > limits.valueCharacters) return undefined
  const size = number(field(value, 'file_size'))
  return {
    path,
    isFolder: field(value, 'is_dir') === true,
    sizeBytes: size !== undefined && size >= 0 && Number.isSafeInteger(size) ? size : null,
  }
}

/** A finite number, which may come as a text: that is how 64-bit integers are written in JSON. */
export function number(value: unknown): number | undefined {
  const found = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : value
  return typeof found === 'number' && Number.isFinite(found) && Math.abs(found) < infinite ? found : undefined
}

function time(value: unknown): Date | null {
  const milliseconds = number(value)
  if (milliseconds === undefined || milliseconds <= 0) return null
  const at = new Date(milliseconds)
  return Number.isNaN(at.getTime()) ? null : at
}

function texts(entries: unknown): Readonly<Record<string, string>> {
  return pairs(entries, (value) => (typeof value === 'string' ? value.slice(0, limits.valueCharacters) : undefined))
}

function numbers(entries: unknown): Readonly<Record<string, number>> {
  return pairs(entries, number)
}

/** MLflow writes mappings as lists of `{ key, value }`. */
function pairs<Value>(entries: unknown, read: (value: unknown) => Value | undefined): Readonly<Record<string, Value>> {
  const found = new Map<string, Value>()
  for (const entry of list(entries).slice(0, limits.entries)) {
    const key = text(field(entry, 'key'))
    const value = read(field(entry, 'value'))
    if (key !== null && key.length <= limits.keyCharacters && value !== undefined) found.set(key, value)
  }
  return Object.fromEntries(found)
}

/** A store's address may hold the password of its user. */
function withoutUser(uri: string | null): string | null {
  return uri === null ? null : uri.slice(0, limits.valueCharacters).replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1')
}
