import { type Fault, isFault } from '../domain/fault.ts'
import type { LedgerView } from '../domain/ledger-files.ts'
import type { Publication } from '../domain/publication.ts'
import { absorbLedger } from './absorb.ts'
import { act, type Acted, type Acting } from './act.ts'
import { createClock } from './clock.ts'
import { confirmReleases } from './confirm.ts'
import { decideEndpoints } from './decide-endpoints.ts'
import { decideRuns } from './decide-runs.ts'
import { defaultRules, type Rules } from './decide/rules.ts'
import { lookAt, runsWithJobs } from './look.ts'
import type { ReconcilerPorts } from './ports.ts'
import { createRefresher, type Refresher } from './refresh.ts'
import { everyCron } from './schedule.ts'
import { goesOnAsKnown } from './settled.ts'
import type { ChangedKey, ClusterSource } from './sources/cluster.ts'
import { createRegistryLane } from './registry/lane.ts'
import { createServingLane } from './serving/beside/lane.ts'
import { createTrackerLane } from './tracking/lane.ts'

export interface Reconciler {
  /** Something may have changed: it is looked at soon. A key, never a decision. */
  changed(key: ChangedKey): void
  /** This process has made a commit: Argo CD is asked to sync it at once, and everything is looked at. */
  published(publication: Publication): void
  /** One full pass over everything that is open, until nothing that is due is left to do. */
  pass(): Promise<void>
  /** Waits for what is done beside the passes, such as links to trackers, at most so long; what is then not done is left to the next process. */
  settleBeside(milliseconds: number): Promise<void>
  /** Whether nothing is waiting to be looked at. */
  idle(): boolean
  /** Runs full passes at the times of a cron expression. */
  start(options: { readonly cron: string }): void
  /** Hears from a cluster that something changed there, until what is returned is called. */
  follow(cluster: ClusterSource): () => void
  stop(): Promise<void>
}

/** A pass ends after this many rounds; what is then still to do is left to the next one. */
const roundsMax = 20
/** A pass decides about so many runs before it attends to what has changed meanwhile. */
const runsBetweenAttending = 100
/** A look is repeated while runs wait for a time to pass: graces, backoffs. */
const waitingLookMilliseconds = 500

/**
 * Observes, decides, records and acts. Everything is decided from what is seen now, so that it may be killed at any moment. What is told to have
 * changed is looked at alone; full passes, at the times of a cron expression and after each commit, are the truth.
 */
export function createReconciler(ports: ReconcilerPorts): Reconciler {
  const rules: Rules = { ...defaultRules, ...ports.rules }
  const wanted = { everything: false, runs: new Set<string>() }
  let running: Promise<void> | undefined
  let stopped = false
  /** As it was read last; undefined before the first full round, which brings the records up to it. */
  let ledger: LedgerView | undefined
  /** Whether a scheduled pass is due, which also removes what is kept no longer. */
  let tidy = false
  let failuresInARow = 0
  const enders: (() => void)[] = []
  const trackers = createTrackerLane(ports, rules)
  const servings = createServingLane(ports)
  const registries = createRegistryLane(ports)
  const refresher = createRefresher(ports)

  const startAgain = { again: true, waiting: [] as readonly string[] }

  /** One look at everything. @returns the runs that may have more to do, and those that wait for a time */
  const fullRound = async (): Promise<{ again: boolean; waiting: readonly string[] }> => {
    // One that was replaced and has nothing to write would else never learn of it.
    await ports.records.fence.confirm()
    const deployed = await ports.deploy.read()
    ledger = deployed.ledger
    if ((await attend()) === 'published') return startAgain
    // First what somebody waits for: records of thousands of new runs take seconds.
    await absorbPublications(ports, refresher, deployed.commit)
    const added = await absorbLedger(ports.records, ledger, ports.now())
    if ((await attend()) === 'published') return startAgain
    const open = await ports.records.runs.openIds()
    const environments = environmentsOf(ledger)
    let look = await lookAt(ports, ledger, environments, new Set(open))
    const some = [...new Set([...open, ...runsWithJobs(look, environments)])]
    const moved: string[] = []
    const waiting: string[] = []
    for (let from = 0; from < some.length && !stopped; from += runsBetweenAttending) {
      const attended = await attend()
      if (attended === 'published') return startAgain
      // What has been attended to was seen later than this look, which must not be what its record is held against.
      if (attended === 'looked') look = await lookAt(ports, ledger, environments, new Set(open))
      const decided = await decideRuns(ports, some.slice(from, from + runsBetweenAttending), look, rules)
      moved.push(...decided.moved)
      waiting.push(...decided.waiting)
    }
    const endpointsMoved = await decideEndpoints(ports, look, deployed.headOf)
    const confirmed = await confirmReleases(ports, look, deployed.headOf)
    servings.wake()
    registries.wake(ledger)
    const refreshAgain = await refresher.again(look)
    if (refreshAgain !== undefined) clock.lookAtEverything(refreshAgain)
    const acted = await actNow({ between: attend })
    return { again: added.length + moved.length + acted.runIds.length > 0 || endpointsMoved || confirmed, waiting }
  }

  /**
   * Within a pass over many runs: looks at those that are told to have changed meanwhile, so that nobody waits for the pass to end. Never beside
   * what the pass itself decides: two looks at one run, of which the older is decided by last, would take back what the newer has shown. Once each
   * time: where something always changes the pass goes on, too.
   * @returns `published` where a commit was made: the pass begins anew, by the ledger that came of it
   */
  const attend = async (): Promise<'nothing' | 'looked' | 'published'> => {
    if (wanted.runs.size === 0 || stopped) return 'nothing'
    const some = [...wanted.runs]
    wanted.runs.clear()
    return (await lookAtRuns(some, true)) ? 'published' : 'looked'
  }

  const pass = async (): Promise<void> => {
    for (let number = 0; number < roundsMax && !stopped; number += 1) {
      const { again, waiting } = await fullRound()
      if (again) continue
      if (waiting.length > 0) clock.lookAt(waiting, waitingLookMilliseconds)
      return
    }
    clock.lookAtEverything(waitingLookMilliseconds)
  }

  /**
   * Looks at some runs. Those that go on do so by the ledger that is known; for others it is read anew.
   * @param inPass what concerns everything is then left to the next pass
   * @returns whether a commit was made, or may have been
   */
  const lookAtRuns = async (ids: readonly string[], inPass = false): Promise<boolean> => {
    let some = ids
    for (let number = 0; number < roundsMax && !stopped; number += 1) {
      const runs = await ports.records.runs.getMany(some)
      const known = ledger
      if (!known || runs.length < some.length) {
        if (!inPass) return pass().then(() => false)
        wanted.everything = true
        some = runs.map(({ id }) => id)
        if (!known || some.length === 0) return false
      }
      const environments = new Set(runs.map(({ environment }) => environment))
      const these = new Set(some)
      let look = await lookAt(ports, known, environments, these, these)
      if (!runs.every((run) => goesOnAsKnown(run, look))) {
        ledger = (await ports.deploy.read()).ledger
        look = await lookAt(ports, ledger, environments, these, these)
      }
      const { moved, waiting } = await decideRuns(ports, some, look, rules)
      const acted = await actNow(inPass ? { runIds: some } : {})
      if (waiting.length > 0) clock.lookAt(waiting, waitingLookMilliseconds)
      // A commit changes what all are decided by.
      if (acted.published) wanted.everything = true
      some = [...new Set([...moved, ...acted.runIds])]
      if (some.length === 0 || acted.published) return acted.published
    }
    clock.lookAt(some, waitingLookMilliseconds)
    return false
  }

  const actNow = async (how: Acting): Promise<Acted> => {
    const acted = await act(ports, how)
    trackers.wake()
    if (acted.againMilliseconds !== undefined) clock.lookAt(acted.runIds, acted.againMilliseconds)
    return acted
  }

  const clock = createClock((due) => {
    wanted.everything ||= due.everything
    for (const id of due.runs) wanted.runs.add(id)
    wake()
  })

  const isWanted = (): boolean => wanted.everything || wanted.runs.size > 0

  const next = async (): Promise<void> => {
    const everything = wanted.everything
    const runs = [...wanted.runs]
    wanted.everything = false
    wanted.runs.clear()
    await (everything ? pass() : lookAtRuns(runs))
    if (tidy) await ports.records.retention.apply(ports.now())
    tidy = false
  }

  const wake = (): void => {
    if (stopped || running || !isWanted()) return
    running = (async () => {
      while (isWanted() && !stopped) {
        try {
          await next()
          failuresInARow = 0
        } catch (error) {
          if (isFault(error, 'FENCE_LOST')) {
            giveUp(error)
            return
          }
          failuresInARow += 1
          ports.log({
            // Once may be a moment's hiccup, which the next try mends; twice is worth a person's attention.
            level: failuresInARow > 1 ? 'warn' : 'info',
            message: `reconciling failed and is tried again: ${error instanceof Error ? error.message : String(error)}`,
          })
          const pause = Math.min(30_000, 250 * 2 ** Math.min(failuresInARow, 7)) * (0.75 + Math.random() / 2)
          clock.lookAtEverything(pause)
        }
      }
    })().finally(() => {
      running = undefined
      wake()
    })
  }

  const changed = (key: ChangedKey): void => {
    if ('runId' in key) wanted.runs.add(key.runId)
    else wanted.everything = true
    wake()
  }

  /** Ends this reconciler for good: what it still had in mind is the matter of the one that replaced it. */
  const giveUp = (fault: Fault): void => {
    unwatch()
    ports.replaced?.(fault)
  }

  const unwatch = (): void => {
    stopped = true
    clock.stop()
    for (const end of enders.splice(0)) end()
  }

  return {
    changed,
    published: (publication) => {
      // Not after the pass that is under way: people wait for it. What fails is told, and the Applications look by themselves.
      if (!stopped) void refresher.atOnce(publication)
      changed({ everything: true })
    },
    pass: async () => {
      while (running) await running
      await pass()
    },
    settleBeside: (milliseconds) => trackers.settled(milliseconds),
    idle: () => !isWanted() && running === undefined,
    start: ({ cron }) => {
      const scheduled = (): void => {
        tidy = true
        changed({ everything: true })
      }
      clock.start()
      enders.push(everyCron(cron, ports.now, scheduled))
      changed({ everything: true })
    },
    follow: (cluster) => {
      const end = cluster.watch(changed)
      enders.push(end)
      return end
    },
    stop: async () => {
      unwatch()
      await running
      await trackers.stop()
      await servings.stop()
      await registries.stop()
    },
  }
}

function environmentsOf(ledger: LedgerView): ReadonlySet<string> {
  return new Set([...ledger.runs, ...ledger.endpoints].map((entry) => entry.environment))
}

/** By so many of the newest it is told, for each branch, where what is known ends. */
const publicationsKnown = 200

async function absorbPublications(ports: ReconcilerPorts, refresher: Refresher, head: string | null): Promise<void> {
  if ((await ports.records.publications.newestCommit()) === head) return
  const known = await ports.records.publications.list(publicationsKnown)
  const publications = await ports.deploy.log(
    known.map(({ commit }) => commit),
    (some) => ports.records.publications.absorb(some),
  )
  if (publications.length === 0) return
  await refresher.after(publications)
}
