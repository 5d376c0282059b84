import { writeYaml } from '../../compiler/load/edit.ts'
import type { Json } from '../../domain/canonical.ts'
import { Fault, isFault } from '../../domain/fault.ts'
import { type EndpointKey, keyText } from '../../domain/names.ts'
import type { RolloutStep } from '../../domain/operation.ts'
import type { RolloutView } from '../../domain/rollout-view.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { readSettings } from '../house/settings.ts'
import { nextSteps, rolloutPicture } from '../rollouts/picture.ts'
import { type Asked, type Moved, openRollouts } from '../rollouts/reach.ts'
import { explainFailure } from '../terminal/failure.ts'
import { paintFor } from '../terminal/paint.ts'
import { UsageError, type World } from '../world.ts'

export type RolloutOutput = 'human' | 'json' | 'yaml'

/** Shows an endpoint's releases, or moves them by one step and prints the commit that it made. */
export async function runRollout(
  world: World,
  directory: string,
  name: string,
  asked: Asked | { readonly step: 'status' },
  output: RolloutOutput,
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const rollouts = await openRollouts(settings, world)
  const view = chosen(await rollouts.list(), name)
  if (asked.step === 'status') {
    world.stdout.write(output === 'human' ? pictured(view, world) + withNext(view) : written({ ...view }, output))
    return exitCodes.fine
  }
  try {
    const moved = await rollouts.move(keyOf(view), asked)
    world.stdout.write(output === 'human' ? told(moved, asked, world) : written({ ...moved }, output))
    return exitCodes.fine
  } catch (error) {
    // Nothing failed: what was asked for is not possible now.
    if (!isFault(error, 'OPERATION_DROPPED')) throw error
    world.stderr.write(explainFailure(error))
    return exitCodes.usage
  }
}

/** The step that the words of the command line ask for. @throws UsageError */
export function askedStep(step: 'status' | RolloutStep, share: number | undefined): Asked | { step: 'status' } {
  if (step === 'set') {
    if (share === undefined || share > 100)
      throw new UsageError(
        'error: say how many per cent of the requests the candidate gets: specyard rollout <endpoint> set 25',
      )
    return { step, weight: share }
  }
  if (share !== undefined)
    throw new UsageError(`error: ${step} takes no number; specyard rollout <endpoint> set ${share} does`)
  return step === 'status' ? { step } : { step, weight: null }
}

/** The endpoint that is meant: of several with a name, the one that serves. */
function chosen(all: readonly RolloutView[], name: string): RolloutView {
  const named = all.filter((one) => name === one.name || name === `${one.project}/${one.name}` || name === keyText(one))
  const serving = named.filter(({ stable }) => stable !== null)
  const found = serving.length > 0 ? serving : named
  const [only] = found
  if (!only)
    throw new Fault('ENDPOINT_NOT_FOUND', `no endpoint is known by "${name}"`, {
      retry: 'never',
      hint: 'specyard status lists them',
    })
  if (found.length > 1)
    throw new UsageError(`error: "${name}" is several endpoints; say which: ${found.map(keyText).join(', ')}`)
  return only
}

function keyOf({ environment, project, name }: RolloutView): EndpointKey {
  return { environment, project, name }
}

function pictured(view: RolloutView, world: World): string {
  return rolloutPicture(view, paintFor(world.stdout, world.environment) !== undefined)
}

function withNext(view: RolloutView): string {
  const steps = nextSteps(view)
  return steps.length === 0 ? '' : `  next:\n${steps.map((one) => `    ${one}\n`).join('')}`
}

function told({ commit, rollout }: Moved, { step }: Asked, world: World): string {
  const made = commit === null ? 'nothing was left to change\n' : `commit ${commit}\n`
  const lifted = `    specyard rollout ${keyText(rollout)} resume\n`
  const next =
    step === 'rollback'
      ? `  specs do not move it until a person lifts the hold:\n${lifted}`
      : step === 'abort'
        ? `  what was taken away stays away until its spec asks for something else, or a person lifts the hold:\n${lifted}`
        : withNext(rollout)
  return `${made}\n${pictured(rollout, world)}${next}`
}

function written(document: object, output: 'json' | 'yaml'): string {
  return output === 'json' ? `${JSON.stringify(document, null, 2)}\n` : writeYaml(document as Json)
}
