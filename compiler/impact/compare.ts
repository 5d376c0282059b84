import type { Problem } from '../../domain/problem.ts'
import type { Deployed } from '../../domain/publication.ts'
import { compile } from '../compile.ts'
import type { Aids, CompileInput, CompileResult } from '../compile-types.ts'
import { proposedEnvironments } from '../decide/pull-requests.ts'
import { applied } from './applied.ts'
import { assess } from './assess.ts'
import { type FileDifference, fileDifferences } from './files.ts'
import type { ImpactStatement, KnownRuns } from './statement.ts'

export interface Compared {
  /** What is deployed when the change comes: what is published, or what that becomes with the older specs. */
  readonly before: Deployed
  /** What the older specs compile to; undefined without them, or where they have problems. */
  readonly base: CompileResult | undefined
  readonly result: CompileResult
  /** Problems of the older specs that kept them from being taken for published; empty without any. */
  readonly baseProblems: readonly Problem[]
}

/**
 * Compiles specs on top of what is published or, with older specs given, on top of what that becomes with those: so a pull request is told what
 * it does itself, whatever of its base is still to be published.
 * @param aids with a memory, what both sides have in common is read once
 */
export function compareSpecs(
  base: Omit<CompileInput, 'deployed'> | undefined,
  head: Omit<CompileInput, 'deployed'>,
  deployed: Deployed,
  aids: Aids = {},
): Compared {
  if (!base)
    return { before: deployed, base: undefined, result: compile({ ...head, deployed }, aids), baseProblems: [] }
  const older = compile({ ...base, deployed }, aids)
  const baseProblems = older.problems.filter(({ severity }) => severity === 'error')
  const taken = baseProblems.length === 0 ? older : undefined
  const before = taken ? applied(deployed, taken.change) : deployed
  return { before, base: taken, result: compile({ ...head, deployed: before }, aids), baseProblems }
}

export interface Difference {
  /** Whether publishing would make no commit. */
  readonly same: boolean
  readonly impact: ImpactStatement
  readonly files: readonly FileDifference[]
  /** Files of the ledger that change, which say in another way what the rest says. */
  readonly ledgerFiles: number
  /** The environments of which what changes is proposed as a pull request of the deploy repository, and not pushed. */
  readonly proposed: readonly string[]
}

/**
 * What a comparison comes to.
 * @param known undefined without a database
 * @param policy what policies say of the result
 */
export function describeComparison(
  { before, base, result }: Compared,
  head: Pick<CompileInput, 'sources'>,
  known: KnownRuns | undefined,
  policy: readonly Problem[] = [],
): Difference {
  const impact = assess({ before, base, result, sources: head.sources, known, policy })
  return {
    same: result.change.size === 0,
    impact,
    files: fileDifferences(before.files, result, impact),
    ledgerFiles: result.ledgerEdits.size,
    proposed: proposedEnvironments(result, before),
  }
}
