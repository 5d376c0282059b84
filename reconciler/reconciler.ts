import type { Endpoint } from '../domain/endpoint.ts'
import type { ClusterView } from '../domain/observation.ts'
import { type Fault, isFault } from '../domain/fault.ts'
import { isTerminal, type Run } from '../domain/run.ts'
import { absorbLedger } from './absorb.ts'
import { act } from './act.ts'
import { defaultRules, type Rules, rulesOn } from './decide/rules.ts'
import { endpointTransition } from './endpoints.ts'
import { type Look, observe } from './observe.ts'
import type { ReconcilerPorts } from './ports.ts'
import { everyCron } from './schedule.ts'
import { refreshAfter } from './refresh.ts'
import { retiredLeases } from './retired-leases.ts'
import type { ChangedKey, ClusterSource } from './sources/cluster.ts'
import { createTrackerLane } from './tracking/lane.ts'
import { transition } from './transition.ts'

export interface Reconciler {
  /** Something may have changed: it is looked at soon. A key, never a decision. */
  changed(key: ChangedKey): void
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
/** Of more commits than these, found at once, the older ones were synced long ago. */
const refreshedMax = 200
/** A look is repeated while runs wait for a time to pass: graces, backoffs. */
const waitingLookMilliseconds = 500

/** Observes, decides, records and acts. Everything is decided from what is seen now, so that it may be killed at any moment. */
export function createReconciler(ports: ReconcilerPorts): Reconciler {
  const rules: Rules = { ...defaultRules, ...ports.rules }
  let wanted = false
  let running: Promise<void> | undefined
  let stopped = false
  let caughtUp = false
  /** Whether a scheduled pass is due, which also removes what is kept no longer. */
  let tidy = false
  let later: NodeJS.Timeout | undefined
  let failuresInARow = 0
  const enders: (() => void)[] = []
  const trackers = createTrackerLane(ports, rules)

  const round = async (): Promise<{ again: boolean; waiting: boolean }> => {
    const look = await lookAround(ports)
    const added = await absorbLedger(ports.records, look.ledger, look.at)
    await absorbPublications(ports)
    caughtUp = true
    let moved = added.length > 0
    let waiting = false
    for (const id of await ports.records.runs.openIds()) {
      const decided = await decideRun(ports, id, look, rules, caughtUp)
      moved ||= decided.moved
      waiting ||= decided.waiting
    }
    moved = (await decideEndpoints(ports, look)) || moved
    const acted = await act(ports)
    trackers.wake()
    return { again: moved || acted.length > 0, waiting }
  }

  const pass = async (): Promise<void> => {
    for (let number = 0; number < roundsMax && !stopped; number += 1) {
      const { again, waiting } = await round()
      if (again) continue
      if (waiting) lookLater(waitingLookMilliseconds)
      return
    }
    lookLater(waitingLookMilliseconds)
  }

  const lookLater = (milliseconds: number): void => {
    if (stopped || later || enders.length === 0) return
    later = setTimeout(() => {
      later = undefined
      wake()
    }, milliseconds)
  }

  const wake = (): void => {
    if (stopped) return
    wanted = true
    if (running) return
    running = (async () => {
      while (wanted && !stopped) {
        wanted = false
        try {
          await pass()
          if (tidy) await ports.records.retention.apply(ports.now())
          tidy = false
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
          lookLater(Math.min(30_000, 250 * 2 ** Math.min(failuresInARow, 7)) * (0.75 + Math.random() / 2))
        }
      }
    })().finally(() => {
      running = undefined
      if (wanted && !stopped) wake()
    })
  }

  /** Ends this reconciler for good: what it still had in mind is the matter of the one that replaced it. */
  const giveUp = (fault: Fault): void => {
    unwatch()
    ports.replaced?.(fault)
  }

  const unwatch = (): void => {
    stopped = true
    clearTimeout(later)
    for (const end of enders.splice(0)) end()
  }

  return {
    changed: () => wake(),
    pass: async () => {
      while (running) await running
      await pass()
    },
    settleBeside: (milliseconds) => trackers.settled(milliseconds),
    idle: () => !wanted && running === undefined,
    start: ({ cron }) => {
      const scheduled = (): void => {
        tidy = true
        wake()
      }
      enders.push(everyCron(cron, ports.now, scheduled))
      wake()
    },
    follow: (cluster) => {
      const end = cluster.watch(wake)
      enders.push(end)
      return end
    },
    stop: async () => {
      unwatch()
      await running
      await trackers.stop()
    },
  }
}

async function lookAround(ports: ReconcilerPorts): Promise<Look> {
  const { ledger } = await ports.deploy.read()
  const environments = new Set([...ledger.runs, ...ledger.endpoints].map((entry) => entry.environment))
  const leases = retiredLeases(ledger, new Set(await ports.records.runs.openIds()))
  const views = new Map<string, ClusterView | null>()
  for (const environment of environments) {
    const cluster = ports.cluster(environment)
    if (!cluster) continue
    try {
      views.set(environment, await cluster.view(environment, leases.get(environment)))
    } catch (error) {
      // One cluster that does not answer stops nothing elsewhere.
      views.set(environment, null)
      ports.log({
        level: 'warn',
        message: `the cluster of ${environment} does not answer: ${error instanceof Error ? error.message : String(error)}`,
      })
    }
  }
  return {
    at: ports.now(),
    ledger,
    view: (environment) => views.get(environment),
    cluster: (environment) => ports.cluster(environment),
  }
}

async function absorbPublications(ports: ReconcilerPorts): Promise<void> {
  const publications = await ports.deploy.log(await ports.records.publications.newestCommit())
  if (publications.length === 0) return
  await ports.records.publications.absorb(publications)
  await refreshAfter(publications.slice(-refreshedMax), ports)
}

async function decideRun(
  ports: ReconcilerPorts,
  id: string,
  look: Look,
  rules: Rules,
  caughtUp: boolean,
): Promise<{ moved: boolean; waiting: boolean }> {
  const [run, plan, said] = await Promise.all([
    ports.records.runs.get(id),
    ports.records.runs.plan(id),
    ports.records.callbacks.said(id),
  ])
  if (!run || !plan) return { moved: false, waiting: false }
  const seen = await observe(run, said, look, caughtUp)
  const decided = transition(run, seen, plan, rulesOn(plan.cluster, rules))
  const waiting = seen.cluster === 'connected' && !isTerminal((decided?.next ?? run).state)
  if (!decided) return { moved: false, waiting }
  const applied = await ports.records.runs.apply(decided)
  if (applied) await tellLive(ports, decided.next)
  // Progress alone asks for no further round: it comes with every heartbeat. What somebody else wrote meanwhile is looked at again.
  const { next, actions, events } = decided
  return { moved: !applied || next.state !== run.state || actions.length + events.length > 0, waiting }
}

async function tellLive(ports: ReconcilerPorts, run: Run): Promise<void> {
  try {
    const { id, state, reason, attempt, progress } = run
    await ports.live.setStatus(id, {
      status: state,
      reason,
      attempt,
      progress: progress?.percentage ?? null,
      currentEpoch: progress?.epoch ?? null,
      totalEpochs: progress?.totalEpochs ?? null,
      step: progress?.step ?? null,
      metrics: run.finalMetrics ?? {},
    })
    await ports.live.publish(id, { type: 'status', data: { status: state, reason, message: run.message, attempt } })
  } catch (error) {
    ports.log({ level: 'debug', message: `live state: ${error instanceof Error ? error.message : String(error)}` })
  }
}

async function decideEndpoints(ports: ReconcilerPorts, look: Look): Promise<boolean> {
  const records = await ports.records.endpoints.list({})
  const byName = new Map(records.map((endpoint) => [nameOf(endpoint), endpoint]))
  let moved = false
  for (const entry of look.ledger.endpoints) {
    const before = byName.get(nameOf(entry))
    byName.delete(nameOf(entry))
    const decided = endpointTransition(before, entry, look.view(entry.environment), look.at)
    if (!decided) continue
    await ports.records.endpoints.put(decided.next, decided.resource, entry.plan)
    moved = true
  }
  for (const gone of byName.values()) {
    await ports.records.endpoints.remove(gone)
    moved = true
  }
  return moved
}

function nameOf(key: Pick<Endpoint, 'environment' | 'project' | 'name'>): string {
  return `${key.environment}/${key.project}/${key.name}`
}
