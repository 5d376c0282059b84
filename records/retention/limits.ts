/**
 * How much is kept of what grows with time. Runs with their attempts, evidence and transitions, model versions, releases of endpoints and the
 * newest heartbeat of each pod are kept for ever, as is what is not named here.
 *
 * | rows                       | kept                                                                                       |
 * |----------------------------|--------------------------------------------------------------------------------------------|
 * | callbacks but `done`       | 7 days: they tell a message that is sent again from a new one                              |
 * | `done` callbacks           | those of an attempt that decide, at most 100, once its run is condensed                    |
 * | metrics of an attempt      | 20,000; one that has more is thinned to 10,000; to 1,000 once its run is condensed         |
 * | trainer's events of a run  | the newest 5,000, and 200 once it is condensed; the 100 furthest checkpoints of an attempt |
 * | reconciler's events, a run | the newest 5,000                                                                           |
 * | actions that are done      | 30 days                                                                                    |
 * | publications               | the newest 50,000                                                                          |
 *
 * A run is condensed once, when it ended 7 days ago. Thinning keeps an attempt's first point and its last, and the rest evenly.
 */
export const retentionLimits = {
  callbackDays: 7,
  donesOfAttempt: 100,
  metricsOfAttempt: { whileOpen: 20_000, thinnedTo: 10_000, condensedTo: 1000 },
  trainerEventsOfRun: { whileOpen: 5000, condensed: 200 },
  reconcilerEventsOfRun: 5000,
  checkpointsOfAttempt: 100,
  doneActionDays: 30,
  publications: 50_000,
  condensedAfterDays: 7,
} as const

/** How much one call does, so that it is never in anybody's way. */
export const retentionPace = {
  /** Rows that one statement removes from one table; of one run's log all that is too much. */
  rowsMax: 2000,
  /** Runs whose log one call reduces. */
  runsMax: 20,
  /** Between two calls that look, where the one before left nothing behind. */
  restMinutes: 10,
} as const
