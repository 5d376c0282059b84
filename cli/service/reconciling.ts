import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { type Fault, isFault } from '../../domain/fault.ts'
import type { LogEntry } from '../../reconciler/ports.ts'
import { createReconciler, type Reconciler } from '../../reconciler/reconciler.ts'
import { type Clusters, kubeconfigOf, openClusters } from './clusters.ts'
import type { ProcessEnvironment } from '../house/environment.ts'
import { followBranch, publishBranch } from './follow-branch.ts'
import type { Opened } from '../house/open.ts'
import { reconcilerPorts } from '../house/reconciler-ports.ts'
import { openTracker } from '../house/tracker.ts'
import { createRivalry, holderText } from './rivalry.ts'

export interface ReconcilingOptions {
  readonly environment: ProcessEnvironment
  /** The environments whose clusters are connected; undefined for all that the ledger names. */
  readonly only: readonly string[] | undefined
  /** Namespace and name of the Lease by which one of several processes leads; undefined where only one runs. */
  readonly lease: { readonly namespace: string; readonly name: string } | undefined
  readonly now: () => Date
  log(entry: LogEntry): void
}

/** Reconciling in a process of its own: in terms, each of which begins by taking the fence of the records. */
export interface Reconciling {
  /** The reconciler of the present term; undefined while another process leads. */
  reconciler(): Reconciler | undefined
  clusters(): Clusters | undefined
  /** Why nobody can tell who leads; undefined where that is known. */
  hindrance(): Fault | undefined
  /** Follows clusters and reconciles until `stopped`. @throws Fault FENCE_LOST where another process took over and no Lease says who leads */
  run(stopped: AbortSignal): Promise<void>
  /**
   * One full pass.
   * @returns false where another process leads and does it anyway
   * @throws Fault CLUSTER_UNREACHABLE, CLUSTER_REFUSED where nobody could tell who leads
   */
  once(stopped: AbortSignal): Promise<boolean>
}

/** A process that leads anew waits so long for trackers at its end. */
const trackerMillisecondsMax = 60_000
/** A single pass gives up waiting for the Lease after this: somebody else leads. */
const leaseMillisecondsMax = 20_000

interface TermState {
  readonly reconciler: Reconciler
  readonly clusters: Clusters
  readonly over: AbortController
  close(): Promise<void>
}

export function createReconciling(opened: Opened, options: ReconcilingOptions): Reconciling {
  const identity = `${hostname()}_${randomUUID()}`
  const rivalry = createRivalry(opened.records.fence, options)
  const tracker = openTracker(options.environment, (message) => options.log({ level: 'warn', message }))
  let present: TermState | undefined
  // A commit is followed by a look at once, and Argo CD is asked to sync it, whichever part of this process made it.
  opened.onPublication((publication) => present?.reconciler.published(publication))
  let hindrance: Fault | undefined

  const begin = async (): Promise<TermState> => {
    const over = new AbortController()
    const { fence } = opened.records
    await rivalry.beforeTaking()
    const records = opened.records.fenced(await fence.take(holderText(identity, options.lease)))
    const kubeconfig = kubeconfigOf(options.environment)
    const clusters = openClusters({
      kubeconfig: kubeconfig?.kubeconfig ?? null,
      only: kubeconfig ? options.only : [],
      now: options.now,
      log: options.log,
      connected: (source) => reconciler.follow(source),
    })
    const reconciler = createReconciler(
      reconcilerPorts({
        ...{ opened, records, tracker, environment: options.environment, now: options.now, log: options.log },
        cluster: clusters.of,
        heard: (ledger) => clusters.follow(ledger.environments),
        replaced: (fault) => {
          options.log({ level: 'warn', message: `this term is over: ${fault.code}: ${fault.message}` })
          over.abort(fault)
        },
      }),
    )
    const close = async (): Promise<void> => {
      present = undefined
      await reconciler.stop()
      await clusters.close()
    }
    present = { reconciler, clusters, over, close }
    return present
  }

  /** A process that waits for its turn does not die because the database is away when it comes: the next one would die of it too. */
  const beginWhenPossible = async (): Promise<TermState | undefined> => {
    try {
      return await begin()
    } catch (error) {
      if (!options.lease || !isFault(error) || error.retry !== 'soon') throw error
      options.log({ level: 'warn', message: `no term begins, and it is tried again: ${error.message}` })
      return undefined
    }
  }

  const inTurns = async (
    term: (ended: AbortSignal) => Promise<void>,
    stopped: AbortSignal,
    yields = false,
  ): Promise<Fault | undefined> => {
    const { lease, environment, log } = options
    if (!lease) return void (await term(stopped))
    const { leadInTurns } = await import('../../reconciler/sources/kubernetes/leadership.ts')
    const kubeconfig = kubeconfigOf(environment)?.kubeconfig ?? null
    const hindered = (fault: Fault | undefined): void => {
      hindrance = fault
    }
    return leadInTurns({ kubeconfig, context: null, lease, identity, yields, hindered, log }, term, stopped)
  }

  return {
    reconciler: () => present?.reconciler,
    clusters: () => present?.clusters,
    hindrance: () => hindrance,
    run: async (stopped) => {
      await inTurns(async (ended) => {
        const term = await beginWhenPossible()
        if (!term) return
        const end = AbortSignal.any([ended, stopped, term.over.signal])
        const { settings } = opened
        const moved = (): void => term.reconciler.changed({ everything: true })
        const follow = { cron: settings.reconcileCron, now: options.now, log: options.log, moved }
        const branch = settings.specs ? followBranch(opened, follow) : undefined
        // What trainers say may reach another process's API; it is told here by way of Redis.
        const unhear = await opened.live.subscribe((runId, { type }) => {
          if (type !== 'status') term.reconciler.changed({ runId })
        })
        const unhearPushes = await opened.live.onPush(() => {
          // What is merged is published first; where that is somebody else's work, they may have pushed to the deploy repository.
          if (branch) branch.look()
          else moved()
        })
        try {
          term.reconciler.start({ cron: settings.reconcileCron })
          if (!end.aborted) await once(end, 'abort')
        } finally {
          await unhearPushes()
          await unhear()
          await branch?.end()
          await term.close()
        }
        // With a Lease whoever still holds it takes the fence again, in its next term; without one nobody can tell who should go on.
        if (!term.over.signal.aborted) return
        if (!options.lease) throw await rivalry.named(term.over.signal.reason)
        await rivalry.pause(AbortSignal.any([ended, stopped]))
      }, stopped)
    },
    once: async (stopped) => {
      let done = false
      const enough = new AbortController()
      const patience = setTimeout(() => enough.abort(), options.lease ? leaseMillisecondsMax : 2 ** 31 - 1)
      try {
        const kept = await inTurns(
          async () => {
            clearTimeout(patience)
            const term = await begin()
            try {
              if (opened.settings.specs) await publishBranch(opened, options.log)
              await term.reconciler.pass()
              await term.reconciler.settleBeside(trackerMillisecondsMax)
              done = true
            } finally {
              await term.close()
              enough.abort()
            }
          },
          AbortSignal.any([stopped, enough.signal]),
          true,
        )
        if (!done && kept && !stopped.aborted) throw kept
      } finally {
        clearTimeout(patience)
      }
      return done
    },
  }
}
