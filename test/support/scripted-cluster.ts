import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { paths } from '../../domain/ledger.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import type { SeenJob, SeenLease, SeenPod } from '../../domain/observation.ts'
import type { Deployed } from '../../domain/publication.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'
import { container, job, pod } from './reconciler.ts'

export interface ScriptedCluster {
  readonly source: ClusterSource
  /** UIDs of the Jobs that got a lease, by run and attempt: each may be there once. */
  readonly granted: readonly string[]
  /** Ends the trainer of the newest Job of a run. @returns its attempt and its pod, as it names itself in callbacks */
  end(runId: string, exitCode: number): { readonly attempt: number; readonly podUid: string }
}

/** A cluster that applies what is deployed at each look, and whose trainers run once they have their lease and end as they are told. */
export function scriptedCluster(deployed: () => Deployed, now: () => Date): ScriptedCluster {
  const jobs = new Map<string, SeenJob>()
  const pods = new Map<string, SeenPod>()
  const leases = new Map<string, SeenLease>()
  const granted: string[] = []
  const key = (of: { readonly runId: string; readonly attempt: number }): string => `${of.runId} ${of.attempt}`

  const apply = (): void => {
    const { files } = deployed()
    const wanted = new Map<string, SeenJob>()
    for (const { environment, project, runs } of readLedger(files).runs)
      for (const { id: runId, attempts } of runs)
        for (const { attempt, jobName: name } of attempts)
          if (files.has(paths.job(environment, project, name)))
            wanted.set(
              name,
              job({ name, namespace: project, uid: randomUUID(), runId, attempt, createdAt: now(), startedAt: now() }),
            )
    for (const [name, { uid }] of jobs) {
      if (wanted.has(name)) continue
      jobs.delete(name)
      pods.delete(uid)
    }
    for (const [name, made] of wanted) {
      if (jobs.has(name)) continue
      jobs.set(name, made)
      const { namespace, runId, attempt, uid } = made
      const waits = container({ state: 'waiting', startedAt: null })
      pods.set(
        uid,
        pod({
          ...{ name: `${name}-x`, namespace, uid: randomUUID(), jobUid: uid, runId, attempt, createdAt: now() },
          ...{ phase: 'Pending', containers: [waits], startedAt: null },
        }),
      )
    }
  }
  const source: ClusterSource = {
    environments: ['dev'],
    view: async () => {
      apply()
      const seen = { jobs: [...jobs.values()], pods: [...pods.values()], leases: [...leases.values()] }
      return { at: now(), ...seen, applications: [], endpoints: [] }
    },
    watch: () => () => undefined,
    logTail: async (of) => [`the log of ${of.name}`],
    serverLogs: async () => [],
    events: async () => [],
    grantLease: async (grant) => {
      if (leases.has(key(grant))) return
      const { runId, attempt, jobUid, tokenExpiresAt } = grant
      leases.set(key(grant), { runId, attempt, jobUid, tokenExpiresAt })
      granted.push(`${key(grant)} ${jobUid}`)
      const waits = pods.get(jobUid)
      if (waits) pods.set(jobUid, { ...waits, phase: 'Running', containers: [container({ startedAt: now() })] })
    },
    rotateToken: async () => undefined,
    removeLease: async (name) => void leases.delete(key(name)),
    refresh: async () => undefined,
  }
  return {
    source,
    granted,
    end: (runId, exitCode) => {
      const [newest] = [...jobs.values()]
        .filter((one) => one.runId === runId)
        .sort((one, other) => other.attempt - one.attempt)
      const running = newest && pods.get(newest.uid)
      if (!newest || running?.phase !== 'Running') throw new Error(`no trainer of run ${runId} is running`)
      const at = now()
      const succeeded = exitCode === 0
      const reason = succeeded ? 'Completed' : 'Error'
      const ended = container({ state: 'terminated', exitCode, reason, finishedAt: at })
      pods.set(newest.uid, { ...running, phase: succeeded ? 'Succeeded' : 'Failed', containers: [ended] })
      const condition = {
        type: succeeded ? 'Complete' : 'Failed',
        status: 'True',
        reason: '',
        message: '',
        at,
      } as const
      jobs.set(newest.name, { ...newest, active: 0, conditions: [condition] })
      return { attempt: newest.attempt, podUid: running.uid }
    },
  }
}

/** Whether each lease was granted to one Job alone. */
export function grantedOnce(granted: readonly string[]): boolean {
  const attempts = granted.map((one) => one.split(' ').slice(0, 2).join(' '))
  return isDeepStrictEqual([...new Set(attempts)], attempts)
}
