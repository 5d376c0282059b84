import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installChart } from '../../charts/install-chart.ts'
import { filesBelow } from '../../support/charts.ts'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { type Application, applicationPath, refresh, untilSynced } from '../support/applications.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { createRepository, type Repository } from '../support/repositories.ts'
import { type Ground, migrationPath, prepareGround } from './installation.ts'

/*
 * The chart as Argo CD itself renders and applies it, on a real node, over a real PostgreSQL.
 */

let cluster: Cluster
let ground: Ground
let repository: Repository
const name = 'specyard-chart'

interface Synced extends Application {
  readonly status: NonNullable<Application['status']> & {
    readonly resources: readonly {
      readonly kind: string
      readonly name: string
      readonly status?: string
      readonly hook?: boolean
    }[]
    readonly operationState: {
      readonly phase: string
      readonly message?: string
      readonly syncResult: {
        readonly revision: string
        readonly resources: readonly {
          readonly kind: string
          readonly name: string
          readonly hookType?: string
          readonly hookPhase?: string
          readonly message?: string
        }[]
      }
    }
  }
}

async function apply(values: Readonly<Record<string, unknown>>): Promise<void> {
  const application: KubernetesObject = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: argocdNamespace, finalizers: ['resources-finalizer.argocd.argoproj.io'] },
    spec: {
      project: 'default',
      source: {
        repoURL: repository.url,
        targetRevision: 'main',
        path: 'charts/specyard',
        helm: { releaseName: 'specyard', valuesObject: values },
      },
      destination: { server: 'https://kubernetes.default.svc', namespace: ground.release },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  }
  await cluster.kubernetes.apply(application)
}

const read = async (): Promise<Synced> => (await cluster.kubernetes.get<Synced>(applicationPath(name))) as Synced
const jobUid = async () => (await cluster.kubernetes.get(migrationPath(ground.release)))?.metadata.uid

beforeAll(async () => {
  if (!hasRealNode()) return
  cluster = theCluster()
  ground = await prepareGround(cluster)
  repository = await createRepository(cluster, `chart-${ground.release}`)
  const files = filesBelow('charts/specyard').map((path) => [
    path,
    readFileSync(join(installChart, '..', '..', path), 'utf8'),
  ])
  const commit = await repository.commit('The chart', Object.fromEntries(files) as Record<string, string>)
  await apply(ground.values)
  await untilSynced(cluster, name, commit, 150)
}, 300_000)
afterAll(async () => {
  if (ground === undefined) return
  await cluster.kubernetes.remove(applicationPath(name))
  const isGone = async () => (await cluster.kubernetes.get(applicationPath(name))) === undefined
  await until('Argo CD to have taken everything away', isGone, { seconds: 60 })
  await ground.close()
})

describe.runIf(hasRealNode())('the chart specyard under Argo CD', () => {
  it('migrates the database before anything else, as a hook of its own', async () => {
    const { syncResult } = (await read()).status.operationState
    const hooks = syncResult.resources.filter(({ hookType }) => hookType !== undefined)
    expect(hooks).toMatchObject([
      { kind: 'Job', name: 'specyard-migration', hookType: 'PreSync', hookPhase: 'Succeeded' },
    ])
    const migrations = await ground.migrations()
    expect(migrations.length).toBeGreaterThan(0)
    const job = (await cluster.kubernetes.get(migrationPath(ground.release))) as unknown as {
      status: { completionTime: string }
    }
    const api = await cluster.kubernetes.get(resource('apps/v1', 'deployments', ground.release, 'specyard-api'))
    const created = String(api?.metadata['creationTimestamp'])
    expect(Date.parse(created)).toBeGreaterThanOrEqual(Date.parse(job.status.completionTime))
  })

  it('is rendered whole and left alone: every object is synced, and nothing is seen as changed', async () => {
    const { resources, sync, conditions = [] } = (await read()).status
    expect(sync?.status).toBe('Synced')
    expect(conditions).toEqual([])
    const objects = resources.filter(({ hook }) => hook !== true)
    const kinds = [...new Set(objects.map(({ kind }) => kind))].sort()
    expect(kinds).toEqual([
      'ConfigMap',
      'Deployment',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Role',
      'RoleBinding',
      'Service',
      'ServiceAccount',
    ])
    expect(objects.filter(({ status }) => status !== 'Synced')).toEqual([])
  })

  it('is healthy once its pods are ready, the reconciler that waits included', async () => {
    const isHealthy = ({ status }: Application) => status?.health?.status === 'Healthy'
    await cluster.kubernetes.until<Application>(applicationPath(name), 'to be healthy', isHealthy, 90)
  })

  it('a changed value makes new pods after another migration, which finds nothing to do', async () => {
    const before = { job: await jobUid(), migrations: await ground.migrations() }
    const settings = { deploy: { repository: ground.deploy.urlForPods, branch: 'other' } }
    await apply({ ...ground.values, settings })
    await refresh(cluster, name)
    await cluster.kubernetes.until<KubernetesObject & { data: Record<string, string> }>(
      resource('v1', 'configmaps', ground.release, 'specyard'),
      'to name the other branch',
      ({ data }) => data['specyard.yaml']?.includes('"other"'),
      90,
    )
    expect(await jobUid()).not.toBe(before.job)
    expect(await ground.migrations()).toEqual(before.migrations)
  })
})
