import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { run } from '../base/command.ts'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { type Cluster, hasRealNode, realNodeOf, theCluster } from '../support/cluster.ts'
import { type RunAnswer, trainingSpec } from '../support/yard.ts'
import { type Forward, forwardPort } from './forward.ts'
import { type Ground, helm, prepareGround, untilReady } from './installation.ts'

/*
 * From a commit to a model version with nothing but what the chart installs: its pods publish, its Role grants the lease, and trainers report to
 * its port. People look through a port-forward, as the chart's notes say.
 */

let cluster: Cluster
let ground: Ground
let users: Forward

beforeAll(async () => {
  if (!hasRealNode()) return
  cluster = theCluster()
  ground = await prepareGround(cluster)
  await helm(cluster, ground, 'install', ground.values)
  await untilReady(cluster, ground, 'reconciler', 2)
  const [api] = await untilReady(cluster, ground, 'api', 2)
  await commit({ 'environment.yaml': environmentSpec(`http://${api?.status.podIP}:8788`) })
  users = await forwardPort(cluster, ground.release, 'deployment/specyard-api', 8787)
  const root = await specyard('bootstrap', '--environment', ground.environment)
  await cluster.kubernetes.apply(parse(root) as KubernetesObject)
}, 300_000)
afterAll(async () => {
  if (ground === undefined) return
  users?.close()
  await removeApplications()
  await helm(cluster, ground, 'uninstall')
  await ground.close()
})

const kubectl = (...words: readonly string[]) =>
  run(cluster.programs.kubectl, ['--kubeconfig', cluster.kubeconfig, '--namespace', ground.release, ...words])

/** The command line in a pod of the API. */
const specyard = (command: string, ...words: readonly string[]) =>
  kubectl('exec', 'deployment/specyard-api', '--', 'specyard', command, '--directory', '/etc/specyard', ...words)

const commit = (files: Readonly<Record<string, string>>) =>
  ground.specs.commit(
    'Change specs',
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`specs/${path}`, text])),
  )

function environmentSpec(callback: string): string {
  const { images } = realNodeOf(cluster)
  return `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${ground.environment} }
spec:
  cluster: { kubernetes: { context: any, namespaces: { language: ${ground.project} } } }
  callback: { url: '${callback}' }
  lease: { image: '${images.busybox}' }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: handbook, project: language }
spec: { uri: examples/handbook/data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: handbook-lm, project: language }
spec: { family: char-loglinear }
`
}

/** The root first, or it makes the others again; without their finalizers, since the whole namespace goes. */
async function removeApplications(): Promise<void> {
  const path = resource('argoproj.io/v1alpha1', 'applications', argocdNamespace)
  const own = (await cluster.kubernetes.list(path)).filter(({ metadata }) =>
    metadata.name.startsWith(`${ground.environment}.`),
  )
  const rootFirst = [...own].sort(({ metadata }) => (metadata.name.endsWith('.applications') ? -1 : 1))
  for (const { metadata } of rootFirst) {
    await cluster.kubernetes.patch(`${path}/${metadata.name}`, { metadata: { finalizers: null } })
    await cluster.kubernetes.remove(`${path}/${metadata.name}`)
  }
}

async function untilRun(name: string, what: string, isSo: (run: RunAnswer) => unknown): Promise<RunAnswer> {
  let last: RunAnswer | undefined
  const look = async () => {
    const { items } = await users.ask<{ items: readonly { id: string }[] }>(`/v1/jobs?name=${name}`)
    last = items[0] && (await users.ask<RunAnswer>(`/v1/jobs/${items[0].id}`))
    return last && isSo(last) ? last : undefined
  }
  return until(`run ${name} ${what}`, look, { seconds: 120 }).catch(async (error: unknown) => {
    const logs = await kubectl('logs', '--selector=app.kubernetes.io/name=specyard', '--prefix', '--tail=40')
    throw new Error(`${String(error)}\nit is: ${JSON.stringify(last)}\nthe pods said:\n${logs}`)
  })
}

describe.runIf(hasRealNode())('a Specyard that the chart has installed', () => {
  it('publishes a merged spec and trains it on the node', async () => {
    const { environment } = ground
    await commit({ 'training.yaml': trainingSpec(cluster, { environment, more: '  ttlSecondsAfterFinished: 5\n' }) })
    const ended = await untilRun('handbook-lm', 'to end', ({ state }) => /SUCCEEDED|FAILED|CANCELLED/.test(state))
    expect(ended).toMatchObject({ state: 'SUCCEEDED', attempt: 1 })
  })

  it('keeps the evidence, registers the model and retires the Job by a commit', async () => {
    const retired = await untilRun('handbook-lm', 'to be retired', ({ attempts }) => attempts[0]?.retired_at)
    expect(retired.attempts[0]?.evidence).toMatchObject({ exit_code: 0, node: realNodeOf(cluster).name })
    const { items } = await users.ask<{ items: readonly { model: string; version: number }[] }>('/v1/models')
    expect(items).toMatchObject([{ model: 'handbook-lm', version: 1 }])
    const job = resource('batch/v1', 'jobs', ground.project, retired.attempts[0]?.job_name)
    await until('the Job to be pruned', async () => (await cluster.kubernetes.get(job)) === undefined, { seconds: 60 })
  })

  it('answers the command line in a pod, from the records alone', async () => {
    expect(await specyard('status')).toMatch(/handbook-lm.*SUCCEEDED/)
    expect(await specyard('logs', 'handbook-lm')).toContain('[TRACE:')
    expect(await specyard('trace', 'handbook-lm@1')).toContain('specs/training.yaml')
  })

  it('cancels a run that a person asks the API to cancel', async () => {
    const { environment } = ground
    const command = ['sh', '-c', 'trap "exit 143" TERM; sleep 600 & wait']
    await commit({ 'long.yaml': trainingSpec(cluster, { environment, name: 'long', seed: 2, command }) })
    const running = await untilRun('long', 'to run', ({ state }) => state === 'RUNNING')
    await users.ask(`/v1/jobs/${running.id}/cancel`, 'POST')
    const ended = await untilRun('long', 'to be cancelled', ({ state }) => state === 'CANCELLED')
    expect(ended.id).toBe(running.id)
  })

  it('has not restarted a pod meanwhile', async () => {
    for (const component of ['api', 'reconciler'] as const) {
      const pods = await untilReady(cluster, ground, component, 2)
      expect(pods.map(({ status }) => status.containerStatuses?.[0]?.restartCount)).toEqual([0, 0])
    }
  })
})
