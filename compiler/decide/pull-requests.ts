import { chartOf, environmentOf } from '../../domain/branches.ts'
import type { EndpointLedger } from '../../domain/ledger.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import type { RunKey } from '../../domain/names.ts'
import { compareText } from '../../domain/problem.ts'
import type { Change, Deployed } from '../../domain/publication.ts'
import { chartVersionsOf } from '../../domain/rollout.ts'
import type { CompileResult, Impact } from '../compile-types.ts'
import { applied } from '../impact/applied.ts'

/** A part of what a compilation changes. */
export interface PartOfChange {
  readonly change: Change
  readonly impact: Impact
}

/**
 * Parts what changes into what is pushed, and what waits for a pull request: all files of the environments that ask for one. A chart goes with
 * whoever needs it first, and goes away last.
 */
export function partsOf(
  { change, impact, pullRequests }: Pick<CompileResult, 'change' | 'impact' | 'pullRequests'>,
  deployed: Deployed,
): { readonly pushed: PartOfChange; readonly proposed: PartOfChange } {
  const asking = new Set(pullRequests)
  if (asking.size === 0)
    return { pushed: { change, impact }, proposed: { change: new Map(), impact: impactOf(impact, () => false) } }
  const waits = (path: string): boolean => asking.has(environmentOf(path) ?? '')
  const charts = new Map([...change].filter(([path]) => chartOf(path) !== undefined))
  const others = [...change].filter(([path]) => !charts.has(path))
  const direct = new Map(others.filter(([path]) => !waits(path)))
  const needed = charts.size === 0 ? new Set<string>() : chartsOf(readLedger(applied(deployed, direct).files).endpoints)
  for (const [path, text] of charts) if ((text !== null) === needed.has(chartOf(path) ?? '')) direct.set(path, text)
  return {
    pushed: { change: direct, impact: impactOf(impact, ({ environment }) => !asking.has(environment)) },
    proposed: {
      change: new Map([...change].filter(([path]) => !direct.has(path))),
      impact: impactOf(impact, ({ environment }) => asking.has(environment)),
    },
  }
}

/** The environments of which something waits for a pull request, by name. */
export function proposedEnvironments(
  result: Pick<CompileResult, 'change' | 'impact' | 'pullRequests'>,
  deployed: Deployed,
): readonly string[] {
  const { change } = partsOf(result, deployed).proposed
  const named = [...change.keys()].map(environmentOf).filter((one) => one !== undefined)
  return [...new Set(named)].sort(compareText)
}

function chartsOf(endpoints: readonly EndpointLedger[]): ReadonlySet<string> {
  return new Set(endpoints.flatMap((entry) => chartVersionsOf(entry)))
}

/** What of an impact is about some environments. */
export function impactOf(impact: Impact, isWanted: (key: Pick<RunKey, 'environment'>) => boolean): Impact {
  const keyed = <Item extends { readonly key: RunKey }>(items: readonly Item[]) =>
    items.filter(({ key }) => isWanted(key))
  const { starts, supersedes, cancels, keeps, releases, ends, waits, removes } = impact
  return {
    ...{ starts: starts.filter(isWanted), supersedes: keyed(supersedes), cancels: keyed(cancels), keeps: keyed(keeps) },
    ...{
      releases: keyed(releases),
      ends: ends.filter(isWanted),
      waits: keyed(waits),
      removes: removes.filter(isWanted),
    },
  }
}
