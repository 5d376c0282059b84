import type { TrainingPlan, Variable } from '../../domain/plan.ts'

/*
 * What unmodified trainers report by: the three variables of Kubeflow Trainer's status contract. Hugging Face's `transformers` reports by
 * itself where the URL is set; a client written by the contract's guide wants all three.
 * https://www.kubeflow.org/docs/components/trainer/ (TrainJob progress)
 */

const names = {
  url: 'KUBEFLOW_TRAINER_SERVER_URL',
  token: 'KUBEFLOW_TRAINER_SERVER_TOKEN',
  authorities: 'KUBEFLOW_TRAINER_SERVER_CA_CERT',
} as const

/**
 * The authorities that an image trusts, where most images have them. Clients of the contract that do not find the file fall back to those
 * that they know; a spec whose image has them elsewhere sets the variable itself.
 */
const systemAuthorities = '/etc/ssl/certs/ca-certificates.crt'

export interface StatusVariables {
  readonly sorted: readonly Variable[]
  /** Names the pod by a variable that must stand before it: the contract's body does not say who speaks. */
  readonly last: Variable | undefined
}

const none: StatusVariables = { sorted: [], last: undefined }

/** None where there is nobody to report to. A person's own variables stand: plans that were made before these names were ours can hold them. */
export function statusVariables(plan: TrainingPlan, tokenFile: string): StatusVariables {
  const base = baseUrl(plan)
  if (base === undefined) return none
  const isFree = ({ name }: Variable): boolean => !plan.variables.some((one) => one.name === name)
  const sorted = [
    { name: names.authorities, value: systemAuthorities },
    { name: names.token, value: tokenFile },
  ]
  const last = { name: names.url, value: `${base}/v1/jobs/${plan.id}/trainer-status?pod_uid=$(POD_UID)` }
  return { sorted: sorted.filter(isFree), last: isFree(last) ? last : undefined }
}

/** The local cluster gives its own address to every container. */
function baseUrl({ variables, cluster }: TrainingPlan): string | undefined {
  const written = variables.find((one) => one.name === 'BACKEND_BASE_URL')
  if (written !== undefined && 'value' in written)
    return written.value.endsWith('/') ? written.value.replace(/\/+$/, '') : written.value
  return cluster === 'local' ? '$(BACKEND_BASE_URL)' : undefined
}
