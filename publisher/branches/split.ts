import { branchOf, chartOf, ownBranch } from '../../domain/branches.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import type { Change, Deployed, PublishedChange } from '../../domain/publication.ts'
import { chartVersionsOf } from '../../domain/rollout.ts'
import { type States, unionOf } from './states.ts'

/**
 * The part of a change that goes to one branch: the files that belong there, and the charts that its own endpoints need, for Argo CD reads an endpoint
 * from one branch.
 * @param branch undefined for the deploy branch
 */
export function partFor(branch: string | undefined, wanted: PublishedChange, states: States): PublishedChange {
  const { branches } = states
  const isIts = (path: string): boolean => chartOf(path) === undefined && branchOf(path, branches) === branch
  const files = new Map([...wanted.files].filter(([path]) => isIts(path)))
  for (const [path, text] of chartsFor(branch, wanted.files, files, states)) files.set(path, text)
  const isOf = (environment: string): boolean => ownBranch(environment, branches) === branch
  const { part, ...whole } = wanted
  const words = { ...whole, subjects: wanted.subjects.filter((subject) => isOf(subject.split('/')[0] ?? '')) }
  return { ...words, ...part?.(files, isOf), files }
}

function chartsFor(branch: string | undefined, whole: Change, part: Change, states: States): Change {
  const change = new Map<string, string | null>()
  const paths = [...part.keys()]
  const mayDiffer = [...whole.keys()].some(chartOf) || paths.some((path) => path.startsWith(endpointsFolder))
  const own = branch === undefined ? states.main : states.others.get(branch)
  if (!mayDiffer || !own) return change
  const needed = versionsNeeded(branch, own, part, states)
  const drifted = new Set(own.drifted.map(({ path }) => path))
  const differ = (path: string, text: string | null): void => {
    if ((own.files.get(path) ?? null) !== text && !drifted.has(path)) change.set(path, text)
  }
  for (const [path, text] of [...unionOf(states).files, ...whole])
    if (text !== null && needed.has(chartOf(path) ?? '')) differ(path, text)
  for (const path of own.files.keys()) {
    const version = chartOf(path)
    if (version !== undefined && (!needed.has(version) || whole.get(path) === null)) differ(path, null)
  }
  return change
}

const endpointsFolder = '.specyard/ledger/endpoints/'

/** The charts that the endpoints of a branch need after a change. */
function versionsNeeded(
  branch: string | undefined,
  own: Deployed,
  part: Change,
  { branches }: States,
): ReadonlySet<string> {
  const entries = new Map<string, string>()
  for (const [path, text] of own.files)
    if (path.startsWith(endpointsFolder) && branchOf(path, branches) === branch) entries.set(path, text)
  for (const [path, text] of part) {
    if (!path.startsWith(endpointsFolder)) continue
    if (text === null) entries.delete(path)
    else entries.set(path, text)
  }
  return new Set(readLedger(entries).endpoints.flatMap((entry) => chartVersionsOf(entry)))
}
