import { memoryLiveState } from '../../../local/live.ts'
import type { Attempt, Run } from '../../../domain/run.ts'
import type { Rules } from '../../../reconciler/decide/rules.ts'
import type { LogEntry } from '../../../reconciler/ports.ts'
import { createReconciler, type Reconciler } from '../../../reconciler/reconciler.ts'
import type { TrackerSource } from '../../../reconciler/sources/tracker.ts'
import type { Records } from '../../../records/records.ts'
import { sampleAttempt, sampleEvent, samplePlan, sampleRun } from '../records.ts'

export interface House {
  readonly reconciler: Reconciler
  readonly logged: readonly LogEntry[]
  /** What the clock of the reconciler is ahead of the real one. */
  advance(seconds: number): void
}

/** A reconciler without a cluster, whose runs have ended as their records say, and whose trackers are asked. */
export function openHouse(
  records: Records,
  tracker: (() => TrackerSource | undefined) | undefined,
  rules: Partial<Rules> = {},
): House {
  const logged: LogEntry[] = []
  let ahead = 0
  const now = (): Date => new Date(Date.now() + ahead * 1000)
  const reconciler = createReconciler({
    records,
    live: memoryLiveState(now),
    cluster: () => undefined,
    ...(tracker ? { tracker } : {}),
    deploy: {
      read: async () => ({
        commit: null,
        headOf: () => null,
        ledger: { runs: [], endpoints: [], models: [], environments: [] },
      }),
      log: async () => [],
    },
    operate: async () => [],
    mintToken: () => Promise.reject(new Error('no lease is granted without a cluster')),
    rules,
    now,
    log: (entry) => logged.push(entry),
  })
  return { reconciler, logged, advance: (seconds) => (ahead += seconds) }
}

export const experiment = 'language/handbook-lm'

/** Adds a run whose environment has a tracker; its attempt ended as told. */
export async function addEnded(
  records: Records,
  ended: Partial<Attempt> = {},
  changes: Partial<Run> = {},
): Promise<Run> {
  const now = new Date()
  const state = ended.state ?? 'SUCCEEDED'
  const attempt = sampleAttempt({ state, startedAt: new Date(now.getTime() - 60_000), endedAt: now, ...ended })
  const run = sampleRun({
    ...{ state: attempt.state, attempts: [attempt], createdAt: now, startedAt: attempt.startedAt },
    ...{ completedAt: attempt.endedAt, ...changes },
  })
  const plan = {
    ...samplePlan(run),
    tracker: { kind: 'mlflow', url: 'http://mlflow.example.com', experiment } as const,
  }
  await records.runs.create(run, plan, sampleEvent)
  return run
}

/** Reasons of the events that trackers gave rise to, oldest first. */
export async function trackerReasons(records: Records, runId: string): Promise<readonly string[]> {
  const events = await records.runs.events(runId, 0, 100)
  return events.filter(({ type }) => type === 'tracker').map(({ reason }) => reason)
}
