import type { PlannedResources } from '../../domain/plan.ts'
import { problem } from '../problem.ts'
import { referenceHint } from './catalogue.ts'
import type { Place, Resolving } from './place.ts'
import { bytes, millicores } from './quantity.ts'

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
  const cpu = withDefaults(written?.cpu, defaults.cpu, millicores)
  const memory = withDefaults(written?.memory, defaults.memory, bytes)
  checkOrder('cpu', cpu, resolving)
  checkOrder('memory', memory, resolving)
  const type = gpuType(written?.gpuType, place, resolving)
  return {
    cpuRequestMillicores: cpu.request,
    cpuLimitMillicores: cpu.limit,
    memoryRequestBytes: memory.request,
    memoryLimitBytes: memory.limit,
    gpus: written?.gpus ?? 0,
    gpuResource: type?.resource ?? 'nvidia.com/gpu',
    gpuType: written?.gpuType ?? null,
    gpuPricePerHour: type?.pricePerHour ?? null,
    nodeSelector: type?.nodeSelector ?? {},
    tolerations: (type?.tolerations ?? []).map((one) => ({
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
  written: { readonly request?: string; readonly limit?: string } | undefined,
  defaults: { readonly request: string; readonly limit: string },
  measure: (quantity: string) => number,
): Range {
  const request = written?.request === undefined ? undefined : measure(written.request)
  const limit = written?.limit === undefined ? undefined : measure(written.limit)
  return {
    request: request ?? Math.min(measure(defaults.request), limit ?? Number.POSITIVE_INFINITY),
    limit: limit ?? Math.max(measure(defaults.limit), request ?? 0),
  }
}

function checkOrder(what: 'cpu' | 'memory', range: Range, resolving: Resolving): void {
  if (range.request <= range.limit) return
  resolving.problems.push(
    problem(
      'LIMIT_BELOW_REQUEST',
      resolving.at.locate(`/spec/resources/${what}/limit`),
      `the ${what} limit is below the request`,
      {
        hint: 'raise the limit or lower the request',
        also: [{ where: resolving.at.locate(`/spec/resources/${what}/request`), note: 'the request' }],
      },
    ),
  )
}

function gpuType(wanted: string | undefined, place: Place, resolving: Resolving) {
  if (wanted === undefined) return undefined
  const types = place.environment.spec.gpuTypes ?? {}
  const type = Object.hasOwn(types, wanted) ? types[wanted] : undefined
  if (!type && place.cluster !== 'local') {
    resolving.problems.push(
      problem(
        'GPU_TYPE_UNKNOWN',
        resolving.at.locate('/spec/resources/gpuType'),
        `environment "${place.environment.metadata.name}" offers no GPU type "${wanted}"`,
        { hint: referenceHint(wanted, Object.keys(types), 'GPU type') },
      ),
    )
  }
  return type
}
