import type { RunObservation, SeenJob } from '../../domain/observation.ts'
import { hangingPrefix } from '../../domain/run.ts'
import type { Decision } from './decision.ts'
import { type Rules, secondsBetween } from './rules.ts'
import { madeBy } from './sight.ts'

/*
 * A Job whose manifest is gone goes within seconds. One that does not holds up the Application, and what the same commit or a later one asks for:
 *
 * | what is seen for `pruneGraceSeconds`                     | told as      | what it waits for                                     |
 * |----------------------------------------------------------|--------------|-------------------------------------------------------|
 * | it was told to go and is still there                     | PruneHangs   | finalizers of others; pods on nodes nobody hears of   |
 * | nobody has told it to go                                 | PruneWaits   | Argo CD, in the words of its Application              |
 *
 * Each is told once for what it waits for, stands in the record for as long as it lasts, and is gone from there when it is over.
 */

const withoutManifest = 'without a manifest, attempt '
/** What Kubernetes itself puts there: it says how the Job is deleted, and waits for the pods. */
const ownFinalizers = ['foregroundDeletion', 'orphan']

export function reportHanging(decision: Decision, seen: RunObservation, rules: Rules): void {
  if (seen.cluster !== 'connected') return
  const current = new Set<string>()
  for (const job of seen.jobs) {
    const told = hangs(decision, job, seen, rules) ?? waits(decision, job, seen, rules)
    if (!told) continue
    const key = `${hangingPrefix}${job.attempt}: ${told.message}`
    current.add(key)
    if (decision.run.waitingSince[key] !== undefined) continue
    decision.since(key)
    const { reason, message, says } = told
    decision.tell('prune', reason, says === undefined ? message : `${message}, which says: ${says}`)
  }
  const retired = seen.jobs.filter((job) => hasNoManifest(decision, job, seen))
  for (const { attempt } of retired) current.add(`${withoutManifest}${attempt}`)
  for (const key of Object.keys(decision.run.waitingSince))
    if ((key.startsWith(hangingPrefix) || key.startsWith(withoutManifest)) && !current.has(key)) decision.forget(key)
}

/** Whether the deletion of a Job is so old that nothing is waited for because of it any more. */
export function isDeletionOverdue({ deletionRequestedAt }: SeenJob, now: Date, rules: Rules): boolean {
  return deletionRequestedAt !== null && secondsBetween(deletionRequestedAt, now) >= rules.pruneGraceSeconds
}

interface Told {
  readonly reason: 'PruneHangs' | 'PruneWaits'
  readonly message: string
  /** What Argo CD said of it then. */
  readonly says?: string
}

function hangs({ run }: Decision, job: SeenJob, seen: RunObservation, rules: Rules): Told | undefined {
  if (!isDeletionOverdue(job, seen.at, rules)) return undefined
  const foreign = (job.finalizers ?? []).filter((one) => !ownFinalizers.includes(one))
  const pods = seen.pods.filter((pod) => madeBy(pod) === job.uid)
  const causes = [
    ...foreign.map((one) => `finalizer ${one} is on it; if nobody removes it who should, remove it by hand`),
    ...pods.map(
      ({ name, node }) =>
        `pod ${name} is still on node ${node ?? '(none)'}; if that node will not come back, delete the pod by force`,
    ),
  ]
  const told = `Job ${job.name} was told to go and is still there: `
  if (causes.length > 0) return { reason: 'PruneHangs', message: `${told}${causes.join('; ')}` }
  // What it waited for is gone, and itself in a moment: that is nothing new.
  const before = `${hangingPrefix}${job.attempt}: ${told}`
  const known = Object.keys(run.waitingSince).find((key) => key.startsWith(before))
  const why = known?.slice(before.length) ?? 'nothing that is seen here says what it waits for'
  return { reason: 'PruneHangs', message: `${told}${why}` }
}

/** Its manifest is gone, and Argo CD has not told it to go: a sync that hangs, or none. One that somebody made again is a ghost, not this. */
function waits(decision: Decision, job: SeenJob, seen: RunObservation, rules: Rules): Told | undefined {
  if (!hasNoManifest(decision, job, seen) || job.deletionRequestedAt !== null) return undefined
  const since = decision.since(`${withoutManifest}${job.attempt}`)
  if (secondsBetween(since, seen.at) < rules.pruneGraceSeconds) return undefined
  const { application } = seen
  const who = application ? `look at the sync of Application ${application.name}` : 'no Application of it is seen'
  const message = `Job ${job.name} has no manifest any more, and nobody has told it to go: ${who}`
  // What it says may be another thing at every try: it is told, and is no other state.
  return { reason: 'PruneWaits', message, ...(application?.message && { says: application.message }) }
}

function hasNoManifest({ run }: Decision, { attempt, uid }: SeenJob, { ledger }: RunObservation): boolean {
  const own = run.attempts.some((one) => one.attempt === attempt && one.jobUid === uid)
  return own && (ledger?.attempts.some((one) => one.attempt === attempt && one.retired) ?? false)
}
