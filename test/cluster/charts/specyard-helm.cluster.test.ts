import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type Ground, helm as installHelm, type HelmVerb, migrationPath, prepareGround } from './installation.ts'

/*
 * The chart as a person installs it with Helm, on a real node, over a real PostgreSQL.
 */

let cluster: Cluster
let ground: Ground

beforeAll(async () => {
  if (!hasRealNode()) return
  cluster = theCluster()
  ground = await prepareGround(cluster)
}, 120_000)
afterAll(async () => {
  if (ground === undefined) return
  await ground.close()
})

const helm = (verb: HelmVerb, values?: Readonly<Record<string, unknown>>) => installHelm(cluster, ground, verb, values)

const job = () =>
  cluster.kubernetes.get<KubernetesObject & { status?: { succeeded?: number } }>(migrationPath(ground.release))
const namesOf = async (apiVersion: string, plural: string, namespace: string) =>
  (await cluster.kubernetes.list<KubernetesObject>(resource(apiVersion, plural, namespace))).map(
    ({ metadata }) => metadata.name,
  )

describe.runIf(hasRealNode())('the chart specyard installed with Helm', () => {
  it('a migration that fails ends the installation before anything else is there', async () => {
    const missing = { ...ground.values, settings: { deploy: { repository: 'https://git.example.com/d.git' } } }
    const secrets = {
      database: { name: 'there-is-none' },
      redis: { name: 'specyard' },
      signingKey: { name: 'specyard' },
    }
    const migration = { activeDeadlineSeconds: 10 }
    await expect(helm('install', { ...missing, secrets, migration })).rejects.toThrow(/pre-install/)
    expect(await namesOf('apps/v1', 'deployments', ground.release)).toEqual([])
    await helm('uninstall')
  })

  it('an installation migrates the database, and says how people and trainers get to it', async () => {
    const said = await helm('install', ground.values)
    expect(said).toContain(`http://specyard-callbacks.${ground.release}`)
    expect(said).toContain('port-forward deployment/specyard-api 8787:8787')
    expect((await job())?.status?.succeeded).toBe(1)
    expect((await ground.migrations()).length).toBeGreaterThan(0)
    expect(await namesOf('apps/v1', 'deployments', ground.release)).toEqual(['specyard-api', 'specyard-reconciler'])
  })

  it('an upgrade to the other mode of the reconciler migrates again and takes the Deployment away', async () => {
    const before = (await job())?.metadata.uid
    await helm('upgrade', { ...ground.values, reconciler: { mode: 'cronjob' } })
    expect((await job())?.metadata.uid).not.toBe(before)
    expect(await namesOf('apps/v1', 'deployments', ground.release)).toEqual(['specyard-api'])
    expect(await namesOf('batch/v1', 'cronjobs', ground.release)).toEqual(['specyard-reconciler'])
  })

  it('what is left after it is uninstalled is the last migration, and no right in the namespace of a project', async () => {
    await helm('uninstall')
    expect(await namesOf('apps/v1', 'deployments', ground.release)).toEqual([])
    expect(await namesOf('batch/v1', 'cronjobs', ground.release)).toEqual([])
    expect(await namesOf('batch/v1', 'jobs', ground.release)).toContain('specyard-migration')
    const group = 'rbac.authorization.k8s.io/v1'
    for (const [plural, namespace] of [
      ['roles', ground.project],
      ['rolebindings', ground.project],
      ['roles', 'argocd'],
    ] as const)
      expect((await namesOf(group, plural, namespace)).filter((one) => one.startsWith(`${ground.release}.`))).toEqual(
        [],
      )
  })
})
