import type { EnvironmentLedger } from '../../domain/ledger.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import { compareText } from '../../domain/problem.ts'
import type { Environment } from '../../domain/specs.generated.ts'

/**
 * What the ledger remembers of each environment, so that whoever reconciles knows the clusters without compiling specs. One that is no longer
 * defined is remembered while something of it may still be in its cluster.
 */
export function environmentEntries(defined: readonly Environment[], ledger: LedgerView): readonly EnvironmentLedger[] {
  const entries = new Map(defined.map((spec) => [spec.metadata.name, entryOf(spec)]))
  const inUse = new Set([
    ...ledger.runs.filter(({ runs }) => runs.some(isInCluster)).map(({ environment }) => environment),
    ...ledger.endpoints.map(({ environment }) => environment),
  ])
  for (const old of ledger.environments)
    if (!entries.has(old.environment) && inUse.has(old.environment)) entries.set(old.environment, old)
  return [...entries.values()].sort((left, right) => compareText(left.environment, right.environment))
}

/**
 * The environments where what specs ask for waits for a pull request: as specs have it, and as is published. So a spec that no longer asks for pull
 * requests, or an environment that is gone, needs one last time what was asked for.
 */
export function waitingForPullRequests(
  entries: readonly EnvironmentLedger[],
  published: readonly EnvironmentLedger[],
): readonly string[] {
  const asking = [...entries, ...published].filter(({ pullRequest }) => pullRequest === true)
  return [...new Set(asking.map(({ environment }) => environment))].sort(compareText)
}

function entryOf({ metadata, spec: { cluster, protections } }: Environment): EnvironmentLedger {
  const asks = protections?.pullRequest === true ? { pullRequest: true as const } : {}
  const key = { format: 1 as const, environment: metadata.name, ...asks }
  if (cluster === 'local') return { ...key, cluster: 'local', context: null, namespaces: {} }
  const { context, namespaces } = cluster.kubernetes
  return { ...key, cluster: 'kubernetes', context, namespaces }
}

/** Whether anything of a run may still be in its cluster. */
export function isInCluster(run: LedgerView['runs'][number]['runs'][number]): boolean {
  return run.status !== 'ended' || run.attempts.some((attempt) => !attempt.retired)
}
