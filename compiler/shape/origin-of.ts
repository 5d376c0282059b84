import type { EndpointPlan, TrainingPlan } from '../../domain/plan.ts'
import type { Place } from '../../domain/problem.ts'
import { listen } from '../explain/listen.ts'
import { explainOrigin } from '../explain/origin.ts'
import { escapePointer, pointerSteps } from '../load/walk.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { resolveServing } from '../resolve/serving.ts'
import { resolveTraining } from '../resolve/training.ts'
import type { SpecOf } from '../validate/validate.ts'

type Spec = SpecOf<'TrainingJob'> | SpecOf<'ServingEndpoint'>
type Plan = TrainingPlan | EndpointPlan

/**
 * Finds where the values of a plan are written, by resolving its spec once more with somebody listening: asked of a plan with a problem alone.
 * @returns of a pointer into the plan its place; undefined for what nobody wrote
 */
export function placesOfPlan(plan: Plan, spec: Spec, known: Catalogue): (pointer: string) => Place | undefined {
  const heard = listen()
  const { environment, project, source } = plan
  const { document } = spec
  // What is wrong with it has been told.
  const rest = { catalogue: known, problems: [] }
  if (spec.kind === 'TrainingJob') resolveTraining(spec, source, { ...rest, project, at: document, origins: heard })
  else {
    const listener = (one: string): typeof heard => (one === environment ? heard : listen())
    const chartVersion = 'chartVersion' in plan ? plan.chartVersion : ''
    resolveServing(spec, source, chartVersion, { ...rest, listen: listener })
  }
  const around = { document, environment, project, catalogue: known, heard }
  return (pointer) => explainOrigin(heard.originOf(named(pointer, plan)), around).where ?? undefined
}

/** The same pointer, with volumes under their names, as origins have them. */
function named(pointer: string, { volumes }: Plan): string {
  const [first, index, ...rest] = pointerSteps(pointer)
  const name = first === 'volumes' ? volumes[Number(index)]?.name : undefined
  return name === undefined ? pointer : ['', 'volumes', name, ...rest].map(escapePointer).join('/')
}
