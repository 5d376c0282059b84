import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { open } from '../../../cli/house/open.ts'
import { readSettings } from '../../../cli/house/settings.ts'
import { sha256 } from '../../../domain/canonical.ts'
import type { Run } from '../../../domain/run.ts'
import { act } from '../../../reconciler/act.ts'
import type { ReconcilerPorts } from '../../../reconciler/ports.ts'
import type { ClusterSource } from '../../../reconciler/sources/cluster.ts'
import type { Records } from '../../../records/records.ts'
import type { Point, SenderOptions } from './places.ts'
import { leaseAction, samplePlan, sampleEvent, sampleRun, sampleVersion } from '../../support/records.ts'

/*
 * A reconciler as far as its outbox goes: writes transitions that ask for a lease and for a commit, does what they ask, and dies at the point it is told,
 * as by a power cut. A lease is a line in a file here; a commit is one in a real deploy repository.
 */

async function main({ folder, database, leases, death }: SenderOptions): Promise<void> {
  let comings = 0
  const pass = (point: Point): void => {
    if (point === death?.point && ++comings >= death.time) process.kill(process.pid, 'SIGKILL')
  }
  const environment = { ...process.env, DATABASE_URL: database }
  const opened = await open(await readSettings(folder, environment), environment, () => new Date())
  const ports = portsOf(opened, leases, pass)
  for (;;) {
    while ((await opened.records.actions.pendingCount()) > 0) await act(ports)
    if (death === null) break
    await decide(opened.records, pass)
  }
  await opened.close()
}

/** One transition that asks for a lease of its run and for a commit. */
async function decide(records: Records, pass: (point: Point) => void): Promise<void> {
  const run: Run = sampleRun()
  await records.runs.create(run, samplePlan(run), sampleEvent)
  const known = (await records.runs.get(run.id)) as Run
  const attempts = known.attempts.map((one) => ({ ...one, jobUid: leaseAction(run).jobUid }))
  const version = sampleVersion({
    digest: `sha256:${sha256(run.id)}`,
    run: { id: run.id, attempt: 1, environment: 'dev' },
  })
  const operation = { kind: 'register', project: 'language', model: 'outbox', version } as const
  pass('before the transaction')
  await records.runs.apply({
    next: { ...known, attempts },
    events: [],
    actions: [leaseAction(run), { kind: 'operate', environment: 'dev', runId: run.id, operation }],
  })
  pass('after the transaction')
}

function portsOf(
  opened: Awaited<ReturnType<typeof open>>,
  leases: string,
  pass: (point: Point) => void,
): ReconcilerPorts {
  const cluster: Partial<ClusterSource> = {
    grantLease: async ({ runId }) => {
      pass('before the lease')
      appendFileSync(leases, `${runId}\n`)
      pass('after the lease')
    },
  }
  const { records } = opened
  return {
    records: {
      ...records,
      actions: {
        ...records.actions,
        done: async (ids, result) => {
          pass('before it is noted')
          await records.actions.done(ids, result)
          pass('after it is noted')
        },
      },
    },
    live: opened.live,
    cluster: () => cluster as ClusterSource,
    deploy: { read: () => Promise.reject(new Error('no ledger is read')), log: async () => [] },
    operate: async (operations) => {
      pass('before the commit')
      const results = await opened.operate(operations)
      pass('after the commit')
      return results
    },
    mintToken: opened.tokens.mint,
    now: () => new Date(),
    log: ({ message }) => process.stderr.write(`${message}\n`),
  }
}

// Loaded ahead of its time, and begun by a word. Whoever would say it may be gone.
process.stdin.once('end', () => process.exit(1))
await once(process.stdin, 'data')
await main(JSON.parse(process.argv[2] ?? '') as SenderOptions)
process.stdin.destroy()
