import { canonicalJson, type Json, sha256 } from '../../domain/canonical.ts'

/*
 * What a Job asks for, read alike from an object of the cluster and from a file. No value of a variable is kept: variables are compared by
 * their hashes.
 */

export interface AskedOfJob {
  /** Pods at once. */
  readonly parallelism: number
  readonly completions: number | null
  /** 6 unless it says otherwise, as in Kubernetes. */
  readonly backoffLimit: number
  readonly backoffLimitIsWritten: boolean
  readonly ttlSecondsAfterFinished: number | null
  readonly activeDeadlineSeconds: number | null
  readonly terminationGraceSeconds: number
  readonly restartPolicy: string
  /** Of all its pods at once. */
  readonly gpus: number
  /** Whether a pod that the cluster takes away costs none of its tries. */
  readonly ignoresDisruptions: boolean
  readonly images: readonly ContainerImage[]
  /** Fields that a Job can never change, by their JSON pointers (containers by name); variables as hashes. */
  readonly fixed: ReadonlyMap<string, string>
}

export interface ContainerImage {
  readonly container: string
  readonly image: string
  /** JSON pointer from the Job's own root. */
  readonly pointer: string
}

type Values = Readonly<Record<string, unknown>>

/** @param spec of a Job: anything, since files may hold anything */
export function askedOfJob(spec: unknown): AskedOfJob {
  const job = mapping(spec)
  const template = mapping(job['template'])
  const pod = mapping(template['spec'])
  const parallelism = number(job['parallelism']) ?? 1
  const containers = list(pod['containers']).map(mapping)
  return {
    parallelism,
    completions: number(job['completions']) ?? null,
    backoffLimit: number(job['backoffLimit']) ?? 6,
    backoffLimitIsWritten: number(job['backoffLimit']) !== undefined,
    ttlSecondsAfterFinished: number(job['ttlSecondsAfterFinished']) ?? null,
    activeDeadlineSeconds: number(job['activeDeadlineSeconds']) ?? null,
    terminationGraceSeconds: number(pod['terminationGracePeriodSeconds']) ?? 30,
    restartPolicy: text(pod['restartPolicy']) ?? '',
    gpus: parallelism * gpusOfPod(pod),
    ignoresDisruptions: ignoresDisruptions(job['podFailurePolicy']),
    images: containers.flatMap((one, index) => {
      const image = text(one['image'])
      const pointer = `/spec/template/spec/containers/${index}/image`
      return image === undefined ? [] : [{ container: text(one['name']) ?? '', image, pointer }]
    }),
    fixed: fixedFields(job, pod, containers),
  }
}

/** How many pods have to run, or have completed, before the whole of it runs. */
export function podsNeeded({ parallelism, completions }: Pick<AskedOfJob, 'parallelism' | 'completions'>): number {
  return Math.max(1, Math.min(parallelism, completions ?? parallelism))
}

const acceleratorResource = /^[a-z0-9.-]+\/(gpu([.-].+)?|mig-.+|gaudi|neuron(core|device)?|tpu|i915|xe)$/

/** Accelerators that one pod asks for: of its containers together, or of an init container where that asks for more. */
export function gpusOfPod(spec: unknown): number {
  const pod = mapping(spec)
  const of = (container: unknown): number => {
    const { limits, requests } = mapping(mapping(container)['resources'])
    const counted = Object.entries({ ...mapping(requests), ...mapping(limits) })
    return counted.reduce((sum, [name, amount]) => sum + (acceleratorResource.test(name) ? Number(amount) || 0 : 0), 0)
  }
  const together = list(pod['containers']).reduce<number>((sum, one) => sum + of(one), 0)
  return Math.max(together, ...list(pod['initContainers']).map(of))
}

/** The first rule that names the condition decides, so an exit-code rule before it may still count an eviction as a failure. */
function ignoresDisruptions(policy: unknown): boolean {
  const rules = list(mapping(policy)['rules']).map(mapping)
  const rule = rules.find((one) =>
    list(one['onPodConditions']).some((condition) => mapping(condition)['type'] === 'DisruptionTarget'),
  )
  return rule?.['action'] === 'Ignore'
}

function fixedFields(job: Values, pod: Values, containers: readonly Values[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  const keep = (pointer: string, value: unknown): void => {
    if (value !== undefined && value !== null) fields.set(pointer, canonicalJson(value as Json))
  }
  keep('/spec/completionMode', job['completionMode'])
  if (job['completionMode'] !== 'Indexed') keep('/spec/completions', job['completions'])
  keep('/spec/template/spec/restartPolicy', pod['restartPolicy'])
  for (const container of containers) {
    const base = `/spec/template/spec/containers/${text(container['name']) ?? ''}`
    keep(`${base}/image`, container['image'])
    keep(`${base}/command`, container['command'])
    keep(`${base}/args`, container['args'])
    for (const variable of list(container['env']).map(mapping))
      fields.set(`${base}/env/${text(variable['name']) ?? ''}`, sha256(canonicalJson(variable as Json)))
  }
  return fields
}

export function mapping(value: unknown): Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {}
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
