import { createHmac, randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { argocdRules, leadershipRules, projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { type KubernetesObject, resource } from '../../cluster/base/kubernetes.ts'
import { freePort } from '../../cluster/base/ports.ts'
import { until } from '../../cluster/base/wait.ts'
import { argocdNamespace } from '../../cluster/parts/argocd.ts'
import type { Application } from '../../cluster/support/applications.ts'
import { type Cluster, makeNamespace, removeNamespace } from '../../cluster/support/cluster.ts'
import { type Identity, makeIdentity } from '../../cluster/support/identities.ts'
import { createRepository, type Repository } from '../../cluster/support/repositories.ts'
import { createServerDatabase, redisUrl, type TestDatabase } from '../../support/database.ts'
import { buildProgram, endOf, type Running, startProgram, untilSaid } from '../../support/main-job/program.ts'
import { environmentSpec, trainingSpec } from './specs.ts'

/*
 * Specyard as its chart installs it, over a test bed: the API in one process, a reconciler that leads by a Lease in another, a PostgreSQL and a Redis
 * between them, the rights of the chart's Roles and no more, Argo CD over the root Application. Settings are those that come without being set.
 */

export interface House {
  readonly environment: string
  readonly namespace: string
  readonly specs: Repository
  readonly deploy: Repository
  readonly database: TestDatabase & { readonly url: string }
  /** As which the product asks the API server. */
  readonly identity: Identity
  readonly api: Running
  readonly reconciler: Running
  /** Of the users' API. */
  readonly url: string
  /** Commits files below `specs/` and tells the product of it, as a forge does by its webhook. @returns the commit */
  merge(files: Readonly<Record<string, string>>): Promise<string>
  close(): Promise<void>
}

export async function openHouse(cluster: Cluster): Promise<House> {
  const program = buildProgram()
  const environment = `b${randomBytes(3).toString('hex')}`
  const namespace = await makeNamespace(cluster, 'bench')
  const specs = await createRepository(cluster, `${environment}-specs`)
  const deploy = await createRepository(cluster, `${environment}-deploy`)
  const database = await createServerDatabase()
  const identity = await specyardIdentity(cluster, namespace)
  const home = join(cluster.folder, 'benches', environment)
  mkdirSync(home, { recursive: true })
  const settings = [
    'apiVersion: specyard.dev/v1',
    'kind: Settings',
    `specs: { repository: '${specs.url}' }`,
    `deploy: { repository: '${deploy.url}' }`,
  ]
  writeFileSync(join(home, 'specyard.yaml'), `${settings.join('\n')}\n`)
  const secret = randomBytes(16).toString('hex')
  const signingKey = randomBytes(32).toString('hex')
  const start = (name: string, words: readonly string[], more: Readonly<Record<string, string>> = {}): Running => {
    const own = join(home, name)
    mkdirSync(own, { recursive: true })
    const variables = {
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl(),
      SPECYARD_SIGNING_KEY: signingKey,
      SPECYARD_WEBHOOK_SECRET: secret,
    }
    return startProgram(program, home, words, {
      environment: { ...variables, HOME: own, SPECYARD_STATE: join(own, 'state'), ...more },
    })
  }
  const running: Running[] = []
  // Whoever ends the bench before its time ends these, too: they would look for their database for ever.
  const endAll = (): void => {
    for (const one of running) if (!one.hasEnded()) one.kill('SIGKILL')
  }
  process.once('exit', endAll)
  const close = async (): Promise<void> => {
    for (const one of running) {
      if (one.hasEnded()) continue
      one.kill('SIGTERM')
      await endOf(one, 120)
    }
    process.off('exit', endAll)
    await removeApplications(cluster, environment)
    await removeNamespace(cluster, namespace)
    await database.close()
    program.remove()
    rmSync(home, { recursive: true, force: true })
  }
  try {
    const callbacks = `127.0.0.1:${await freePort()}`
    const api = start('api', ['serve', '--no-reconcile', '--port', '0', '--callbacks', callbacks])
    running.push(api)
    await untilSaid(api, /callbacks {3}http/)
    const lease = ['--lease', `${namespace}/reconciler`]
    const reconciler = start('reconciler', ['reconcile', ...lease], { KUBECONFIG: identity.kubeconfig })
    running.push(reconciler)
    await untilSaid(reconciler, /leads by the Lease/)
    const url = /API +(\S+)/.exec(api.said())?.[1] ?? ''
    const house: House = {
      ...{ environment, namespace, specs, deploy, database, identity, api, reconciler, url, close },
      merge: async (files) => {
        const below = Object.fromEntries(Object.entries(files).map(([path, text]) => [`specs/${path}`, text]))
        const commit = await specs.commit('Change specs', below)
        await tellOfPush(`http://${callbacks}`, secret)
        return commit
      },
    }
    const told = { environment, namespace, context: cluster.context, callback: `http://${callbacks}` }
    // With a first training the Application over all of them comes, which is not part of what a further one takes.
    await house.merge({ 'environment.yaml': environmentSpec(told), 'first.yaml': trainingSpec(environment, 'first') })
    const root = await endOf(start('api', ['bootstrap']), 60)
    await cluster.kubernetes.apply(parse(root.stdout) as KubernetesObject)
    const application = `${environment}.language.jobs`
    await untilSynced(cluster, application)
    return house
  } catch (error) {
    const said = running.map((one) => one.said()).join('\n')
    await close()
    throw new Error(`the product did not start; it said:\n${said}`, { cause: error })
  }
}

/** What the chart's Roles allow, in one identity, so that the audit log tells what the product did. */
async function specyardIdentity(cluster: Cluster, namespace: string): Promise<Identity> {
  const identity = await makeIdentity(cluster, namespace, 'specyard', [...projectRules, ...leadershipRules])
  const group = 'rbac.authorization.k8s.io'
  const metadata = { name: `${namespace}-specyard`, namespace: argocdNamespace }
  await cluster.kubernetes.apply({ apiVersion: `${group}/v1`, kind: 'Role', metadata, rules: argocdRules })
  await cluster.kubernetes.apply({
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: 'specyard', namespace }],
  })
  return identity
}

async function tellOfPush(door: string, secret: string): Promise<void> {
  const body = JSON.stringify({ ref: 'refs/heads/main' })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature }
  const answer = await fetch(`${door}/v1/hooks/push`, { method: 'POST', headers, body })
  if (!answer.ok) throw new Error(`the webhook was refused: ${answer.status} ${await answer.text()}`)
}

/** Waits until Argo CD has made the first Job. */
async function untilSynced({ kubernetes }: Cluster, application: string): Promise<void> {
  const path = resource('argoproj.io/v1alpha1', 'applications', argocdNamespace, application)
  await until(
    `Application ${application} to be synced`,
    async () => (await kubernetes.get<Application>(path))?.status?.operationState?.phase === 'Succeeded',
    { seconds: 120 },
  )
}

async function removeApplications({ kubernetes }: Cluster, environment: string): Promise<void> {
  const path = resource('argoproj.io/v1alpha1', 'applications', argocdNamespace)
  const own = (await kubernetes.list(path)).filter(({ metadata }) => metadata.name.startsWith(`${environment}.`))
  // The root first, or it makes the others again; without their finalizers, since the whole namespace goes.
  for (const { metadata } of [...own].sort((left) => (left.metadata.name.endsWith('.applications') ? -1 : 1))) {
    await kubernetes.patch(`${path}/${metadata.name}`, { metadata: { finalizers: null } })
    await kubernetes.remove(`${path}/${metadata.name}`)
  }
}
