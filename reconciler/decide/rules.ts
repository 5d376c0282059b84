import type { ClusterKind } from '../../domain/plan.ts'

/** Times that decisions wait for, seconds. */
export interface Rules {
  /** A Job's end without a word from its trainer decides after this long: a `done` may still be on its way. */
  readonly decisionGraceSeconds: number
  /** The same on the local cluster, where callbacks do not travel. */
  readonly localDecisionGraceSeconds: number
  /** A Job that was seen and is gone counts as lost after this long. */
  readonly lostGraceSeconds: number
  /** A container that cannot be configured although its lease is there fails the attempt after this long. */
  readonly configGraceSeconds: number
  /** An image that cannot be had fails the attempt after this long. */
  readonly imageGraceSeconds: number
  /**
   * An attempt whose pods the cluster refuses is given up after this long, for another with a time limit of its own: its Job's time runs while
   * it waits.
   */
  readonly quotaGraceSeconds: number
  /** A Job whose manifest is gone and that is still there after this long is told, and nothing waits for its deletion any more. */
  readonly pruneGraceSeconds: number
  /** No stall is judged before a step has stood still for this long. */
  readonly stallSecondsMin: number
  readonly backoffSecondsMax: number
  /** A token is renewed when less than this is left of its life. */
  readonly tokenRenewSeconds: number
  /** A tracker that does not answer is asked again after this long at first, twice as long each time, and not at all in the end. */
  readonly trackerRetry: { readonly firstSeconds: number; readonly mostSeconds: number; readonly giveUpSeconds: number }
}

export const defaultRules: Rules = Object.freeze({
  decisionGraceSeconds: 30,
  localDecisionGraceSeconds: 3,
  lostGraceSeconds: 60,
  configGraceSeconds: 60,
  imageGraceSeconds: 300,
  quotaGraceSeconds: 3600,
  pruneGraceSeconds: 120,
  stallSecondsMin: 30,
  backoffSecondsMax: 600,
  tokenRenewSeconds: 2 * 3600,
  trackerRetry: { firstSeconds: 5, mostSeconds: 900, giveUpSeconds: 24 * 3600 },
})

/** The rules for what runs on a kind of cluster. */
export function rulesOn(cluster: ClusterKind, rules: Rules): Rules {
  return cluster === 'local' ? { ...rules, decisionGraceSeconds: rules.localDecisionGraceSeconds } : rules
}

export function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000
}

export function secondsAfter(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000)
}
