import type { LedgerView } from '../../domain/ledger-files.ts'
import { keyText } from '../../domain/names.ts'
import type { EndpointPlan, TrainingPlan } from '../../domain/plan.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import type { CompileInput } from '../compile-types.ts'
import { pointerSteps, valueAt } from '../load/walk.ts'
import type { Finding } from '../manifest/finding.ts'
import { dnsSubdomain, labelValue } from '../manifest/rules/names.ts'
import { newestKubernetes } from '../manifest/schemas.ts'
import { valuesCheck } from '../manifest/values.ts'
import { problem } from '../problem.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import type { SpecOf } from '../validate/validate.ts'
import { checkShaped, type Rules } from './check.ts'
import { placesOfPlan } from './origin-of.ts'
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
    told.push(...refusals(unfit, plan, spec, known))
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
    return spec ? refusals(unfit, plan, spec, known) : []
  })
}

/** What the manifests of an environment are checked by. */
export function rulesFor(environment: string, known: Catalogue, { kubernetes, kubernetesVersion }: Schemas): Rules {
  if (!kubernetes) throw new Error('manifests are to be checked, and nobody handed over the schemas of Kubernetes')
  const { kubernetesVersion: version, protections } = known.environments.get(environment)?.value.spec ?? {}
  const definitions = kubernetes.of(kubernetesVersion ?? version ?? newestKubernetes)
  return { definitions, imagesByDigest: protections?.imagesByDigest ?? false }
}

/** Values that the API server would refuse, each where it is written: two that are made of the same one are told once. */
function refusals(
  findings: readonly Finding[],
  plan: TrainingPlan | EndpointPlan,
  spec: SpecOf<'TrainingJob'> | SpecOf<'ServingEndpoint'>,
  known: Catalogue,
): readonly Problem[] {
  if (findings.length === 0) return []
  const placeOf = placesOfPlan(plan, spec, known)
  const also = [{ where: spec.document.locate('/metadata/name'), note: 'what it is rendered for' }]
  const told = new Map<string, Problem>()
  for (const { pointer, message, hint = remedy(pointer, plan) } of findings) {
    const where = placeOf(pointer) ?? spec.document.locate(`/spec/${pointerSteps(pointer)[0] ?? ''}`)
    const key = `${where.file}:${where.line}:${where.column} ${message}`
    const subject = pointerSteps(pointer).join('.')
    if (!told.has(key)) told.set(key, problem('MANIFEST_REFUSED', where, `${subject} ${message}`, { hint, also }))
  }
  return [...told.values()]
}

/** A name that would be taken, for one that is not: what it names in the cluster can only be called so too. */
function remedy(pointer: string, plan: TrainingPlan | EndpointPlan): string {
  const name = textOf(pointer, plan)
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/-*\.[-.]*/g, '.')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
  const isFit = name !== '' && dnsSubdomain(name) === undefined && labelValue(name) === undefined
  return isFit
    ? `for example "${name}"; what is meant has that name in the cluster too`
    : 'write one that Kubernetes takes'
}

/** The text in a plan that a finding is about; empty where there is none. */
function textOf(pointer: string, plan: TrainingPlan | EndpointPlan): string {
  const [first, name, field = ''] = pointerSteps(pointer)
  const found =
    first === 'variables'
      ? (plan.variables.find((one) => one.name === name) as Readonly<Record<string, unknown>> | undefined)?.[field]
      : first === 'volumes'
        ? Object.values(plan.volumes[Number(name)]?.source ?? {})[0]
        : valueAt(plan, pointer)
  return typeof found === 'string' ? found : ''
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
