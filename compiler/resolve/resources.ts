import type { PlannedResources } from '../../domain/plan.ts'
import { referenceHint } from './catalogue.ts'
import { below, offeredOr, type Origin, writtenOr } from './origins.ts'
import type { Place, Resolving } from './place.ts'
import { bytes, millicores } from './quantity.ts'
import { environmentPart, partAt, tell } from './tell.ts'

interface WrittenResources {
  readonly gpus?: number
  readonly gpuType?: string
  readonly cpu?: { readonly request?: string; readonly limit?: string }
  readonly memory?: { readonly request?: string; readonly limit?: string }
}

export interface DefaultResources {
  readonly cpu: { readonly request: string; readonly limit: string }
  readonly memory: { readonly request: string; readonly limit: string }
}

/** Fixes the units of what one pod may use and finds its GPU type in the environment. */
export function resolveResources(
  written: WrittenResources | undefined,
  defaults: DefaultResources,
  place: Place,
  resolving: Resolving,
): PlannedResources {
  const cpu = withDefaults('cpu', written?.cpu, defaults.cpu, millicores, resolving)
  const memory = withDefaults('memory', written?.memory, defaults.memory, bytes, resolving)
  checkOrder('cpu', cpu, resolving)
  checkOrder('memory', memory, resolving)
  const type = gpuType(written?.gpuType, place, resolving)
  const ofType = <Value, Fallback>(target: string, key: string, value: Value | undefined, fallback: Fallback) =>
    resolving.origins
      ? offeredOr(
          resolving,
          `/resources/${target}`,
          below(below('/spec/gpuTypes', written?.gpuType ?? ''), key),
          value,
          fallback,
        )
      : (value ?? fallback)
  return {
    cpuRequestMillicores: cpu.request,
    cpuLimitMillicores: cpu.limit,
    memoryRequestBytes: memory.request,
    memoryLimitBytes: memory.limit,
    gpus: writtenOr(resolving, '/resources/gpus', '/spec/resources/gpus', written?.gpus, 0),
    gpuResource: ofType('gpuResource', 'resource', type?.resource, 'nvidia.com/gpu'),
    gpuType: writtenOr(resolving, '/resources/gpuType', '/spec/resources/gpuType', written?.gpuType, null),
    gpuPricePerHour: ofType('gpuPricePerHour', 'pricePerHour', type?.pricePerHour, null),
    nodeSelector: ofType('nodeSelector', 'nodeSelector', type?.nodeSelector, {}),
    tolerations: ofType('tolerations', 'tolerations', type?.tolerations, []).map((one) => ({
      key: one.key ?? null,
      operator: one.operator ?? (one.value === undefined ? 'Exists' : 'Equal'),
      value: one.value ?? null,
      effect: one.effect ?? null,
    })),
  }
}

interface Range {
  readonly request: number
  readonly limit: number
}

/** A limit alone is also the request where the default request would be above it, and the other way round. */
function withDefaults(
  what: 'cpu' | 'memory',
  written: { readonly request?: string; readonly limit?: string } | undefined,
  defaults: { readonly request: string; readonly limit: string },
  measure: (quantity: string) => number,
  resolving: Resolving,
): Range {
  const request = written?.request === undefined ? undefined : measure(written.request)
  const limit = written?.limit === undefined ? undefined : measure(written.limit)
  const range = {
    request: request ?? Math.min(measure(defaults.request), limit ?? Number.POSITIVE_INFINITY),
    limit: limit ?? Math.max(measure(defaults.limit), request ?? 0),
  }
  if (resolving.origins) {
    const [ofRequest, ofLimit] = targets[what]
    const from = (own: 'request' | 'limit', other: 'request' | 'limit'): Origin => {
      if (written?.[own] !== undefined) return { from: 'spec', pointer: `/spec/resources/${what}/${own}` }
      if (range[own] === measure(defaults[own]))
        return { from: 'default', in: 'spec', pointer: `/spec/resources/${what}/${own}` }
      return { from: 'spec', pointer: `/spec/resources/${what}/${other}` }
    }
    resolving.origins.note(ofRequest, from('request', 'limit'))
    resolving.origins.note(ofLimit, from('limit', 'request'))
  }
  return range
}

const targets = {
  cpu: ['/resources/cpuRequestMillicores', '/resources/cpuLimitMillicores'],
  memory: ['/resources/memoryRequestBytes', '/resources/memoryLimitBytes'],
} as const

function checkOrder(what: 'cpu' | 'memory', range: Range, resolving: Resolving): void {
  if (range.request <= range.limit) return
  tell(resolving, 'LIMIT_BELOW_REQUEST', `/spec/resources/${what}/limit`, `the ${what} limit is below the request`, {
    hint: 'raise the limit or lower the request',
    also: partAt(resolving.at, `/spec/resources/${what}/request`, 'the request'),
  })
}

function gpuType(wanted: string | undefined, place: Place, resolving: Resolving) {
  if (wanted === undefined) return undefined
  const types = place.environment.spec.gpuTypes ?? {}
  const type = Object.hasOwn(types, wanted) ? types[wanted] : undefined
  if (!type && place.cluster !== 'local') {
    const { name } = place.environment.metadata
    tell(
      resolving,
      'GPU_TYPE_UNKNOWN',
      '/spec/resources/gpuType',
      `environment "${name}" offers no GPU type "${wanted}"`,
      {
        hint: referenceHint(wanted, Object.keys(types), 'GPU type'),
        also: environmentPart(resolving, name, '/spec/gpuTypes', 'the GPU types of the environment'),
      },
    )
  }
  return type
}
