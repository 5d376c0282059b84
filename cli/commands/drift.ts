import pc from 'picocolors'
import { compile } from '../../compiler/compile.ts'
import { type Drift, type DriftItem, findDrift } from '../../compiler/impact/drift.ts'
import { isFault } from '../../domain/fault.ts'
import { sourcePath, type SourceRecord } from '../../domain/ledger.ts'
import { compareProblems, hasErrors } from '../../domain/problem.ts'
import type { Proposal, Waiting } from '../../domain/proposal.ts'
import type { Deployed } from '../../domain/publication.ts'
import type { ExitCode } from '../exit.ts'
import { countText } from '../impact/numbers.ts'
import { changesText } from '../impact/words.ts'
import { compileInput } from '../specs/compile-input.ts'
import { comparingAids } from '../specs/aids.ts'
import { readDeployedAndWaiting } from '../specs/deployed.ts'
import { openStates, type SpecsState, type States } from '../specs/states.ts'
import { paintFor } from '../terminal/paint.ts'
import { printable } from '../terminal/printable.ts'
import { formatProblems } from '../terminal/problems.ts'
import type { World } from '../world.ts'
import { differenceExits } from './diff.ts'

export interface DriftFlags {
  readonly output: 'human' | 'json'
  readonly rev?: string
}

/** Says where what is published was edited by hand, or is not what today's compiler makes of the specs. Changes nothing. */
export async function runDrift(world: World, directory: string, { output, rev }: DriftFlags): Promise<ExitCode> {
  const states = openStates(world, directory)
  const asked = await (rev === undefined ? workingTreeOrHead(states) : states.at(rev))
  const { deployed, waiting } = await readDeployedAndWaiting(world, asked.settings)
  const specs = rev === undefined ? await published(states, deployed, asked) : asked
  const input = { ...(await compileInput(specs.settings, specs)), deployed }
  const { drift, waits } = withoutWaiting(findDrift(input, comparingAids()), waiting)
  const problems = [...specs.problems, ...drift.problems].sort(compareProblems)
  const told = { ...drift, problems: problems.filter((one) => one.severity === 'error') }
  if (output === 'json') {
    const against = { label: specs.label, commit: specs.source.commit, dirty: specs.source.dirty }
    const { items, unpublished } = told
    world.stdout.write(
      `${JSON.stringify({ against, drift: items, unpublished, proposed: waits, problems: told.problems }, null, 2)}\n`,
    )
  } else {
    const isColoured = paintFor(world.stdout, world.environment) !== undefined
    world.stdout.write(inWords(told, specs.label, isColoured, waits, deployed.files.size > 0))
  }
  if (hasErrors(problems)) return differenceExits.problems
  return drift.items.length === 0 ? differenceExits.same : differenceExits.different
}

interface Waits {
  readonly branch: string
  readonly commit: string
  readonly subject: string
  /** Of what would be drift otherwise, the files that it brings. */
  readonly files: readonly string[]
}

/** What is proposed already is no drift: it waits for whoever merges it. What was edited by hand stays one. */
function withoutWaiting(
  drift: Drift,
  waiting: readonly Waiting[],
): { readonly drift: Drift; readonly waits: readonly Waits[] } {
  const proposals = waiting.flatMap((one) => (one.kind === 'waiting' ? [one.proposal] : []))
  const brings = ({ kind, path }: DriftItem, { files }: Proposal): boolean => kind !== 'edited' && files.has(path)
  const waits = proposals.map((proposal) => {
    const files = drift.items.filter((one) => brings(one, proposal)).map(({ path }) => path)
    return { branch: proposal.branch, commit: proposal.commit, subject: proposal.subject, files }
  })
  const items = drift.items.filter((one) => !proposals.some((proposal) => brings(one, proposal)))
  return { drift: { ...drift, items }, waits }
}

/**
 * The specs that were published last, where their commit is here; else those that were asked for. So are newer ones of which publishing makes no
 * commit, as of another Environment: they are what counts, though nothing in the deploy repository names them.
 */
async function published(states: States, deployed: Deployed, asked: SpecsState): Promise<SpecsState> {
  const sources = deployed.branches?.sources ?? [sourceOf(deployed.files.get(sourcePath))]
  const commit = await newest(states, sources)
  if (commit === undefined) return asked
  if ((await isNewer(states, asked, commit)) && (await isSame(asked, deployed))) return asked
  return { ...(await states.at(commit)), label: `the published commit ${commit.slice(0, 12)}` }
}

async function isNewer(states: States, { source: { commit, dirty } }: SpecsState, than: string): Promise<boolean> {
  if (!commit || dirty || commit === than) return false
  try {
    return (await states.mergeBase(than, commit)) === than
  } catch (error) {
    if (isFault(error, 'REVISION_UNKNOWN')) return false
    throw error
  }
}

async function isSame(specs: SpecsState, deployed: Deployed): Promise<boolean> {
  const input = await compileInput(specs.settings, specs)
  const { problems, change } = compile({ ...input, deployed, judge: () => [] }, comparingAids())
  return !hasErrors([...specs.problems, ...problems]) && change.size === 0
}

/** What was published last of all, on whichever branch; undefined where that is not here, or came from no commit. */
async function newest(states: States, sources: readonly Partial<SourceRecord>[]): Promise<string | undefined> {
  let found: string | undefined
  for (const { commit, dirty } of sources) {
    if (!commit || dirty || !(await states.has(commit))) return undefined
    if (found === undefined || (await states.mergeBase(found, commit)) === found) found = commit
  }
  return found
}

/** A clone without a work tree, or a bare one, has its newest commit alone. */
async function workingTreeOrHead(states: States): Promise<SpecsState> {
  try {
    return await states.workingTree()
  } catch (error) {
    if (isFault(error, 'NOT_A_SPEC_REPOSITORY')) return states.at('HEAD')
    throw error
  }
}

/** What the file says that a publication leaves; nothing where somebody else wrote something else into it. */
function sourceOf(text: string | undefined): Partial<SourceRecord> {
  try {
    const said = JSON.parse(text ?? '{}') as Partial<SourceRecord> | null
    return typeof said?.commit === 'string' ? said : {}
  } catch {
    return {}
  }
}

function inWords(
  { problems, items, unpublished }: Drift,
  label: string,
  isColoured: boolean,
  waits: readonly Waits[],
  isAnythingPublished: boolean,
): string {
  const colours = pc.createColors(isColoured)
  const specs = `the specs of ${printable(label)}`
  const aside =
    unpublished === 0
      ? []
      : [
          `${countText(unpublished, 'run or endpoint is', 'runs or endpoints are')} not published as ${specs} say: specyard diff tells`,
        ]
  const parts = [
    ...(problems.length === 0 ? [] : [formatProblems(problems)]),
    ...(items.length === 0
      ? [
          isAnythingPublished
            ? `no drift: what is published is what this version makes of ${specs}`
            : 'no drift: nothing is published yet',
        ]
      : [
          colours.bold(
            `${countText(items.length, 'file drifts', 'files drift')} from what this version makes of ${specs}`,
          ),
        ]),
    ...items.map((item) => itemText(item, colours)),
    ...aside,
    ...waits.map(({ subject, branch }) => `${printable(subject)}: proposed on ${branch}, waits for its pull request`),
  ]
  return `${parts.join('\n\n')}\n`
}

function itemText(item: DriftItem, colours: ReturnType<typeof pc.createColors>): string {
  const { kind, path, subject, edit, changes, difference, remedy } = item
  const why = {
    edited: `${edit?.what ?? 'edited'} by ${printable(edit?.author ?? 'somebody')} in commit ${edit?.commit.slice(0, 10) ?? ''}`,
    rendered: 'this version writes it otherwise',
    values: 'the same spec has other values today',
    chart: 'this version ships another chart',
  }[kind]
  const paint = (line: string): string =>
    line.startsWith('+') ? colours.green(line) : line.startsWith('-') ? colours.red(line) : line
  return [
    `${colours.bold(printable(path))}${subject === path ? '' : `  ${printable(subject)}`}`,
    `  ${why}; ${remedy}`,
    ...(changes.length === 0 ? [] : [`  ${printable(changesText(changes))}`]),
    ...(difference?.hunks ?? []).flatMap((hunk) => hunk.split('\n')).map((line) => `  ${paint(printable(line))}`),
  ].join('\n')
}
