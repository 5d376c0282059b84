import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { readLedger } from '../../../domain/ledger-files.ts'
import type { Deployed } from '../../../domain/publication.ts'
import { memoryLiveState } from '../../../local/live.ts'
import { openRecords } from '../../../records/open.ts'
import { queryOnce } from '../../../records/pool.ts'
import { inParallel } from '../../../reconciler/parallel.ts'
import { createReconciler } from '../../../reconciler/reconciler.ts'
import { compileTexts, deployedAfter, manifests, nothing, training } from '../../support/compiler.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { type KubernetesObject } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { applyServingDefinitions, followedKinds } from '../support/serving-crds.ts'
import { follow, type Following } from './following.ts'

/*
 * A list of everything, read anew, is what was known: it tells of no change, and no record changes by it. Ten thousand Jobs are a matter of
 * `npm run bench:cluster`.
 */

const trainings = 300
const environment = 'prod'

/** What the compiler publishes for so many trainings of one project. */
function published(namespace: string): Deployed {
  const base = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${environment} }
spec: { cluster: { kubernetes: { context: here, namespaces: { language: ${namespace} } } } }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`
  const image = `ghcr.io/example/trainer@sha256:${'0'.repeat(64)}`
  const texts = Array.from({ length: trainings }, (_, number) =>
    training(`training-${number}`)
      .replace('environment: dev', `environment: ${environment}`)
      .replace('image: example/trainer:1', `image: ${image}`),
  )
  return deployedAfter(nothing, compileTexts(texts, nothing, base).change)
}

describe(`of ${trainings} trainings that go on`, () => {
  let cluster: Cluster
  let namespace: string
  let database: TestDatabase
  let following: Following
  let deployed: Deployed
  beforeAll(async () => {
    cluster = theCluster()
    await applyServingDefinitions(cluster.kubernetes, followedKinds)
    namespace = await makeNamespace(cluster, 'relist')
    deployed = published(namespace)
    database = await openTestDatabase()
    await inParallel(manifests(deployed), 16, async (path) => {
      const documents = parseAllDocuments(deployed.files.get(path) ?? '').map((one) => one.toJS() as KubernetesObject)
      for (const { metadata, spec, ...rest } of documents) {
        // Held back, so that no pod of theirs changes by what else the cluster does meanwhile.
        const held = rest.kind === 'Job' ? { ...(spec as object), suspend: true } : spec
        await cluster.kubernetes.apply({ ...rest, spec: held, metadata: { ...metadata, namespace } })
      }
    })
    const times = { relistMilliseconds: 1000, watchSeconds: 2 }
    following = await follow(cluster, [namespace], { environment, argocd: false, times })
  })
  afterAll(async () => {
    await database?.close()
    await removeNamespace(cluster, namespace)
  })

  it('no record changes and nothing is told when everything is listed anew', async () => {
    const records = openRecords(database.pool)
    const now = (): Date => new Date()
    const failures: string[] = []
    const reconciler = createReconciler({
      records,
      live: memoryLiveState(now),
      cluster: (name) => (name === environment ? following.source : undefined),
      deploy: {
        read: async () => ({ commit: null, headOf: () => null, ledger: readLedger(deployed.files) }),
        log: async () => [],
      },
      operate: () => Promise.reject(new Error('nothing asks for a commit')),
      mintToken: async () => ({ token: 'a-token', expiresAt: new Date(Date.now() + 6 * 3600_000) }),
      now,
      log: ({ level, message }) => level !== 'debug' && failures.push(`${level}: ${message}`),
    })
    const remembered = async (): Promise<unknown> => ({
      runs: await queryOnce(database.pool, 'select * from training_jobs order by id'),
      attempts: await queryOnce(database.pool, 'select * from training_job_attempts order by job_id, attempt'),
      events: await queryOnce(database.pool, 'select count(*) as many from training_job_events'),
      actions: await queryOnce(database.pool, 'select count(*) as many from actions'),
    })
    const lists = (): number => Math.min(...following.staleness().map((one) => one.lists))
    // The controller of Jobs says by then of each that it is held back, and has nothing more to say.
    const areHeld = async (): Promise<boolean> => {
      const held = (await following.view()).jobs.filter((one) =>
        one.conditions.some(({ type }) => type === 'Suspended'),
      )
      return held.length === trainings
    }
    await until('every Job to be held back', areHeld, { seconds: 120 })
    const isSettled = async (): Promise<boolean> => {
      const earlier = JSON.stringify(await remembered())
      await reconciler.pass()
      return JSON.stringify(await remembered()) === earlier
    }
    await until('nothing more to be recorded', isSettled, { seconds: 120 })
    expect((await following.view()).leases).toHaveLength(trainings)
    const before = await remembered()
    expect(await records.runs.openIds()).toHaveLength(trainings)
    const [listed, told] = [lists(), following.keys.length]

    for (let number = 1; number <= 3; number += 1) {
      await until('one more list of each kind', () => lists() >= listed + number, { seconds: 60 })
      await reconciler.pass()
    }

    expect(following.keys.slice(told)).toEqual([])
    expect(await remembered()).toEqual(before)
    expect(failures).toEqual([])
  })
})
