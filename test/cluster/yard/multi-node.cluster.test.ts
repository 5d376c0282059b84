import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { containerStarts, readAudit } from '../support/audit.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type Job, jobPath, logsOf, podsOf } from '../support/jobs.ts'
import { openYard, type RunAnswer, trainingSpec, type Yard } from '../support/yard.ts'
import { shortGraces } from '../support/yard-objects.ts'

/*
 * One training of four pods, as one Indexed Job with its headless Service. In its first attempt the pod of rank 2 fails once all have met.
 */

const nodes = 4
const failingRank = 2

describe.runIf(hasRealNode())('a training of four pods', () => {
  let cluster: Cluster
  let yard: Yard
  let run: RunAnswer
  let attempts: RunAnswer['attempts']
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, { settings: shortGraces })
    const { environment } = yard
    const program = readFileSync(join(import.meta.dirname, 'rendezvous.mjs'), 'utf8')
    const more = `  nodes: ${nodes}
  env: { FAILS: '${failingRank}@1' }
  retry: { maxRetries: 1, backoffSeconds: 1 }
  ttlSecondsAfterFinished: 15
`
    const command = ['node', '--input-type=module', '-e', program]
    await yard.merge({ 'training.yaml': trainingSpec(cluster, { environment, name: 'group', command, more }) })
  })
  afterAll(() => yard?.close())

  it('is one Indexed Job with a headless Service of its name', async () => {
    run = await yard.untilRun('group', 'to be leased', (one) => one.attempts[0]?.lease_granted_at, 60)
    const name = run.attempts[0]?.job_name ?? ''
    const job = await cluster.kubernetes.get<Job & { spec: unknown }>(jobPath(yard.namespace, name))
    expect(job?.spec).toMatchObject({ completionMode: 'Indexed', completions: nodes, parallelism: nodes })
    const service = await cluster.kubernetes.get<KubernetesObject>(resource('v1', 'services', yard.namespace, name))
    expect(service).toMatchObject({ spec: { clusterIP: 'None', publishNotReadyAddresses: true } })
  })

  it('one pod that fails fails the attempt, and a new attempt of all four follows', async () => {
    run = await yard.untilRun('group', 'to end', ({ state }) => /SUCCEEDED|FAILED/.test(state), 150)
    attempts = run.attempts
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 2, retry_count: 1, disruption_count: 0 })
    expect(attempts.map((one) => [one.state, one.failure_class])).toEqual([
      ['FAILED', 'APP_EXIT'],
      ['SUCCEEDED', null],
    ])
    expect(run.final_metrics).toEqual({ pods: nodes })
  })

  it('the evidence of the failed attempt is of the pod that failed, and of no other', () => {
    const { evidence, job_name: jobName } = attempts[0] as RunAnswer['attempts'][number]
    expect(evidence).toMatchObject({ exit_code: 17, node: cluster.node?.name, unobtainable: [] })
    expect(evidence?.pod_name).toMatch(new RegExp(`^${jobName}-${failingRank}-`))
    expect(evidence?.log_tail).toEqual([
      `rank ${failingRank}: attempt 1 of ${nodes} pods`,
      `rank ${failingRank}: gives up`,
    ])
  })

  it('its pods found the first by MASTER_ADDR, and each knew its rank and how many they are', async () => {
    const name = attempts[1]?.job_name ?? ''
    const pods = await podsOf(cluster, yard.namespace, name)
    expect(pods).toHaveLength(nodes)
    const logs = await Promise.all(pods.map((pod) => logsOf(cluster, pod)))
    const first = logs.find((log) => log.startsWith('rank 0: ')) ?? ''
    const callers = Array.from({ length: nodes }, (_none, rank) => `${rank}-of-${nodes}`).join(' ')
    expect(first).toContain(`rank 0: called by ${callers}\n`)
    expect(logs.map((log) => log.trim().split('\n').at(-1)).sort()).toEqual(
      Array.from({ length: nodes }, (_none, rank) => `rank ${rank}: ends`),
    )
  })

  it('every pod of an attempt is of one Job, and started its trainer once', () => {
    const starts = containerStarts(readAudit(cluster, yard.auditFrom), 'trainer').filter(
      ({ namespace }) => namespace === yard.namespace,
    )
    for (const { attempt, job_uid: jobUid } of attempts) {
      const own = starts.filter(({ labels }) => labels['specyard.dev/attempt'] === String(attempt))
      expect(new Set(own.map((one) => one.jobUid))).toEqual(new Set([jobUid]))
      expect(own).toHaveLength(nodes)
      expect(new Set(own.map((one) => one.pod)).size).toBe(nodes)
    }
  })

  it('its Services go with its Jobs when it is retired', async () => {
    await yard.untilRun('group', 'to be retired', (one) => one.attempts.every((attempt) => attempt.retired_at), 90)
    const path = resource('v1', 'services', yard.namespace)
    const areGone = async () => (await cluster.kubernetes.list(path)).length === 0
    await until('its Services to be pruned', areGone, { seconds: 30 })
  })
})
