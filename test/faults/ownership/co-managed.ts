import { randomUUID } from 'node:crypto'
import { leaseSecretName } from '../../../domain/names.ts'
import { isFault } from '../../../domain/fault.ts'
import { type ConnectedKubernetes, connectKubernetes } from '../../../reconciler/sources/kubernetes/connect.ts'
import { argocdRules, projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { type KubernetesObject, resource } from '../../cluster/base/kubernetes.ts'
import { until } from '../../cluster/base/wait.ts'
import { type Cluster, makeNamespace, removeNamespace } from '../../cluster/support/cluster.ts'
import { makeIdentity } from '../../cluster/support/identities.ts'
import { type ClusterStage, createFindings, type Findings, type Outcome } from '../promise.ts'
import { createRandom, type Random } from '../random.ts'
import { serveApplications } from './applications.ts'
import { at, expectKept, type Field, fieldsOfOthers, writeAs } from './others.ts'

/*
 * P12c: objects of a real API server that others write beside us: the Secrets of leases, which we renew, and Applications, which we ask Argo CD to
 * look at. What others wrote stays as it is, before us or at the same time. Where they wrote what is ours, we say so and overwrite nothing.
 */

const together = 20
const refresh = ['metadata', 'annotations', 'argocd.argoproj.io/refresh']

interface House {
  readonly cluster: Cluster
  readonly namespace: string
  readonly ours: ConnectedKubernetes
  readonly findings: Findings
  readonly counts: Record<string, number>
}

export async function shareObjects({ cluster, seed, count, isOver, say }: ClusterStage): Promise<Outcome> {
  await serveApplications(cluster)
  const namespace = await makeNamespace(cluster, 'shared')
  const { kubeconfig } = await makeIdentity(cluster, namespace, 'specyard', [...projectRules, ...argocdRules])
  const ours = await connectKubernetes({
    ...{ environment: 'dev', kubeconfig, context: null, namespaces: { language: namespace } },
    // Applications of this namespace are nobody's but ours: Argo CD, where it runs, looks at its own.
    argocdNamespace: namespace,
    now: () => new Date(),
    log: () => {},
  })
  const counts = { objects: 0, leases: 0, Applications: 0, 'fields of others': 0, stolen: 0 }
  const more = { 'ours taken by others': 0, 'conflicts reported': 0, forced: 0, 'lost against others at once': 0 }
  const house: House = { cluster, namespace, ours, findings: createFindings(), counts: { ...counts, ...more } }
  const random = createRandom(seed, 'shared')
  try {
    for (let number = 0; number < count && !isOver(); number += together) {
      const many = Math.min(together, count - number)
      await Promise.all(
        Array.from({ length: many }, (_, index) => {
          const own = createRandom(seed, `shared ${number + index}`)
          return random.chance(0.6) ? shareLease(house, own) : shareApplication(house, own, number + index)
        }),
      )
      tally(house, 'objects', many)
      if ((number + many) % 200 === 0) say(`${number + many} of ${count} objects`)
    }
    return { counts: house.counts, violations: house.findings.all() }
  } finally {
    await ours.close()
    await removeNamespace(cluster, namespace)
  }
}

function tally({ counts }: House, what: string, many = 1): void {
  counts[what] = (counts[what] ?? 0) + many
}

/** A lease that is granted, written by others, and renewed before, after or while they write it. */
async function shareLease(house: House, random: Random): Promise<void> {
  const { cluster, namespace, ours, findings } = house
  const runId = randomUUID()
  const name = leaseSecretName(runId, 1)
  const path = resource('v1', 'secrets', namespace, name)
  const lease = (token: string) => ({
    ...{ namespace, runId, attempt: 1, jobUid: `job of ${runId}`, token },
    tokenExpiresAt: new Date(Date.now() + 6 * 3600_000),
  })
  await ours.source.grantLease(lease('first'))
  const fields = fieldsOfOthers(random, [['data']])
  const thief: Field | undefined = random.chance(0.25)
    ? { manager: 'a-thief', path: ['data', 'token'], value: Buffer.from('of the thief').toString('base64') }
    : undefined
  const head = { apiVersion: 'v1', kind: 'Secret', name }
  const others = () => writeAll(house, path, head, fields, random)
  // Before us, or so that the API server decides who is first.
  const isAtOnce = random.chance(0.4)
  if (!isAtOnce) await others()
  if (thief) await writeAs(cluster, path, head, [thief], random.pick(['apply', 'merge']))
  const renewing = ours.source.rotateToken(lease('second')).then(
    () => undefined,
    (error: unknown) => error,
  )
  const [refusal] = await Promise.all([renewing, isAtOnce ? others() : undefined])
  const object = await demand(cluster, path)
  const token = atob(String(at(object, ['data', 'token'])))
  tally(house, 'leases')
  tally(house, 'fields of others', fields.length)
  tally(house, 'stolen', expectKept(object, [...fields, ...(thief ? [thief] : [])], findings))
  if (thief) {
    const isReported = isFault(refusal, 'CLUSTER_REFUSED') && refusal.message.includes('a-thief')
    tally(house, 'ours taken by others')
    tally(house, isReported ? 'conflicts reported' : 'forced')
    findings.expect(isReported, () => `${name}: its token is a-thief's, and we were told ${String(refusal)}`)
  } else if (refusal !== undefined) {
    // Others were quicker three times: told, and tried again later.
    tally(house, 'lost against others at once')
    findings.expect(isFault(refusal, 'CLUSTER_REFUSED') && isAtOnce, () => `${name}: not renewed: ${String(refusal)}`)
    findings.expect(token === 'first', () => `${name}: its renewal was refused, and its token is ${token}`)
  } else findings.expect(token === 'second', () => `${name}: its token is ${token} after its renewal`)
}

/** An Application of others, which may have been asked for already, by us or with more force by them. */
async function shareApplication(house: House, random: Random, number: number): Promise<void> {
  const { cluster, namespace, ours, findings } = house
  const name = `dev.language.shared-${number}`
  const head = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', name }
  const path = resource(head.apiVersion, 'applications', namespace, name)
  await cluster.kubernetes.create(resource(head.apiVersion, 'applications', namespace), {
    ...{ apiVersion: head.apiVersion, kind: head.kind },
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'specyard' } },
    spec: { project: 'default', source: { repoURL: 'https://git.example.com/deploy.git' }, destination: {} },
  })
  const fields = [...fieldsOfOthers(random, [['spec', 'revisionHistoryLimit']])]
  const asked = random.pick(['nothing', 'normal', 'hard'] as const)
  if (asked === 'hard') fields.push({ manager: 'a-person', path: refresh, value: 'hard' })
  const others = () => writeAll(house, path, head, fields, random)
  const isAtOnce = random.chance(0.4)
  if (asked === 'normal')
    await writeAs(cluster, path, head, [{ manager: 'specyard', path: refresh, value: 'normal' }], 'merge')
  if (!isAtOnce) await others()
  const isKnown = async (): Promise<boolean> =>
    (await ours.source.view('dev')).applications.some((one) => one.name === name)
  await until('the Application to be followed', isKnown, { seconds: 60, everyMilliseconds: 50 })
  const asking = ours.source.refresh([name]).then(
    () => undefined,
    (error: unknown) => error,
  )
  const [refusal] = await Promise.all([asking, isAtOnce ? others() : undefined])
  const object = await demand(cluster, path)
  tally(house, 'Applications')
  tally(house, 'fields of others', fields.length)
  tally(house, 'stolen', expectKept(object, fields, findings))
  if (refusal !== undefined) {
    tally(house, 'lost against others at once')
    findings.expect(isFault(refusal, 'CLUSTER_REFUSED') && isAtOnce, () => `${name}: not refreshed: ${String(refusal)}`)
  } else if (asked !== 'hard')
    findings.expect(at(object, refresh) === 'normal', () => `${name}: asked for with ${String(at(object, refresh))}`)
}

/** Every manager writes its own fields, all at the same time. */
async function writeAll(
  { cluster }: House,
  path: string,
  head: Parameters<typeof writeAs>[2],
  fields: readonly Field[],
  random: Random,
): Promise<void> {
  const managers = [...new Set(fields.map(({ manager }) => manager))]
  await Promise.all(
    managers.map((manager) => {
      const own = fields.filter((one) => one.manager === manager)
      return writeAs(cluster, path, head, own, random.pick(['apply', 'merge']))
    }),
  )
}

async function demand({ kubernetes }: Cluster, path: string): Promise<KubernetesObject> {
  const object = await kubernetes.get(path)
  if (object === undefined) throw new Error(`${path} is gone`)
  return object
}
