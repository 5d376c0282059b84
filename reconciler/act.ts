import type { Action } from '../domain/action.ts'
import { isFault } from '../domain/fault.ts'
import type { PendingAction } from '../records/records.ts'
import { inParallel } from './parallel.ts'
import type { ReconcilerPorts } from './ports.ts'

const actionsOfOneRound = 200
const runsAtOnce = 8
/** What changes meanwhile waits for the leases of so many runs at most. */
const runsBetween = 16
/** No UID of a Job is like this. */
const nobody = 'nobody'
const putOffSecondsMax = 60

export interface Acted {
  /** Runs that are to be looked at again. */
  readonly runIds: readonly string[]
  /** Whether a commit was made, or may have been. */
  readonly published: boolean
  /** When what failed is due again, milliseconds from now; undefined when nothing did. */
  readonly againMilliseconds: number | undefined
}

export interface Acting {
  /** Runs whose actions are done; left out: of all. */
  readonly runIds?: readonly string[]
  /** Called again and again while many are done. */
  between?(): Promise<unknown>
}

/** Does the actions that are due. Operations of one round become one commit. Each action may be done more than once and has one effect. */
export async function act(ports: ReconcilerPorts, { runIds, between }: Acting = {}): Promise<Acted> {
  const due = await ports.records.actions.due(ports.now(), actionsOfOneRound, 'within-passes', runIds)
  const operations = due.filter((one) => one.action.kind === 'operate')
  const pauses: number[] = []
  const leases = due.filter((pending) => pending.action.kind !== 'operate')
  const ofRuns = [...new Set(leases.map((one) => one.action.runId))]
  for (let from = 0; from < ofRuns.length; from += runsBetween) {
    if (from > 0) await between?.()
    // Of one run in their order; a thousand trainings that begin together do not wait for each other.
    await inParallel(ofRuns.slice(from, from + runsBetween), runsAtOnce, async (runId) => {
      for (const one of leases.filter(({ action }) => action.runId === runId))
        pauses.push(await attempt(ports, [one], async () => [await lease(ports, one.action)]))
    })
  }
  if (operations.length > 0) pauses.push(await attempt(ports, operations, () => publish(ports, operations)))
  const failed = pauses.filter((seconds) => seconds > 0)
  return {
    runIds: [...new Set(due.map((one) => one.action.runId))],
    published: operations.length > 0,
    againMilliseconds: failed.length === 0 ? undefined : Math.min(...failed) * 1000,
  }
}

/** @returns seconds until it is tried again; 0 when it is done */
async function attempt(
  ports: ReconcilerPorts,
  actions: readonly PendingAction[],
  work: () => Promise<readonly string[]>,
): Promise<number> {
  // What is done outside no transaction can take back: the last moment at which a reconciler that was replaced can learn of it.
  await ports.records.fence.confirm()
  try {
    const results = await work()
    for (const [index, one] of actions.entries()) await ports.records.actions.done([one.id], results[index] ?? 'done')
    return 0
  } catch (error) {
    // The one that replaced this one does it, or has done it.
    if (isFault(error, 'FENCE_LOST')) throw error
    const message = error instanceof Error ? error.message : String(error)
    const tries = Math.max(...actions.map((one) => one.tries))
    const seconds = Math.min(putOffSecondsMax, 2 ** Math.min(tries, 6)) * (0.75 + Math.random() / 2)
    ports.log({
      level: 'warn',
      message: `${actions.map((one) => one.action.kind).join(', ')}: ${message}; tried again in ${Math.round(seconds)} s`,
    })
    await ports.records.actions.putOff(
      actions.map((one) => one.id),
      new Date(ports.now().getTime() + seconds * 1000),
      message,
    )
    return seconds
  }
}

async function publish(ports: ReconcilerPorts, actions: readonly PendingAction[]): Promise<readonly string[]> {
  const wanted = actions.flatMap(({ action }) => (action.kind === 'operate' ? [action.operation] : []))
  const results = await ports.operate(wanted)
  return results.map((result) => (result.applied ? 'applied' : `dropped: ${result.why}`))
}

async function lease(ports: ReconcilerPorts, action: Action): Promise<string> {
  const cluster = ports.cluster(action.environment)
  if (!cluster) return 'dropped: no cluster is connected'
  // The tracker's actions are never due here.
  if (action.kind === 'operate' || action.kind === 'link-tracker') return 'dropped'
  const { namespace, runId, attempt: number, jobUid } = action
  if (action.kind === 'remove-lease') {
    await cluster.removeLease({ namespace, runId, attempt: number })
    return 'removed'
  }
  const run = await ports.records.runs.get(runId)
  if (action.kind === 'bar-lease') {
    if (run?.attempts.some((one) => one.attempt === number && one.endedAt === null)) return 'dropped: it goes on'
    await cluster.removeLease({ namespace, runId, attempt: number })
    const barred = { jobUid: nobody, token: '', tokenExpiresAt: ports.now() }
    await cluster.grantLease({ namespace, runId, attempt: number, ...barred })
    return 'barred'
  }
  // The lease is for the attempt that the record holds as current and unfinished, and for no other Job than the one it names.
  const current = run?.attempts.find((one) => one.attempt === number)
  if (!run || run.attempt !== number || current?.jobUid !== jobUid || current.endedAt !== null)
    return 'dropped: the record has moved on'
  const { token, expiresAt } = await ports.mintToken({ runId, attempt: number })
  const grant = { namespace, runId, attempt: number, jobUid, token, tokenExpiresAt: expiresAt }
  // Once more: a process may have been frozen since it read the record.
  await ports.records.fence.confirm()
  if (action.kind === 'grant-lease') await cluster.grantLease(grant)
  else await cluster.rotateToken(grant)
  return 'granted'
}
