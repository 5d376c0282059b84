import { describeOperations } from '../../compiler/operate/describe.ts'
import { operate } from '../../compiler/operate/operate.ts'
import { sha256 } from '../../domain/canonical.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import type { Operation, OperationResult } from '../../domain/operation.ts'
import type { Deployed } from '../../domain/publication.ts'
import type { Run } from '../../domain/run.ts'
import { memoryLiveState } from '../../local/live.ts'
import type { DeployRepository } from '../../publisher/deploy.ts'
import { createReconciler } from '../../reconciler/reconciler.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'
import type { Records } from '../../records/records.ts'
import { address, chart, compileTexts } from './compiler.ts'
import { done } from './records.ts'
import { type ScriptedCluster, scriptedCluster } from './scripted-cluster.ts'

export interface RebuildHouse {
  readonly cluster: ScriptedCluster
  readonly now: () => Date
  advance(seconds: number): void
  /** Publishes specs; undefined when there was nothing to change. */
  publish(texts: readonly string[]): Promise<string | undefined>
  operate(...operations: readonly Operation[]): Promise<readonly OperationResult[]>
  /** One full pass of a new reconciler, with the cluster unless told otherwise. */
  pass(cluster?: ClusterSource | null): Promise<void>
  /** The same, leaving publications to a later pass: a long history is made in half the time. */
  passOverRuns(): Promise<void>
  /** The newest run of a name. */
  newest(name: string): Promise<Run>
  /** Its trainer reports its end, and exits. */
  end(run: Run, outcome: 'SUCCEEDED' | 'FAILED'): Promise<void>
}

/** A publisher, a reconciler and a cluster over one deploy repository, on a clock that can be put ahead. */
export function openRebuildHouse(deploy: DeployRepository, records: Records, clock: { ahead: number }): RebuildHouse {
  const now = (): Date => new Date(Date.now() + clock.ahead * 1000)
  let read: Deployed = { commit: null, files: new Map(), drifted: [] }
  // Each look at the cluster comes after a look at the deploy repository, and the cluster has applied what that saw.
  const cluster = scriptedCluster(() => read, now)
  const perform = async (operations: readonly Operation[]): Promise<readonly OperationResult[]> => {
    let results: readonly OperationResult[] = []
    await deploy.publish({
      source: null,
      change: (deployed) => {
        const operated = operate(deployed, operations, chart, address)
        results = operated.results
        if (operated.change.size === 0) return undefined
        const { actions: action, subjects, change: files } = operated
        return { files, action, subjects, ...describeOperations(results) }
      },
    })
    return results
  }
  const pass = async (source: ClusterSource | null, log: DeployRepository['log']): Promise<void> => {
    const reconciler = createReconciler({
      records,
      live: memoryLiveState(now),
      cluster: (environment) => (environment === 'dev' ? (source ?? undefined) : undefined),
      deploy: {
        read: async () => {
          read = await deploy.read()
          const { commit, files, drifted } = read
          return { commit, headOf: () => commit, ledger: { ...readLedger(files), drifted } }
        },
        log: async (known, keep) => {
          const some = await log(known[0] ?? null)
          if (some.length > 0) await keep(some)
          return some
        },
      },
      operate: perform,
      mintToken: async () => ({ token: 'a token', expiresAt: new Date(now().getTime() + 86_400_000) }),
      now,
      log: ({ level, message }) => {
        if (level !== 'debug') throw new Error(message)
      },
    })
    await reconciler.pass()
    await reconciler.stop()
  }
  return {
    cluster,
    now,
    advance: (seconds) => {
      clock.ahead += seconds
    },
    publish: async (texts) => {
      const published = await deploy.publish({
        source: null,
        change: (deployed) => {
          const { change: files, problems } = compileTexts(texts, deployed)
          const errors = problems.filter(({ severity }) => severity === 'error')
          if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '))
          if (files.size === 0) return undefined
          return { files, subject: 'Publish specs', body: '', action: 'publication', subjects: [] }
        },
      })
      return published?.commit
    },
    operate: (...operations) => perform(operations),
    pass: (source = cluster.source) => pass(source, (after) => deploy.log(after)),
    passOverRuns: () => pass(cluster.source, async () => []),
    newest: async (name) => {
      const [run] = await records.runs.list({ name, limit: 1 })
      if (!run) throw new Error(`there is no run of ${name}`)
      return run
    },
    end: async (run, outcome) => {
      const { attempt, podUid } = cluster.end(run.id, outcome === 'SUCCEEDED' ? 0 : 1)
      const digest = `sha256:${sha256(run.id)}`
      const artifacts = [{ name: 'model', uri: `storage/models/${run.id}`, sizeBytes: 3, digest }]
      const said = { outcome, metrics: outcome === 'SUCCEEDED' ? { test_perplexity: 4 } : {} }
      const more = outcome === 'SUCCEEDED' ? { artifacts } : {}
      await records.callbacks.store([done(run.id, { attempt, podUid, sequence: 1, at: now(), ...said, ...more })])
    },
  }
}
