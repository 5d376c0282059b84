import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { installChart } from '../../charts/install-chart.ts'
import { createServerDatabase, redisUrl } from '../../support/database.ts'
import { openTcpProxy } from '../../support/tcp-proxy.ts'
import { run } from '../base/command.ts'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { type Cluster, makeNamespace, realNodeOf, removeNamespace } from '../support/cluster.ts'
import { createRepository, type Repository } from '../support/repositories.ts'
import { loadProductImage } from './product-image.ts'

/** What an installation of the chart needs before it begins: namespaces, Secrets, a database, Redis, a deploy repository and an image. */
export interface Ground {
  /** Namespace of the release. */
  readonly release: string
  /** Namespace of a project. */
  readonly project: string
  /** Of this installation alone: Applications of several share one namespace. */
  readonly environment: string
  readonly deploy: Repository
  readonly specs: Repository
  /** Values of the chart for this place. */
  readonly values: Readonly<Record<string, unknown>>
  /** Names of the migrations that the database has had, in order; none where the schema is not there. */
  migrations(): Promise<readonly string[]>
  close(): Promise<void>
}

export async function prepareGround(cluster: Cluster): Promise<Ground> {
  const { host } = realNodeOf(cluster).network
  const image = await loadProductImage(cluster)
  const database = await createServerDatabase()
  // They listen on loopback alone; pods come by the bridge.
  const gateways = [await openTcpProxy(database.url, host), await openTcpProxy(redisUrl(), host)]
  const release = await makeNamespace(cluster, 'specyard')
  const project = await makeNamespace(cluster, 'language')
  const environment = `e${randomBytes(3).toString('hex')}`
  const deploy = await createRepository(cluster, `deploy-${release}`)
  const specs = await createRepository(cluster, `specs-${release}`)
  const [databaseUrl = '', redis = ''] = gateways.map(({ url }) => url)
  await cluster.kubernetes.apply({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'specyard', namespace: release } },
    stringData: {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis,
      SPECYARD_SIGNING_KEY: randomBytes(32).toString('base64'),
    },
  } as KubernetesObject)
  const named = { name: 'specyard' }
  return {
    release,
    project,
    environment,
    deploy,
    specs,
    values: {
      image,
      settings: {
        deploy: { repository: deploy.urlForPods },
        specs: { repository: specs.urlForPods },
        reconcile: { cron: '* * * * * *' },
      },
      environments: [environment],
      namespaces: [project],
      argocd: { namespace: argocdNamespace },
      secrets: { database: named, redis: named, signingKey: named },
    },
    migrations: async () => {
      const session = await database.pool.connect()
      try {
        const { rows } = await session.query<{ name: string }>('select name from schema_migrations order by name', [])
        return rows.map(({ name }) => name)
      } catch {
        return []
      } finally {
        session.release()
      }
    },
    close: async () => {
      for (const name of [release, project]) await removeNamespace(cluster, name)
      for (const gateway of gateways) await gateway.close()
      await database.close()
    },
  }
}

export type HelmVerb = 'install' | 'upgrade' | 'uninstall'

/** Installs, changes or takes away the release. @throws Error with Helm's own words */
export async function helm(
  cluster: Cluster,
  { release }: Ground,
  verb: HelmVerb,
  values: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-helm-'))
  try {
    const file = join(folder, 'values.yaml')
    writeFileSync(file, stringify(values))
    const chart = verb === 'uninstall' ? [] : [installChart, '-f', file, '--timeout', '2m']
    const place = ['--namespace', release, '--kubeconfig', cluster.kubeconfig]
    return await run(cluster.programs.helm, [verb, 'specyard', ...chart, ...place], { environment: { HOME: folder } })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface Pod extends KubernetesObject {
  readonly status: {
    readonly podIP?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly containerStatuses?: readonly { readonly restartCount: number }[]
  }
}

/** Waits until so many pods of a component are there, each ready. */
export function untilReady(
  cluster: Cluster,
  { release }: Ground,
  component: 'api' | 'reconciler',
  count: number,
): Promise<readonly Pod[]> {
  const isReady = ({ status }: Pod) =>
    status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false
  const look = async () => {
    const all = await cluster.kubernetes.list<Pod>(resource('v1', 'pods', release))
    const own = all.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === component)
    return own.length === count && own.every(isReady) && own
  }
  return until(`${count} ready pods of the ${component}`, look, { seconds: 120 })
}

export const migrationPath = (release: string): string => resource('batch/v1', 'jobs', release, 'specyard-migration')
