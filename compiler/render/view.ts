import type { PlannedResources, Toleration, Variable, Volume } from '../../domain/plan.ts'
import { compareText } from '../../domain/problem.ts'
import { cpuQuantity, memoryQuantity } from './quantity.ts'
import type { View } from './template.ts'

/** A mapping as a template can go through it, in the order of its keys. */
function pairs(mapping: Readonly<Record<string, string>>): readonly View[] {
  return Object.entries(mapping)
    .sort(([left], [right]) => compareText(left, right))
    .map(([key, value]) => ({ key, value }))
}

export type RenderedVariable =
  | Variable
  | { readonly name: string; readonly fieldPath: string }
  /** `optional`: the container starts without the Secret too. */
  | { readonly name: string; readonly secret: string; readonly key: string; readonly optional: boolean }

export function variableView(variable: RenderedVariable): View {
  const { name } = variable
  if ('value' in variable) return { name, isValue: true, isSecret: false, isField: false, value: variable.value }
  if ('fieldPath' in variable)
    return { name, isValue: false, isSecret: false, isField: true, fieldPath: variable.fieldPath }
  const { secret, key } = variable
  const optional = 'optional' in variable && variable.optional
  return { name, isValue: false, isSecret: true, isField: false, secret, key, optional }
}

export function volumeView(volume: Volume): View {
  return {
    name: volume.name,
    isHostPath: 'hostPath' in volume.source,
    isClaim: 'claim' in volume.source,
    isSecret: false,
    hostPath: 'hostPath' in volume.source ? volume.source.hostPath : '',
    claim: 'claim' in volume.source ? volume.source.claim : '',
    secret: '',
    mountPath: volume.mountPath,
    readOnly: volume.readOnly,
  }
}

export function resourcesView(resources: PlannedResources): View {
  return {
    cpuRequest: cpuQuantity(resources.cpuRequestMillicores),
    cpuLimit: cpuQuantity(resources.cpuLimitMillicores),
    memoryRequest: memoryQuantity(resources.memoryRequestBytes),
    memoryLimit: memoryQuantity(resources.memoryLimitBytes),
    hasGpus: resources.gpus > 0,
    gpuResource: resources.gpuResource,
    gpus: resources.gpus,
  }
}

interface SchedulingView {
  readonly hasNodeSelector: boolean
  readonly nodeSelector: readonly View[]
  readonly hasTolerations: boolean
  readonly tolerations: readonly View[]
}

/** Of pods that say nothing about where they run. */
export const freelyScheduled: SchedulingView = {
  hasNodeSelector: false,
  nodeSelector: [],
  hasTolerations: false,
  tolerations: [],
}

/** Where pods may run. */
export function schedulingView(
  nodeSelector: Readonly<Record<string, string>>,
  tolerations: readonly Toleration[],
): SchedulingView {
  return {
    hasNodeSelector: Object.keys(nodeSelector).length > 0,
    nodeSelector: pairs(nodeSelector),
    hasTolerations: tolerations.length > 0,
    tolerations: tolerations.map((one) => ({
      operator: one.operator,
      hasKey: one.key !== null,
      key: one.key,
      hasValue: one.value !== null,
      value: one.value,
      hasEffect: one.effect !== null,
      effect: one.effect,
    })),
  }
}
