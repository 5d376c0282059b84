import type { Json } from '../../domain/canonical.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { comparePlaces, type Place, type Problem } from '../../domain/problem.ts'
import { checkObject } from '../manifest/check.ts'
import { each, type Finding, isObject } from '../manifest/finding.ts'
import type { Definitions } from '../manifest/schemas.ts'
import { problem } from '../problem.ts'
import { shapeJob } from '../render/job.ts'
import { causeAt, type Shaped } from './apply.ts'
import { type Cause, ShapingFailed } from './failed.ts'
import { brokenPromises } from './keep.ts'
import type { Step } from './patch.ts'
import type { Shape } from './shapes.ts'

interface Found extends Finding {
  readonly code: 'MANIFEST_PROMISE' | 'MANIFEST_REFUSED' | 'IMAGE_NOT_PINNED'
  readonly object: number
  readonly ofFile?: true
}

/** What an environment checks by. */
export interface Rules {
  readonly definitions: Definitions
  /** Whether it wants every image by its digest, also one that a patch brings. */
  readonly imagesByDigest: boolean
}

/** A later attempt differs from the first one in what a template or patch may ask about. */
export const firstAttempt = { attempt: 1, checkpointUri: null } as const
export const laterAttempt = { attempt: 2, checkpointUri: 's3://bucket/checkpoint' } as const
const attempts = [firstAttempt, laterAttempt] as const

/**
 * Tells what templates and patches make of a plan that must not leave the compiler: nothing at all, a manifest that breaks what Specyard has
 * promised, or one that the API server would refuse. Each is told at the place of the template or patch that causes it.
 * @param written where the spec of the plan begins, for what no template or patch causes
 */
export function checkShaped(plan: TrainingPlan, shape: Shape, rules: Rules, written: () => Place): readonly Problem[] {
  const problems: Problem[] = []
  for (const attempt of attempts) {
    try {
      const shaped = shapeJob(plan, attempt)
      problems.push(...problemsOf(shaped, shape, rules, written))
    } catch (error) {
      if (!(error instanceof ShapingFailed)) throw error
      const where = shape.locate(error.of, { pointer: '' }) ?? written()
      problems.push(problem(error.code, where, error.message, { hint: error.hint, also: part(written(), where) }))
    }
    // What is wrong with the first attempt is wrong with all.
    if (problems.length > 0) break
  }
  return problems
}

function problemsOf(shaped: Shaped, shape: Shape, rules: Rules, written: () => Place): readonly Problem[] {
  const { steps } = shaped
  const own = shaped.own()
  const last = steps.at(-1) as Step
  return findingsOf(last, own, rules).map((found) => {
    const cause = causeAt(firstWith(found, { steps, own }, rules), shaped, found.object, found.pointer)
    const object = last.objects[found.object]
    const where = shape.locate(cause, { ...found, object }) ?? written()
    const kind = isObject(object) && found.ofFile !== true ? String(object['kind']) : 'manifest'
    const subject = found.pointer === '' ? `the ${kind}` : `${kind} ${found.pointer}`
    return problem(found.code, where, `${subject} ${found.message}`, { hint: found.hint, also: part(written(), where) })
  })
}

function findingsOf({ objects }: Step, own: readonly Json[], rules: Rules): readonly Found[] {
  const promises = brokenPromises(own, objects).map((one): Found => ({ ...one, code: 'MANIFEST_PROMISE' }))
  const refused = objects.flatMap((object, index) =>
    checkObject(object, rules.definitions).map((one): Found => ({ ...one, code: 'MANIFEST_REFUSED', object: index })),
  )
  // Said once: what breaks a promise need not fit the server as well.
  const told = new Set(promises.map(({ object, pointer }) => `${object} ${pointer}`))
  const unpinned = rules.imagesByDigest ? unpinnedImages(own, objects) : []
  return [...promises, ...unpinned, ...refused.filter(({ object, pointer }) => !told.has(`${object} ${pointer}`))]
}

/** The step that brought a finding in: the first after which it is there until the end. An entry put before others shifts their pointers. */
function firstWith(
  found: Found,
  { steps, own }: { readonly steps: readonly Step[]; readonly own: readonly Json[] },
  rules: Rules,
): Cause {
  const isAlike = (one: Found): boolean =>
    one.code === found.code && one.message === found.message && one.object === found.object
  const last = steps.at(-1) as Step
  const count = findingsOf(last, own, rules).filter(isAlike).length
  let { cause } = last
  for (const step of [...steps].reverse()) {
    const alike = findingsOf(step, own, rules).filter(isAlike)
    if (alike.length < count && !alike.some((one) => one.pointer === found.pointer)) break
    cause = step.cause
  }
  return cause
}

/** Images without a digest that Specyard's own manifest does not have. */
function unpinnedImages(own: readonly Json[], objects: readonly Json[]): readonly Found[] {
  const known = new Set(own.flatMap(imagesOf).map(([image]) => image))
  return objects.flatMap((object, index) =>
    imagesOf(object)
      .filter(([image]) => !known.has(image) && !/@sha256:[0-9a-f]{64}$/.test(image))
      .map(([image, pointer]): Found => {
        const message = `is ${JSON.stringify(image)}, and the environment wants images by digest`
        const hint = 'write name@sha256:… ; a tag can mean other bytes tomorrow'
        return { code: 'IMAGE_NOT_PINNED', object: index, pointer, message, hint }
      }),
  )
}

function imagesOf(object: Json): readonly (readonly [image: string, pointer: string])[] {
  const at = '/spec/template/spec'
  let pod: unknown = object
  for (const step of ['spec', 'template', 'spec']) pod = isObject(pod) ? pod[step] : undefined
  if (!isObject(pod)) return []
  return [
    ...each(pod['initContainers'], `${at}/initContainers`),
    ...each(pod['containers'], `${at}/containers`),
  ].flatMap(([{ image }, pointer]) => (typeof image === 'string' ? [[image, `${pointer}/image`] as const] : []))
}

function part(where: Place, told: Place): Problem['also'] {
  return comparePlaces(where, told) === 0 ? [] : [{ where, note: 'the training that it is rendered for' }]
}
