import type { EndpointLedger } from '../../domain/ledger.ts'
import { keyText } from '../../domain/names.ts'
import type { Problem } from '../../domain/problem.ts'
import { highestRevision, isHeld } from '../../domain/rollout.ts'
import type { Release } from '../compile-types.ts'
import { problem } from '../problem.ts'

/** The release that a compilation makes of an endpoint; undefined where it makes none. */
export function releaseOf(entry: EndpointLedger, before: EndpointLedger | undefined): Release | undefined {
  const { environment, project, name, pin, revision, rollout } = entry
  if (!pin || highestRevision(entry) === (before ? highestRevision(before) : 0)) return undefined
  const key = { environment, project, name }
  if (!rollout) return { key, modelVersion: pin.version, revision }
  const { candidate, weight } = rollout
  const beside = { weight, revision }
  return { key, modelVersion: candidate.pin.version, revision: candidate.revision, beside }
}

/** What a hold or a pause keeps back, told at the spec; undefined where nothing is. */
export function heldProblem(entry: EndpointLedger): Problem | undefined {
  const { plan, pin, revision, hold, rollout, wanted } = entry
  if (!isHeld(entry) || !wanted || !pin) return undefined
  const { path, line } = wanted.plan.source
  const why =
    hold === undefined
      ? `its rollout is paused at ${rollout?.weight ?? 0} %`
      : hold.why === 'ROLLED_BACK'
        ? 'it was rolled back'
        : 'the rollout of what this spec asks for was aborted'
  const serves = `revision ${revision} of ${keyText(plan)} (${pin.model}@${pin.version}) goes on serving`
  return problem('ENDPOINT_HELD', { file: path, line, column: 1 }, `${serves}, whatever this spec says: ${why}`, {
    hint: `specyard rollout ${keyText(plan)} resume lets specs move it again`,
  })
}
