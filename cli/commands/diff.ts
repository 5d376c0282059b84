import { compareSpecs, describeComparison } from '../../compiler/impact/compare.ts'
import type { KubernetesVersion } from '../../compiler/manifest/schemas.ts'
import type { ImpactStatement } from '../../compiler/impact/statement.ts'
import { compareProblems, hasErrors, type Problem } from '../../domain/problem.ts'
import { filesRead } from '../../publisher/source.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { Comparison, Side } from '../impact/comparison.ts'
import { humanComparison } from '../impact/human.ts'
import { jsonComparison, jsonProblems } from '../impact/json.ts'
import { markdownComparison, markdownProblems } from '../impact/markdown.ts'
import { hider, secretTexts } from '../../compiler/secrets/hide.ts'
import { withoutSecrets } from '../specs/secrets.ts'
import { compileInput } from '../specs/compile-input.ts'
import { nothingDeployed } from '../specs/compile-specs.ts'
import { comparingAids } from '../specs/aids.ts'
import { readDeployed } from '../specs/deployed.ts'
import { openStates, readSides, type SpecsState } from '../specs/states.ts'
import { terminalOf } from '../terminal/paint.ts'
import { shownProblems } from '../terminal/problems.ts'
import type { World } from '../world.ts'

export interface DiffFlags {
  readonly output: 'human' | 'json' | 'markdown'
  /** Take nothing for published, instead of asking the deploy repository. */
  readonly offline?: boolean
  readonly kubeVersion?: KubernetesVersion
}

/** Exit codes as of `diff`, and not as elsewhere: a difference is no problem. */
export const differenceExits = {
  same: exitCodes.fine,
  different: exitCodes.problems,
  problems: exitCodes.usage,
} as const

/** Says what publishing specs would do, and which rendered files it would change. Publishes nothing. */
export async function runDiff(
  world: World,
  directory: string,
  revisions: readonly string[],
  { output, offline = false, kubeVersion: kubernetesVersion }: DiffFlags,
): Promise<ExitCode> {
  const { base, head } = await readSides(openStates(world, directory), revisions)
  // Where the deploy repository is, the older specs say: a change of its address is part of what is looked at.
  const { settings } = base ?? head
  const [deployed, before, after] = await Promise.all([
    offline ? nothingDeployed : readDeployed(world, settings),
    base && compileInput({ ...base.settings, kubernetesVersion }, base),
    compileInput({ ...head.settings, kubernetesVersion }, head),
  ])
  // Without a file that cannot be read they would say something else.
  const unread = base?.problems.filter(({ severity }) => severity === 'error') ?? []
  const older = unread.length === 0 ? before : undefined
  const compared = compareSpecs(older, { ...after, checksManifests: true }, deployed, comparingAids())
  const baseProblems = [...unread, ...compared.baseProblems].sort(compareProblems)
  const problems = [...head.problems, ...compared.result.problems].sort(compareProblems)
  const terminal = terminalOf(world.stdout, world.environment)
  if (hasErrors(problems))
    return tellProblems(world, problems, output, shownProblems(problems, filesRead(head), terminal))
  const policy = compared.result.problems.filter((one) => one.code === 'POLICY_WARNED')
  const blind = describeComparison(compared, after, undefined, policy)
  const known = offline ? undefined : await recalled(world, settings, blind.impact)
  const comparison: Comparison = {
    base: base ? sideOf(base) : null,
    head: sideOf(head),
    against: base && baseProblems.length === 0 ? base.label : offline ? 'nothing' : 'what is published',
    problems: problems.filter((one) => one.severity === 'warning' && !policy.includes(one)),
    baseProblems,
    difference: known ? describeComparison(compared, after, known, policy) : blind,
  }
  const text =
    output === 'json'
      ? jsonComparison(comparison)
      : output === 'markdown'
        ? markdownComparison(comparison)
        : humanComparison(comparison, { head: filesRead(head), base: base ? filesRead(base) : [] }, terminal)
  // A secret that the change takes away stands in what it is compared with.
  world.stdout.write(await withoutSecrets(hider(before ? secretTexts(before) : [])(text)))
  return comparison.difference.same ? differenceExits.same : differenceExits.different
}

/** What records know; whoever starts and stops no run does not wait for a database, nor for the parts that open one. */
async function recalled(world: World, settings: SpecsState['settings'], impact: ImpactStatement) {
  if (impact.starts.length + impact.stops.length === 0) return undefined
  const { recall } = await import('../impact/run-memory.ts')
  return recall(settings, world, impact)
}

function tellProblems(
  world: World,
  problems: readonly Problem[],
  output: DiffFlags['output'],
  forPeople: string | undefined,
): ExitCode {
  if (output === 'json') world.stdout.write(jsonProblems(problems))
  else if (output === 'markdown') world.stdout.write(markdownProblems(problems))
  else world.stdout.write(`${forPeople ?? ''}\n`)
  return differenceExits.problems
}

function sideOf({ label, source: { commit, dirty } }: SpecsState): Side {
  return { label, commit, dirty }
}
