import { statSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../cluster/base/wait.ts'
import { type AuditEvent, auditPosition, readAudit } from '../../cluster/support/audit.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'
import type { Repository } from '../../cluster/support/repositories.ts'
import { median, row, type Row } from '../report.ts'
import type { House } from './house.ts'
import { trainingSpec } from './specs.ts'

/*
 * From a commit in the spec repository to the Jobs of its trainings. Times are the machine's own: of the references on the Git server's disk, and of
 * the API server's audit log.
 */

export interface Delivery {
  /** Spec commit pushed → Argo CD asked, milliseconds; the deploy commit was pushed in between. */
  readonly ours: number
  /** Of these, up to the push of the deploy commit. */
  readonly published: number
  /** Argo CD asked → the last of the Jobs was created. */
  readonly argocd: number
}

const argocdSecondsMax = 600

/** Each round commits so many new trainings and waits for their Jobs. */
export async function measureDelivery(
  cluster: Cluster,
  house: House,
  size: { readonly trainings: number; readonly rounds: number; readonly bound: number },
  say: (line: string) => void,
): Promise<Row> {
  const rounds: Delivery[] = []
  for (let round = 0; round < size.rounds; round += 1) {
    const delivery = await deliverTrainings(cluster, house, `t${size.trainings}-r${round}`, size.trainings)
    const [published, ours, argocd] = [delivery.published, delivery.ours, delivery.argocd].map(Math.round)
    say(
      `  ${size.trainings}: deploy commit after ${published} ms, Argo CD asked after ${ours} ms, its share ${argocd} ms`,
    )
    rounds.push(delivery)
  }
  const specs = size.trainings === 1 ? 'one spec' : `${size.trainings} specs`
  return row({
    metric: `commit of ${specs} to Argo CD asked for their Jobs`,
    unit: 'ms',
    better: 'less',
    ours: median(rounds.map((one) => one.ours)),
    peer: { name: 'Argo CD’s own share: asked to Jobs made', value: median(rounds.map((one) => one.argocd)) },
    bound: size.bound,
  })
}

/** Commits so many new trainings and waits for their Jobs. @param prefix of their names */
export async function deliverTrainings(
  cluster: Cluster,
  house: House,
  prefix: string,
  trainings: number,
): Promise<Delivery> {
  const from = auditPosition(cluster)
  const before = await house.deploy.head()
  const names = Array.from({ length: trainings }, (_, number) => `${prefix}-${number}`)
  const files = names.map((name) => [`trainings/${name}.yaml`, trainingSpec(house.environment, name)] as const)
  await house.merge(Object.fromEntries(files))
  const committed = pushedAt(house.specs)
  const hasPublished = async (): Promise<boolean> => (await house.deploy.head()) !== before
  await until('the deploy commit', hasPublished, { seconds: 120, everyMilliseconds: 5 })
  const published = pushedAt(house.deploy)
  const application = `${house.environment}.language.jobs`
  const asked = await until(
    'Argo CD to be asked',
    () =>
      readAudit(cluster, from).find(
        (one) =>
          isBy(one, house.identity.user, 'patch', 'applications') &&
          one.objectRef?.name === application &&
          Date.parse(one.requestReceivedTimestamp) > published,
      ),
    { seconds: 120, everyMilliseconds: 500 },
  )
  const made = await until(
    'the Jobs to be made',
    () => {
      const jobs = readAudit(cluster, from).filter((one) => isMade(one, house.namespace))
      return jobs.length >= trainings && jobs
    },
    { seconds: argocdSecondsMax, everyMilliseconds: 1000 },
  )
  const askedAt = Date.parse(asked.requestReceivedTimestamp)
  const last = Math.max(...made.map((one) => Date.parse(one.stageTimestamp)))
  return { ours: askedAt - committed, published: published - committed, argocd: last - askedAt }
}

/** When the branch of a repository moved last. */
function pushedAt({ folder }: Repository): number {
  return statSync(join(folder, 'refs', 'heads', 'main')).mtimeMs
}

function isBy({ user, verb, objectRef }: AuditEvent, username: string, wanted: string, resource: string): boolean {
  return user.username === username && verb === wanted && objectRef?.resource === resource
}

function isMade({ verb, objectRef, responseStatus }: AuditEvent, namespace: string): boolean {
  const isJob = objectRef?.resource === 'jobs' && objectRef.namespace === namespace && !objectRef.subresource
  return isJob && (verb === 'create' || verb === 'patch') && responseStatus?.code === 201
}
