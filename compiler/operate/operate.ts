import { branchesIn } from '../../domain/branches.ts'
import { paths, type RunLedger } from '../../domain/ledger.ts'
import { ledgerText, readRunLedger } from '../../domain/ledger-files.ts'
import { keyText, type RunKey } from '../../domain/names.ts'
import type { Operation, OperationResult } from '../../domain/operation.ts'
import type { Change, Deployed } from '../../domain/publication.ts'
import type { Chart } from '../ledger/endpoints.ts'
import type { DeployAddress } from '../render/application.ts'
import { type Draft, Dropped } from './draft.ts'
import { register } from './register.ts'
import { editEndpoint } from './rollouts.ts'
import { editRun } from './runs.ts'
import { stage } from './stage.ts'

/** What operations make of the deploy repository. */
export interface Operated {
  readonly change: Change
  readonly results: readonly OperationResult[]
  /** Values of `Specyard-Subject`. */
  readonly subjects: readonly string[]
  /** Value of `Specyard-Action`: the kinds that were applied. */
  readonly actions: string
}

/**
 * Applies operations to what is deployed. None compiles a spec: manifests and values are rendered from the plans that the ledger keeps.
 * Each checks that its entry is still as it expects, and is dropped with the reason where it is not.
 */
export function operate(
  deployed: Deployed,
  operations: readonly Operation[],
  chart: Chart,
  address: DeployAddress,
): Operated {
  const change = new Map<string, string | null>()
  const placed = { ...address, branches: branchesIn(deployed.files) }
  const results = operations.map((operation): OperationResult => {
    const own = new Map<string, string | null>()
    const draft: Draft = {
      deployed,
      chart,
      address: placed,
      read: (path) => {
        const written = own.has(path) ? own.get(path) : change.get(path)
        return written === undefined ? deployed.files.get(path) : (written ?? undefined)
      },
      write: (path, text) => {
        own.set(path, text)
      },
    }
    try {
      apply(operation, draft)
      refuseDrifted(own, deployed)
    } catch (error) {
      if (error instanceof Dropped) return { operation, applied: false, why: error.message }
      throw error
    }
    for (const [path, text] of own) change.set(path, text)
    return { operation, applied: true }
  })
  const applied = results.filter((result) => result.applied).map((result) => result.operation)
  return {
    change: new Map([...change].filter(([path, text]) => (deployed.files.get(path) ?? null) !== text)),
    results,
    subjects: [...new Set([...applied.flatMap(subjectOf), ...pinnedIn(change)])],
    actions: [...new Set(applied.map((operation) => operation.kind))].join(','),
  }
}

function apply(operation: Operation, draft: Draft): void {
  if (operation.kind === 'register') {
    register(operation, draft)
    return
  }
  if (operation.kind === 'stage') {
    stage(operation, draft)
    return
  }
  if (operation.kind === 'rollout' || operation.kind === 'rollback' || operation.kind === 'confirm') {
    editEndpoint(operation, draft)
    return
  }
  const path = paths.runLedger(operation.key)
  const entry = readRunLedger(
    new Map([[path, draft.read(path) ?? '']].filter((pair): pair is [string, string] => pair[1] !== '')),
    operation.key,
  )
  if (!entry) throw new Dropped(`the ledger has no entry for ${keyText(operation.key)}`)
  const edited: RunLedger = editRun(entry, operation, draft)
  draft.write(path, ledgerText(edited))
}

function refuseDrifted(own: Change, deployed: Deployed): void {
  for (const { path } of deployed.drifted) {
    if (own.has(path)) throw new Dropped(`somebody changed ${path} by hand; it is not touched until that is settled`)
  }
}

/** The endpoints that a registered version was pinned to: their names are their own, not the model's. */
function pinnedIn(change: Change): readonly string[] {
  return [...change.keys()].flatMap((path) => endpointLedger.exec(path)?.[1] ?? [])
}

const endpointLedger = /^\.specyard\/ledger\/endpoints\/(.+)\.json$/

function subjectOf(operation: Operation): readonly string[] {
  // Nothing that an Application brings is another by the stage of a model.
  if (operation.kind === 'stage') return []
  const key: RunKey =
    operation.kind === 'register'
      ? { environment: operation.version.run.environment, project: operation.project, name: operation.model }
      : operation.key
  return [keyText(key)]
}
