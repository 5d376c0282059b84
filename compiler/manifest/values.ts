import type { EndpointPlan, TrainingPlan, Variable } from '../../domain/plan.ts'
import type { Finding, Loose } from './finding.ts'
import { checks } from './rules/check.ts'
import { labelValue } from './rules/names.ts'
import { checkPodTemplate } from './rules/pod.ts'

/*
 * What of a plan reaches the manifest and has a form that only the API server knows: names of Secrets, keys, labels of nodes. The rest of a
 * manifest is the template's own, which a test has checked whole for plans of every kind; so the rules are asked about these values alone,
 * before anything is rendered, instead of reading every manifest again.
 */

/** @returns findings whose pointers lead into the plan */
export function checkValues(plan: TrainingPlan | EndpointPlan): readonly Finding[] {
  const findings: Finding[] = []
  const secrets = plan.variables.filter((one) => 'secret' in one)
  const check = checks(findings)
  checkPodTemplate({ spec: podOf(plan, secrets) }, '', check)
  if (plan.kind === 'TrainingJob') check.name({ queue: plan.queue }, 'queue', '/spec', labelValue)
  if (plan.resources.gpus > 0 && /^(cpu|memory)$/.test(plan.resources.gpuResource))
    check.tell('/resources/gpuResource', 'is no resource of GPUs')
  return findings.map((one) => ({ ...one, pointer: inPlan(one.pointer, secrets) }))
}

function podOf(plan: TrainingPlan | EndpointPlan, secrets: readonly Variable[]): Loose {
  const { resources, volumes } = plan
  const lease = plan.kind === 'TrainingJob' ? [{ name: 'lease', image: plan.lease.image }] : []
  const trainer = {
    name: 'trainer',
    image: plan.image,
    env: secrets.map((one) => ({
      name: one.name,
      valueFrom: { secretKeyRef: 'secret' in one ? { name: one.secret, key: one.key } : {} },
    })),
    // Beside those of cores and memory, whose names it may not have.
    resources: {
      limits: { cpu: 1, memory: 1, ...(resources.gpus > 0 ? { [resources.gpuResource]: resources.gpus } : {}) },
    },
    volumeMounts: volumes.map(({ name, mountPath }) => ({ name, mountPath })),
  }
  return {
    restartPolicy: 'Never',
    nodeSelector: resources.nodeSelector,
    tolerations: resources.tolerations,
    initContainers: lease,
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
