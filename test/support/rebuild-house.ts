import { mkdtempSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
import { gitAt } from './publisher.ts'
import { done } from './records.ts'
import { type ScriptedCluster, scriptedCluster } from './scripted-cluster.ts'

export interface RebuildHouse {
  readonly cluster: ScriptedCluster
  readonly now: () => Date
  advance(seconds: number): void
  /** Publishes specs; undefined when there was nothing to change. */
  publish(texts: readonly string[]): Promise<string | undefined>
  /** Proposes them, and has somebody squash or merge it ten minutes later; returns the commit that was proposed. */
  merge(texts: readonly string[], how: 'squash' | 'merge'): Promise<string>
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

/**
 * A publisher, a reconciler and a cluster over one deploy repository, on a clock that can be put ahead.
 * @param url of the deploy repository
 */
export function openRebuildHouse(
  deploy: DeployRepository,
  records: Records,
  clock: { ahead: number },
  url: string,
): RebuildHouse {
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
  const requestOf = (texts: readonly string[]) => ({
    source: null,
    change: (deployed: Deployed) => {
      const { change: files, problems } = compileTexts(texts, deployed)
      const errors = problems.filter(({ severity }) => severity === 'error')
      if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '))
      if (files.size === 0) return undefined
      return { files, subject: 'Publish specs', body: '', action: 'publication', subjects: [] }
    },
  })
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
    publish: async (texts) => (await deploy.publish(requestOf(texts)))?.commit,
    merge: async (texts, how) => {
      const proposed = await deploy.propose({ ...requestOf(texts), asked: true })
      if (proposed.kind !== 'waiting') throw new Error(`it is ${proposed.kind}, and does not wait`)
      clock.ahead += 600
      const clone = mkdtempSync(join(dirname(url), 'person-'))
      const git = (...args: readonly string[]): string => gitAt(now())(clone, ...args)
      git('clone', '--quiet', '--branch=main', url, '.')
      if (how === 'merge') git('merge', '--quiet', '--no-ff', '--message', 'Merged', 'origin/main-next')
      else {
        git('merge', '--quiet', '--squash', 'origin/main-next')
        git('commit', '--quiet', '--message', 'Squashed')
      }
      git('push', '--quiet', 'origin', 'HEAD:main')
      await deploy.publish({ source: null, change: () => undefined })
      return proposed.proposal.commit
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
