import type { LedgerView } from '../../domain/ledger-files.ts'
import { keyText } from '../../domain/names.ts'
import type { EndpointPlan, TrainingPlan } from '../../domain/plan.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import type { CompileInput } from '../compile-types.ts'
import { escapePointer, pointerSteps } from '../load/walk.ts'
import type { Finding } from '../manifest/finding.ts'
import { newestKubernetes } from '../manifest/schemas.ts'
import { valuesCheck } from '../manifest/values.ts'
import { problem } from '../problem.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import type { SpecOf } from '../validate/validate.ts'
import { checkShaped, type Rules } from './check.ts'
import type { Shapes } from './shapes.ts'

type Schemas = Pick<CompileInput, 'kubernetes' | 'kubernetesVersion'>

/**
 * Checks what new runs would be made of by what the API server takes. Runs that the ledger knows are never rendered anew by a compilation, so
 * nothing new is held against them. A plan whose templates or patches fail loses its shaping, so that the rest can be compiled for its problems.
 * @param plans changed in place
 */
export function checkNewRuns(
  plans: Map<string, TrainingPlan>,
  { shapes, known, ledger }: { readonly shapes: Shapes; readonly known: Catalogue; readonly ledger: LedgerView },
  schemas: Schemas,
): readonly Problem[] {
  const told: Problem[] = []
  const check = valuesCheck()
  const runs = new Set(ledger.runs.flatMap((entry) => entry.runs.map(({ id }) => id)))
  for (const [key, plan] of plans) {
    if (runs.has(plan.id)) continue
    const unfit = plan.cluster === 'local' ? [] : check(plan)
    if (unfit.length === 0 && !plan.shaping) continue
    const spec = known.trainingJobs.find(({ value }) => keyOf(value) === keyText(plan))
    if (!spec) continue
    told.push(...unfit.map((one) => refused(one, plan, spec, known)))
    const shape = shapes.of(plan.environment, plan.project)
    if (unfit.length > 0 || !shape) continue
    const written = (): Place => spec.document.locate('/metadata/name')
    const problems = checkShaped(plan, shape, rulesFor(plan.environment, known, schemas), written)
    told.push(...problems)
    if (problems.length === 0) continue
    const { shaping: _broken, ...plain } = plan
    plans.set(key, plain)
  }
  return told
}

/** The same of endpoints, whose manifests the chart makes. */
export function checkEndpoints(plans: readonly EndpointPlan[], known: Catalogue): readonly Problem[] {
  const check = valuesCheck()
  return plans.flatMap((plan) => {
    const unfit = plan.cluster === 'local' ? [] : check(plan)
    if (unfit.length === 0) return []
    const spec = known.endpoints.find(
      ({ value: { metadata } }) => metadata.name === plan.name && metadata.project === plan.project,
    )
    return spec ? unfit.map((one) => refused(one, plan, spec, known)) : []
  })
}

/** What the manifests of an environment are checked by. */
export function rulesFor(environment: string, known: Catalogue, { kubernetes, kubernetesVersion }: Schemas): Rules {
  if (!kubernetes) throw new Error('there are templates or patches, and nobody handed over the schemas of Kubernetes')
  const { kubernetesVersion: version, protections } = known.environments.get(environment)?.value.spec ?? {}
  const definitions = kubernetes.of(kubernetesVersion ?? version ?? newestKubernetes)
  return { definitions, imagesByDigest: protections?.imagesByDigest ?? false }
}

/** A value that the API server would refuse, where it is written: in the spec, or else in the Environment. */
function refused(
  { pointer, message, hint }: Finding,
  plan: TrainingPlan | EndpointPlan,
  spec: SpecOf<'TrainingJob'> | SpecOf<'ServingEndpoint'>,
  known: Catalogue,
): Problem {
  const [first = '', name = '', ...rest] = pointerSteps(pointer)
  const written = spec.value.spec as Readonly<Record<string, unknown>>
  const environment = known.environments.get(plan.environment)?.document
  const offered = offeredAt(first, [name, ...rest], plan)
  const isOwn = first === 'variables' && Object.hasOwn((written['env'] ?? {}) as object, name)
  const inSpec = isOwn ? `/spec/env/${[name, ...rest].map(escapePointer).join('/')}` : `/spec/${first}`
  const where =
    environment && !isOwn && offered !== undefined ? environment.locate(offered) : spec.document.locate(inSpec)
  const subject = pointerSteps(pointer).join('.')
  const also = [{ where: spec.document.locate('/metadata/name'), note: 'what it is rendered for' }]
  return problem('MANIFEST_REFUSED', where, `${subject} ${message}`, { hint, also })
}

/** Where an Environment says what comes from it. */
function offeredAt(
  first: string,
  [name = '', ...rest]: readonly string[],
  { resources }: TrainingPlan | EndpointPlan,
): string | undefined {
  const gpuType = `/spec/gpuTypes/${escapePointer(resources.gpuType ?? '')}`
  if (first === 'resources')
    return name === 'gpuResource' ? `${gpuType}/resource` : `${gpuType}/${[name, ...rest].map(escapePointer).join('/')}`
  if (first === 'variables') return name.startsWith('MLFLOW_') ? '/spec/tracker' : '/spec/storage'
  if (first === 'volumes') return '/spec/storage'
  return first === 'lease' ? '/spec/lease/image' : undefined
}

function keyOf({
  metadata,
  spec,
}: {
  readonly metadata: { readonly project: string; readonly name: string }
  readonly spec: { readonly environment: string }
}): string {
  return keyText({ environment: spec.environment, project: metadata.project, name: metadata.name })
}
