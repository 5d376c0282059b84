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

/** None where there is nobody to report to. */
export function statusVariables(plan: TrainingPlan, tokenFile: string): readonly Variable[] {
  if (baseUrl(plan) === undefined) return []
  return without(plan, [
    { name: names.token, value: tokenFile },
    { name: names.authorities, value: systemAuthorities },
  ])
}

/** Names the pod by a variable that must stand before it: the contract's body does not say who speaks. */
export function statusUrl(plan: TrainingPlan): readonly Variable[] {
  const base = baseUrl(plan)
  if (base === undefined) return []
  return without(plan, [{ name: names.url, value: `${base}/v1/jobs/${plan.id}/trainer-status?pod_uid=$(POD_UID)` }])
}

/** The local cluster gives its own address to every container. */
function baseUrl({ variables, cluster }: TrainingPlan): string | undefined {
  const written = variables.find((one) => one.name === 'BACKEND_BASE_URL')
  if (written !== undefined && 'value' in written) return written.value.replace(/\/+$/, '')
  return cluster === 'local' ? '$(BACKEND_BASE_URL)' : undefined
}

/** A person's own variables stand: plans that were made before these names were ours can hold them. */
function without(plan: TrainingPlan, variables: readonly Variable[]): readonly Variable[] {
  return variables.filter(({ name }) => !plan.variables.some((one) => one.name === name))
}
