import { type Json, sameJson } from '../../domain/canonical.ts'
import type { EndpointPlan, PlannedResources, TrainingPlan, Variable, Volume } from '../../domain/plan.ts'
import type { Finding, Loose } from './finding.ts'
import { checks } from './rules/check.ts'
import { labelValue } from './rules/names.ts'
import { checkPodTemplate } from './rules/pod.ts'

/*
 * What of a plan reaches the manifest and has a form that only the API server knows: names of Secrets, keys, labels of nodes. The rest of a
 * manifest is the template's own, which a test has checked whole for plans of every kind; so the rules are asked about these values alone,
 * before anything is rendered, instead of reading every manifest again.
 */

/** What of a plan the rules are asked about but for its image, and nothing else of it. */
interface Parts {
  readonly kind: 'TrainingJob' | 'ServingEndpoint'
  /** Of the init container; null where there is none. */
  readonly leaseImage: string | null
  readonly queue: string | null
  readonly secrets: readonly Variable[]
  readonly volumes: readonly Volume[]
  readonly gpus: number
  /** Null where no GPUs are asked for. */
  readonly gpuResource: string | null
  readonly nodeSelector: PlannedResources['nodeSelector']
  readonly tolerations: PlannedResources['tolerations']
}

type Plan = TrainingPlan | EndpointPlan

/** @returns findings whose pointers lead into the plan */
export function checkValues(plan: Plan): readonly Finding[] {
  return checkParts(plan.image, partsOf(plan))
}

/** Of sound parts so many are known: plans of a repository are of a few kinds. */
const soundMax = 16

/** The same for many plans, most of which are alike but for the image: parts that were sound are not asked about again. */
export function valuesCheck(): typeof checkValues {
  const sound: Parts[] = []
  return (plan) => {
    const { image } = plan
    const parts = partsOf(plan)
    // Of an image the rules ask this alone.
    const isSound = image !== '' && image === image.trim()
    if (isSound && sound.some((one) => sameJson(one as unknown as Json, parts as unknown as Json))) return none
    const findings = checkParts(image, parts)
    if (findings.length === 0 && sound.unshift(parts) > soundMax) sound.pop()
    return findings
  }
}

const none: readonly Finding[] = []

function partsOf(plan: Plan): Parts {
  const { kind, volumes, variables, resources } = plan
  return {
    kind,
    leaseImage: plan.kind === 'TrainingJob' ? plan.lease.image : null,
    queue: plan.kind === 'TrainingJob' ? plan.queue : null,
    secrets: variables.filter((one) => 'secret' in one),
    volumes,
    gpus: resources.gpus,
    gpuResource: resources.gpus > 0 ? resources.gpuResource : null,
    nodeSelector: resources.nodeSelector,
    tolerations: resources.tolerations,
  }
}

function checkParts(image: string, parts: Parts): readonly Finding[] {
  const findings: Finding[] = []
  const check = checks(findings)
  checkPodTemplate({ spec: podOf(image, parts) }, '', check)
  if (parts.kind === 'TrainingJob') check.name({ queue: parts.queue }, 'queue', '/spec', labelValue)
  if (parts.gpuResource !== null && /^(cpu|memory)$/.test(parts.gpuResource))
    check.tell('/resources/gpuResource', 'is no resource of GPUs')
  return findings.map((one) => ({ ...one, pointer: inPlan(one.pointer, parts.secrets) }))
}

function podOf(
  image: string,
  { leaseImage, secrets, volumes, gpus, gpuResource, nodeSelector, tolerations }: Parts,
): Loose {
  const trainer = {
    name: 'trainer',
    image,
    env: secrets.map((one) => ({
      name: one.name,
      valueFrom: { secretKeyRef: 'secret' in one ? { name: one.secret, key: one.key } : {} },
    })),
    // Beside those of cores and memory, whose names it may not have.
    resources: { limits: { cpu: 1, memory: 1, ...(gpuResource === null ? {} : { [gpuResource]: gpus }) } },
    volumeMounts: volumes.map(({ name, mountPath }) => ({ name, mountPath })),
  }
  return {
    restartPolicy: 'Never',
    nodeSelector,
    tolerations,
    initContainers: leaseImage === null ? [] : [{ name: 'lease', image: leaseImage }],
    containers: [trainer],
    volumes: volumes.map(({ name, source }) => ({
      name,
      ...('claim' in source
        ? { persistentVolumeClaim: { claimName: source.claim } }
        : { hostPath: { path: source.hostPath } }),
    })),
  }
}

/** Where in the plan stands what a finding is about. */
function inPlan(pointer: string, secrets: readonly Variable[]): string {
  const [, index, rest = ''] =
    /^\/spec\/containers\/0\/env\/(\d+)(?:\/valueFrom\/secretKeyRef)?(.*)$/.exec(pointer) ?? []
  if (index !== undefined) {
    const field = rest === '/name' ? '/secret' : rest
    return `/variables/${secrets[Number(index)]?.name ?? ''}${field}`
  }
  return pointer
    .replace(/^\/spec\/(nodeSelector|tolerations)/, '/resources/$1')
    .replace(/^\/spec\/initContainers\/0\/image/, '/lease/image')
    .replace(/^\/spec\/containers\/0\/resources\/.*$/, '/resources/gpuResource')
    .replace(/^\/spec\/containers\/0\/image/, '/image')
    .replace(/^\/spec\/(queue|volumes)/, '/$1')
}
