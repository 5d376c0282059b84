import type { ApiPorts, LedgerEndpoint } from '../../api/ports.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import { keyText } from '../../domain/names.ts'
import type { SeenEndpoint } from '../../domain/observation.ts'
import type { Run } from '../../domain/run.ts'
import type { Reconciler } from '../../reconciler/reconciler.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'
import { attachSpecs } from '../models/attach.ts'
import { deployArtifact } from '../models/deploy-artifact.ts'
import { promote } from '../models/promote.ts'
import { registerRun } from '../models/register.ts'
import { planDeploy } from '../specs/deploy-version.ts'
import { readProposals } from '../specs/waiting-specs.ts'
import { raiseRerunOf, submitJob } from '../specs/edit-specs.ts'
import type { Opened } from './open.ts'

/** What the API asks of the rest of the house, made of the opened parts. */
export function apiPorts(house: {
  opened: Opened
  clusterOf: (environment: string) => ClusterSource | undefined
  /** Undefined where no reconciler runs in this process: its next pass elsewhere sees the change. */
  reconciler: Pick<Reconciler, 'changed'> | undefined
  version: string
  hosts: readonly string[]
  now: () => Date
  log: (entry: { level: 'debug' | 'info' | 'warn' | 'error'; message: string }) => void
}): ApiPorts {
  const { opened, reconciler } = house
  return {
    records: opened.records,
    live: opened.live,
    tokens: opened.tokens,
    logs: (run, attempt, lines) => readLog(run, attempt, lines, house.clusterOf),
    submitJob: (spec) => submitJob(opened, spec),
    raiseRerun: (run) => raiseRerunOf(opened, run),
    skipBackoff: async (run) => {
      await opened.records.runs.apply({
        next: { ...run, nextAttemptAt: house.now() },
        events: [
          {
            type: 'request',
            reason: 'BackoffSkipped',
            message: 'a person asked for the next attempt now',
            attempt: run.attempt,
            details: {},
          },
        ],
        actions: [],
      })
      reconciler?.changed({ runId: run.id })
    },
    operate: opened.operate,
    serverLogs: async (endpoint, lines) => {
      const cluster = house.clusterOf(endpoint.environment)
      if (!cluster) return { source: 'none', pods: [] }
      return { source: 'cluster', pods: await cluster.serverLogs(endpoint, lines) }
    },
    endpoints: () => readEndpoints(opened.deploy, house.clusterOf),
    proposals: () => readProposals(opened),
    lifecycle: { planDeploy: (request) => planDeploy(opened, request, house.now) },
    models: {
      register: (run, wanted) => registerRun(opened, run, wanted),
      attach: (run, specs) => attachSpecs(opened, run, specs),
      deploy: (version) => deployArtifact(opened, version),
      promote: (from, to) => promote(opened, from, to),
    },
    changed: (runId) => reconciler?.changed({ runId }),
    webhook: opened.settings.webhookSecret
      ? { secret: opened.settings.webhookSecret, pushed: () => opened.live.tellOfPush() }
      : undefined,
    version: house.version,
    now: house.now,
    allowedHosts: house.hosts,
    log: house.log,
  }
}

async function readEndpoints(
  deploy: Pick<Opened['deploy'], 'read'>,
  clusterOf: (environment: string) => ClusterSource | undefined,
): Promise<readonly LedgerEndpoint[]> {
  const { endpoints } = readLedger((await deploy.read()).files)
  const seen = new Map<string, SeenEndpoint>()
  for (const environment of new Set(endpoints.map((entry) => entry.environment))) {
    // What a cluster does not say now is told as not known; the ledger is there all the same.
    const view = await clusterOf(environment)
      ?.view(environment)
      .catch(() => undefined)
    for (const one of view?.endpoints ?? []) seen.set(keyText(one), one)
  }
  return endpoints.map((entry) => ({ entry, seen: seen.get(keyText(entry)) ?? null }))
}

/** The log of an attempt: from the cluster while its pod is there, else the tail that was kept as evidence. */
async function readLog(
  run: Run,
  wanted: number | null,
  lines: number,
  clusterOf: (environment: string) => ClusterSource | undefined,
): Promise<{ attempt: number; source: 'cluster' | 'evidence' | 'none'; lines: readonly string[] }> {
  const attempt = wanted ?? run.attempt
  const cluster = clusterOf(run.environment)
  if (cluster) {
    const view = await cluster.view(run.environment)
    const pods = view.pods.filter((pod) => pod.runId === run.id && pod.attempt === attempt)
    const newest = [...pods].sort((left, right) => right.createdAt.getTime() - left.createdAt.getTime())[0]
    if (newest) return { attempt, source: 'cluster', lines: await cluster.logTail(newest, lines) }
  }
  const evidence = run.attempts.find((one) => one.attempt === attempt)?.evidence
  if (evidence) return { attempt, source: 'evidence', lines: evidence.logTail.slice(-lines) }
  return { attempt, source: 'none', lines: [] }
}
