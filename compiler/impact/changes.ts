import { canonicalJson, type Json } from '../../domain/canonical.ts'
import { compareText } from '../../domain/problem.ts'
import { dotted, leavesOf } from '../explain/leaves.ts'
import type { ChangedValue } from './statement.ts'

/** What follows from other values, or from where and when the spec was read, and tells nobody anything new. */
const consequences = [
  /^\/(?:format|kind|id|traceId|digest|shortDigest|source|deploymentSpec|chartVersion)(?:\/|$)/,
  /^\/variables\/(?:JOB_ID|TRACE_ID|TRAINING_CONFIG|EPOCHS|MODEL_NAME|OUTPUT_MODEL|PORT|ROUTE|DATASET_[A-Z]+)\//,
]

/** The values in which two plans differ, in the order of the newer one, what is gone at the end. */
export function changedValues(before: unknown, after: unknown): readonly ChangedValue[] {
  const earlier = values(before)
  const later = values(after)
  const changes: ChangedValue[] = []
  for (const [pointer, value] of later) {
    const old = earlier.get(pointer)
    if (old === undefined || canonicalJson(old) !== canonicalJson(value))
      changes.push({ path: shown(pointer), before: old ?? null, after: value })
  }
  const gone = [...earlier]
    .filter(([pointer]) => !later.has(pointer))
    .sort(([left], [right]) => compareText(left, right))
  return [
    ...changes.filter((one) => !(isNothing(one.before) && isNothing(one.after))),
    ...gone
      .filter(([, value]) => !isNothing(value))
      .map(([pointer, value]) => ({ path: shown(pointer), before: value, after: null })),
  ]
}

function values(plan: unknown): ReadonlyMap<string, Json> {
  const leaves = leavesOf(plan as Json)
    .filter(({ named }) => !consequences.some((one) => one.test(named)))
    // A variable's own name says nothing that its place does not.
    .filter(({ named }) => !/^\/variables\/[^/]+\/name$/.test(named))
  return new Map(leaves.map(({ named, value }) => [named, value]))
}

/** A list or mapping without elements is not there in another way. */
function isNothing(value: Json): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}

function shown(pointer: string): string {
  return dotted(pointer).replace(/^(variables\..+)\.value$/, '$1')
}
