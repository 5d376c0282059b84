import type { Problem, Related } from '../../domain/problem.ts'
import type { ProblemCode } from '../../domain/problem-codes.ts'
import { problem, withAlso } from '../problem.ts'
import type { Locator } from '../validate/explain.ts'
import type { Catalogue } from './catalogue.ts'

/** Whoever has problems to tell: where things were written, and the problems so far. */
interface Telling {
  readonly at: Locator
  readonly problems: Problem[]
}

interface Remedy {
  readonly hint?: string
  /** Other places that have a part in it. */
  readonly also?: readonly Related[]
  /** The key at the pointer is meant, not its value. */
  readonly key?: true
}

/** Tells a problem of what stands at a pointer, with the overlay that it comes from and every other place that has a part in it. */
export function tell(to: Telling, code: ProblemCode, pointer: string, message: string, remedy: Remedy = {}): void {
  const where = remedy.key ? to.at.locateKey(pointer) : to.at.locate(pointer)
  const also = [...(to.at.related?.(pointer) ?? []), ...(remedy.also ?? [])]
  to.problems.push(withAlso(problem(code, where, message, { hint: remedy.hint }), also))
}

/** A value that has a part in a problem which is told elsewhere. */
export function partAt(at: Locator, pointer: string, note: string): readonly Related[] {
  return [{ where: at.locate(pointer), note }, ...(at.related?.(pointer) ?? [])]
}

/** The place in an Environment that has a part in a problem of a spec: that of the key, or of what it would stand in. */
export function environmentPart(
  { catalogue }: { readonly catalogue: Catalogue },
  environment: string,
  pointer: string,
  note: string,
): readonly Related[] {
  const document = catalogue.environments.get(environment)?.document
  return document ? [{ where: document.locateKey(pointer), note }] : []
}
