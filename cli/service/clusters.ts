import type { EnvironmentLedger } from '../../domain/ledger.ts'
import { isFault } from '../../domain/fault.ts'
import type { LogEntry } from '../../reconciler/ports.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'
import type { ConnectedKubernetes } from '../../reconciler/sources/kubernetes/connect.ts'
import type { ProcessEnvironment } from '../house/environment.ts'

/** Argo CD's own default, and where the Applications that we write say they are. */
export const argocdNamespace = 'argocd'

/** How long ago a kind of object was heard of last; null before the first time. */
export interface CollectionAge {
  readonly environment: string
  readonly collection: string
  readonly seconds: number | null
}

/** The Kubernetes clusters that this process may look at. */
export interface Clusters {
  /** Connects what the ledger names and is not connected yet, and lets go of what it names no longer. */
  follow(environments: readonly EnvironmentLedger[]): Promise<void>
  /** The cluster of an environment; undefined where none is connected. */
  of(environment: string): ClusterSource | undefined
  /** How old what is known is, of each environment and kind of object. */
  staleness(): readonly CollectionAge[]
  close(): Promise<void>
}

export interface ClustersOptions {
  /** A kubeconfig whose contexts the environments name; null for the service account of the pod that this runs in. */
  readonly kubeconfig: string | null
  /** These alone; undefined for all that the ledger names. */
  readonly only: readonly string[] | undefined
  readonly now: () => Date
  log(entry: LogEntry): void
  /** Hears of a cluster that was connected. Returns what ends it. */
  connected(source: ClusterSource): () => void
}

/** Which clusters the environment variables let this process look at; undefined for none. */
export function kubeconfigOf(environment: ProcessEnvironment): { readonly kubeconfig: string | null } | undefined {
  // A file under the home folder is not taken: it is a person's, and naming a cluster there must not make this process write leases to it.
  if (environment['KUBECONFIG']) return { kubeconfig: environment['KUBECONFIG'] }
  if (environment['KUBERNETES_SERVICE_HOST']) return { kubeconfig: null }
  return undefined
}

interface Connection extends ConnectedKubernetes {
  readonly told: string
  readonly unwatch: () => void
}

export function openClusters(options: ClustersOptions): Clusters {
  const connections = new Map<string, Connection>()
  const refused = new Map<string, string>()

  const connect = async (entry: EnvironmentLedger): Promise<void> => {
    const { environment, namespaces } = entry
    const told = JSON.stringify(entry)
    if (connections.get(environment)?.told === told || refused.get(environment) === told) return
    await letGo(environment)
    try {
      const { connectKubernetes } = await import('../../reconciler/sources/kubernetes/connect.ts')
      const { kubeconfig, now, log } = options
      // A pod's service account has one cluster, whatever a kubeconfig elsewhere calls it.
      const context = kubeconfig === null ? null : entry.context
      const connected = await connectKubernetes({
        ...{ environment, kubeconfig, context, namespaces, argocdNamespace, now, log },
      })
      connections.set(environment, { ...connected, told, unwatch: options.connected(connected.source) })
      refused.delete(environment)
    } catch (error) {
      if (!isFault(error, 'SETTINGS_INVALID')) throw error
      refused.set(environment, told)
      log(options, environment, error.message)
    }
  }
  const letGo = async (environment: string): Promise<void> => {
    const connection = connections.get(environment)
    connections.delete(environment)
    connection?.unwatch()
    await connection?.close()
  }
  return {
    follow: async (environments) => {
      const wanted = environments.filter(
        ({ cluster, environment }) => cluster === 'kubernetes' && (options.only?.includes(environment) ?? true),
      )
      for (const name of [...connections.keys()])
        if (!wanted.some(({ environment }) => environment === name)) await letGo(name)
      for (const entry of wanted) await connect(entry)
    },
    of: (environment) => connections.get(environment)?.source,
    staleness: () =>
      [...connections].flatMap(([environment, { staleness }]) =>
        staleness().map(({ name, ageSeconds }) => ({ environment, collection: name, seconds: ageSeconds })),
      ),
    close: async () => {
      for (const environment of [...connections.keys()]) await letGo(environment)
    },
  }
}

function log({ log: say }: ClustersOptions, environment: string, why: string): void {
  say({ level: 'warn', message: `environment ${environment} is not connected: ${why}` })
}
