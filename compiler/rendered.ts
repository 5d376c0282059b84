import { type EndpointLedger, paths } from '../domain/ledger.ts'
import { jobName, keyText } from '../domain/names.ts'
import type { EndpointPlan, ModelPin, TrainingPlan } from '../domain/plan.ts'
import type { Files } from '../domain/publication.ts'
import { lastAsked } from '../domain/rollout.ts'
import type { Rendered } from './compile-types.ts'
import { endpointFiles } from './ledger/endpoints.ts'
import type { DeployAddress } from './render/application.ts'
import { renderJob } from './render/job.ts'
import type { Catalogue } from './resolve/catalogue.ts'
import { laterAttempt } from './shape/check.ts'

const owned = /^(?:environments|applications)\/([^/]+)\/([^/]+)\/.*\.yaml$/

/**
 * What of a tree is rendered anew: every manifest, Application and values file that is not what is deployed already, byte for byte. Manifests of
 * attempts that are there are copied, so no new rule is held against what runs. Behind the manifest of a run that is shaped stands what a retry of it
 * would publish.
 */
export function newlyRendered(
  tree: Files,
  deployed: Files,
  plans: { readonly starts: readonly TrainingPlan[]; readonly endpoints: readonly EndpointPlan[] },
  known: Catalogue,
): readonly Rendered[] {
  const byPath = new Map<string, TrainingPlan | EndpointPlan>()
  for (const plan of plans.starts)
    byPath.set(paths.job(plan.environment, plan.project, jobName(plan.name, plan.shortDigest, 1)), plan)
  for (const plan of plans.endpoints)
    for (const path of [paths.endpointValues(plan), paths.endpointApplication(plan)]) byPath.set(path, plan)
  const trainings = new Map(
    known.trainingJobs.map((one) => [keyText({ ...one.value.metadata, environment: one.value.spec.environment }), one]),
  )
  const endpoints = new Map(known.endpoints.map((one) => [keyText({ ...one.value.metadata, environment: '' }), one]))
  return [...tree].flatMap(([path, text]): readonly Rendered[] => {
    const [, environment, project] = owned.exec(path) ?? []
    if (environment === undefined || project === undefined || deployed.get(path) === text) return []
    const plan = byPath.get(path) ?? null
    const spec =
      plan?.kind === 'TrainingJob'
        ? trainings.get(keyText(plan))
        : plan && endpoints.get(keyText({ ...plan, environment: '' }))
    const isValues = path.startsWith('environments/') && path.endsWith('/values.yaml')
    const first = { path, text, environment, project, isValues, plan, spec: spec ?? null }
    return plan?.kind === 'TrainingJob' && plan.shaping ? [first, retryOf(first, plan)] : [first]
  })
}

/**
 * What a retry would publish where a template or patches have a say: they may ask about the attempt, and by then no specs are compiled, and nobody
 * asks a policy.
 */
function retryOf(first: Rendered, plan: TrainingPlan): Rendered {
  const name = jobName(plan.name, plan.shortDigest, laterAttempt.attempt)
  const path = paths.job(plan.environment, plan.project, name)
  return { ...first, path, text: renderJob(plan, laterAttempt), retryOf: first.path }
}

/**
 * The files that endpoints will have which wait for a model: by then no specs are compiled, and nobody asks a policy. Those that waited before with the
 * same plan are left out, as what is deployed is.
 */
export function filesToCome(
  plans: readonly EndpointPlan[],
  before: readonly EndpointLedger[],
  tree: Files,
  deploy: DeployAddress,
): Files {
  const known = new Map(before.map((entry) => [keyText(entry), lastAsked(entry).plan.digest]))
  const waiting = plans.filter(
    (plan) => !tree.has(paths.endpointValues(plan)) && known.get(keyText(plan)) !== plan.digest,
  )
  return new Map(
    waiting.flatMap((plan) => {
      const { environment, project, name } = plan
      const pin: ModelPin = { model: plan.model.ref, version: 1, digest: `sha256:${'0'.repeat(64)}`, uri: 'file:model' }
      return [...endpointFiles({ format: 1, environment, project, name, plan, pin, revision: 1, past: [] }, deploy)]
    }),
  )
}
