import { hostname } from 'node:os'
import { join } from 'node:path'
import { createApi } from '../../api/server.ts'
import { memoryOfProcess } from '../../compiler/load/memory.ts'
import type { Fault } from '../../domain/fault.ts'
import type { EnvironmentLedger } from '../../domain/ledger.ts'
import { openLocalCluster } from '../../local/cluster.ts'
import { createReconciler } from '../../reconciler/reconciler.ts'
import { specFolder } from '../../publisher/spec-repository.ts'
import { apiPorts } from '../house/api-ports.ts'
import { keeperProgram, packageVersion } from '../house/assets.ts'
import type { ProcessEnvironment } from '../house/environment.ts'
import { type Opened, open } from '../house/open.ts'
import { type PublishedSpecs, publishSpecs } from '../specs/publish-specs.ts'
import { reconcilerPorts } from '../house/reconciler-ports.ts'
import type { Settings } from '../house/settings.ts'
import { kubeconfigOf, openClusters } from '../service/clusters.ts'
import { openTracker } from '../house/tracker.ts'
import { listenAgain } from './port.ts'
import type { Unsettled } from './state.ts'
import type { View } from './view.ts'

/** Everything that `up` runs in one process: database, API, local cluster, reconciler. */
export interface LocalHouse {
  readonly opened: Opened
  /** Where the API answers. */
  readonly url: string
  /** Why this process reconciles no longer: another one took over the same database. */
  replaced(): Fault | undefined
  /** Whether a cluster is connected for an environment. */
  connected(environment: string): boolean
  publish(): Promise<PublishedSpecs>
  /** What is not in the records: commits that the cluster has not applied, actions that are due. */
  unsettled(): Promise<readonly Unsettled[]>
  /** Resolves when something may have changed, at the latest after a second or when `stopped`. */
  nextChange(stopped: AbortSignal): Promise<void>
  /** The orderly stop: the local cluster goes down like a node. */
  stop(): Promise<void>
}

export async function openLocalHouse(
  settings: Settings,
  options: {
    port: number | undefined
    environment: ProcessEnvironment
    view: View
    now: () => Date
  },
): Promise<LocalHouse> {
  const { now, view } = options
  const tracker = openTracker(options.environment, (message) => view.line(`warn  ${message}`))
  // Before the database, as the deploy repository: what is refused is refused at once.
  const api = await listenAgain(settings.stateFolder, options.port ?? settings.port)
  const whole = await open(settings, options.environment, now, (deploy) => deploy.head()).catch(async (error) => {
    await api.close()
    throw error
  })
  // What a person edits here, also where services of this repository have a branch instead.
  const opened = { ...whole, specs: specFolder(settings.root, whole.gitEnvironment) }
  const memory = memoryOfProcess()
  const closers: (() => Promise<void>)[] = [() => opened.close(), () => api.close()]
  const stop = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer()
      } catch (error) {
        // What is left must be closed all the same: a full disk may not leave a server behind.
        view.line(`warn  stopping: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  try {
    const connectedTo = new Set<string>()
    const log = (entry: { level: string; message: string }): void => {
      if (entry.level === 'warn' || entry.level === 'error') view.line(`${entry.level}  ${entry.message}`)
    }
    const cluster = openLocalCluster({
      root: settings.root,
      stateFolder: join(settings.stateFolder, 'local'),
      environments: () => [...connectedTo],
      deploy: opened.deploy,
      keeperProgram: keeperProgram(),
      backendUrl: api.url,
      path: options.environment['PATH'] ?? '',
      now,
      log,
    })
    const kubeconfig = kubeconfigOf(options.environment)
    const clusters = openClusters({
      kubeconfig: kubeconfig?.kubeconfig ?? null,
      only: kubeconfig ? undefined : [],
      ...{ now, log },
      connected: (source) => reconciler.follow(source),
    })
    closers.push(() => clusters.close())
    const clusterOf = (environment: string) => (connectedTo.has(environment) ? cluster : clusters.of(environment))
    let replacedBy: Fault | undefined
    const { fence } = opened.records
    const reconciler = createReconciler(
      reconcilerPorts({
        ...{ opened, cluster: clusterOf, tracker, environment: options.environment, now, log },
        records: opened.records.fenced(await fence.take(`specyard up, process ${process.pid} on ${hostname()}`)),
        heard: async ({ environments }) => {
          for (const environment of localEnvironments(environments)) connectedTo.add(environment)
          await clusters.follow(environments)
        },
        replaced: (fault) => {
          replacedBy = fault
        },
      }),
    )
    opened.onPublication(() => {
      void cluster.refresh([])
      reconciler.changed({ everything: true })
    })
    const app = await createApi(
      apiPorts({ opened, clusterOf, reconciler, version: packageVersion(), hosts: api.hosts, now, log }),
    )
    await api.serve(app)
    await reconciler.pass()
    await cluster.start()
    reconciler.start({ cron: settings.reconcileCron })
    reconciler.follow(cluster)
    closers.push(() => reconciler.stop())
    closers.push(async () => {
      await cluster.stop('orderly')
      // A last look, so that nothing is remembered as healthy or running that has just been stopped.
      if (!replacedBy) await reconciler.pass()
    })
    const changes = await hearChanges(opened)
    closers.push(changes.close)
    return {
      opened,
      url: api.url,
      replaced: () => replacedBy,
      connected: (environment) => clusterOf(environment) !== undefined,
      publish: async () => {
        const published = await publishSpecs(opened, undefined, memory)
        for (const environment of localEnvironments(published.result.environments)) connectedTo.add(environment)
        reconciler.changed({ everything: true })
        return published
      },
      unsettled: async () => {
        const head = await opened.deploy.head()
        const pending = await opened.records.actions.pendingCount()
        return [
          ...cluster.behind(head).map((why) => ({ what: 'the local cluster', why })),
          ...(pending > 0 ? [{ what: 'the reconciler', why: `${pending} actions are not done` }] : []),
          ...(reconciler.idle() ? [] : [{ what: 'the reconciler', why: 'is looking at changes' }]),
        ]
      },
      nextChange: changes.next,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function localEnvironments(environments: readonly EnvironmentLedger[]): readonly string[] {
  return environments.filter(({ cluster }) => cluster === 'local').map(({ environment }) => environment)
}

/** Turns the messages about runs into one «something changed», so that a burst is looked at once. */
async function hearChanges(
  opened: Opened,
): Promise<{ next(stopped: AbortSignal): Promise<void>; close(): Promise<void> }> {
  let wake: (() => void) | undefined
  let missed = false
  const unsubscribe = await opened.live.subscribe(() => {
    missed = true
    wake?.()
  })
  return {
    next: (stopped) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(latest)
          stopped.removeEventListener('abort', done)
          wake = undefined
          missed = false
          // A short pause gathers a burst; the picture is drawn at most five times a second.
          setTimeout(resolve, 200)
        }
        const latest = setTimeout(done, 1000)
        stopped.addEventListener('abort', done)
        wake = done
        if (missed || stopped.aborted) done()
      }),
    close: unsubscribe,
  }
}
