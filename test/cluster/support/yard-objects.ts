import { until } from '../base/wait.ts'
import { type Application, lookUntil, refreshAnnotation } from './applications.ts'
import type { Cluster } from './cluster.ts'
import { endOf, type Job, jobPath, type Pod, podsOf } from './jobs.ts'
import type { EventAnswer, RunAnswer, Yard } from './yard.ts'

/* What is in the cluster of a yard's runs, past the product. */

/** Short graces: what is tested is that they are kept, not how long they are. */
export const shortGraces = [
  `reconcile: { cron: '* * * * * *', graceSeconds: { end: 3, lost: 10, configuration: 6, image: 10 } }`,
]
export const lostGraceSeconds = 10

export const isRunning = ({ state }: Pick<RunAnswer, 'state'>): boolean => state === 'RUNNING'
export const hasSucceeded = ({ state }: Pick<RunAnswer, 'state'>): boolean => state === 'SUCCEEDED'
export const isCancelled = ({ state }: Pick<RunAnswer, 'state'>): boolean => state === 'CANCELLED'
export const hasEnded = ({ state }: Pick<RunAnswer, 'state'>): boolean => /SUCCEEDED|FAILED|CANCELLED/.test(state)

/** The Application over the trainings of a yard. */
export function jobsApplication({ environment }: Yard): string {
  return `${environment}.language.jobs`
}

/** Lets Argo CD look at what is committed now: somebody else than Specyard has committed. */
export async function lookNow(cluster: Cluster, yard: Yard): Promise<void> {
  const commit = await yard.deploy.head()
  const seen = new Set([commit])
  const hasLooked = async ({ metadata, status }: Application): Promise<boolean> => {
    // Specyard goes on to commit meanwhile.
    seen.add(await yard.deploy.head())
    return !metadata.annotations?.[refreshAnnotation] && seen.has(status?.sync?.revision ?? '')
  }
  await lookUntil(cluster, jobsApplication(yard), `to have looked at ${commit} or later`, hasLooked)
}

export function newestJobName({ attempts }: RunAnswer): string {
  return attempts.at(-1)?.job_name ?? ''
}

/** The newest step that a trainer has reported; 0 before the first. */
export function stepOf({ progress }: RunAnswer & { readonly progress?: { readonly step?: number } }): number {
  return progress?.step ?? 0
}

/** The pods of a run's newest attempt, whichever Job made them. */
export function podsOfRun(cluster: Cluster, { namespace }: Yard, run: RunAnswer): Promise<readonly Pod[]> {
  return podsOf(cluster, namespace, newestJobName(run))
}

/** Waits until the Job of an attempt is there again under another UID, and has ended: it trains nothing. */
export function untilGhost(
  { kubernetes }: Cluster,
  { namespace }: Yard,
  jobName: string,
  owner: string | null,
  seconds = 90,
): Promise<Job> {
  const isGhost = (job: Job): unknown => job.metadata.uid !== owner && endOf(job)
  return kubernetes.until<Job>(jobPath(namespace, jobName), 'to be created again and stopped', isGhost, seconds)
}

export async function untilJobGone({ kubernetes }: Cluster, { namespace }: Yard, jobName: string): Promise<void> {
  const isGone = async (): Promise<boolean> => (await kubernetes.get(jobPath(namespace, jobName))) === undefined
  await until(`Job ${jobName} to be gone`, isGone, { seconds: 60 })
}

/** Waits until such a thing is told of a run. */
export function untilTold(
  yard: Yard,
  run: Pick<RunAnswer, 'id'>,
  reason: string,
  seconds = 60,
): Promise<readonly EventAnswer[]> {
  const told = async (): Promise<readonly EventAnswer[] | false> => {
    const events = (await yard.eventsOf(run)).filter((one) => one.reason === reason)
    return events.length > 0 && events
  }
  return until(`${reason} of run ${run.id}`, told, { seconds })
}
