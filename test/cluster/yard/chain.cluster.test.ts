import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type AttemptAnswer, openYard, type RunAnswer, trainingSpec, type Yard } from '../support/yard.ts'

describe.runIf(hasRealNode())('the chain from a commit to a model version, and back', () => {
  let cluster: Cluster
  let yard: Yard
  let run: RunAnswer
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster)
  })
  afterAll(() => yard?.close())

  it('a merged spec trains on the real node and reports over the network', async () => {
    const { environment } = yard
    await yard.merge({
      'training.yaml': trainingSpec(cluster, { environment, more: '  ttlSecondsAfterFinished: 5\n' }),
    })
    run = await yard.untilRun('handbook-lm', 'to end', ({ state }) => /SUCCEEDED|FAILED|CANCELLED/.test(state), 120)
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1, retry_count: 0 })
    expect(run.final_metrics?.['test_perplexity']).toBeLessThan(run.final_metrics?.['baseline_perplexity'] ?? 0)
  })

  it('its record has the line of the spec and the commits: of the specs, of the deploy repository, and the one that was synced', async () => {
    run = await yard.untilRun('handbook-lm', 'to be known as synced', (one) => one.attempts[0]?.applied_revision)
    const [source, spec] = [await yard.specs.head(), (await yard.specs.read(run.spec_path)).split('\n')]
    expect(run).toMatchObject({ spec_path: 'specs/training.yaml', source_commit: source })
    expect(spec.slice(run.spec_line - 1).join('\n')).toMatch(/^(apiVersion|kind): .*\n[^]*name: handbook-lm/)
    const { stdout } = await yard.command('trace', run.id, '--output', 'json')
    const { publications } = JSON.parse(stdout) as { publications: readonly { commit: string; subject: string }[] }
    const published = publications.find(({ subject }) => subject.startsWith('Publish'))?.commit ?? ''
    const { applied_revision: synced, job_name: name } = run.attempts[0] as AttemptAnswer
    expect(await yard.deploy.filesOf(published)).toContainEqual(expect.stringContaining(name))
    // Argo CD may have synced a later commit, and with it this one.
    expect(await yard.deploy.isAncestor(published, synced ?? '')).toBe(true)
  })

  it('its record has the Job, the pod, the node, the image and the last lines of the log', async () => {
    run = await yard.untilRun('handbook-lm', 'to have evidence', (one) => one.attempts[0]?.evidence)
    const { attempts } = run
    expect(attempts[0]).toMatchObject({
      job_uid: expect.any(String) as string,
      lease_granted_at: expect.any(String) as string,
    })
    expect(attempts[0]?.evidence).toMatchObject({
      exit_code: 0,
      node: cluster.node?.name,
      image_digest: expect.stringMatching(/sha256:[0-9a-f]{64}/) as string,
      unobtainable: [],
    })
    const { pod_name: name, pod_uid: uid, image_digest: image } = attempts[0]?.evidence ?? {}
    expect(attempts[0]?.pods).toMatchObject([{ name, uid, node: cluster.node?.name, image_digest: image }])
    expect(attempts[0]?.evidence?.log_tail.join('\n')).toContain('[TRACE:')
  })

  it('its version is registered, its manifest retired by a commit, and Argo CD prunes the Job', async () => {
    await yard.untilRun('handbook-lm', 'to be retired', ({ attempts }) => attempts[0]?.retired_at, 60)
    const [path] = [resource('batch/v1', 'jobs', yard.namespace, run.attempts[0]?.job_name ?? '')]
    await until('the Job to be pruned', async () => (await cluster.kubernetes.get(path)) === undefined, { seconds: 60 })
    const { items } = await yard.ask<{ items: readonly { model: string; version: number }[] }>('/v1/models')
    expect(items).toMatchObject([{ model: 'handbook-lm', version: 1 }])
  })

  it.each([
    ['the run', () => run.id],
    ['its spec file', () => 'specs/training.yaml'],
    ['the line of its spec', () => `specs/training.yaml:${run.spec_line}`],
    ['its Job', () => run.attempts[0]?.job_name ?? ''],
    ['the UID of its Job', () => run.attempts[0]?.job_uid ?? ''],
    ['its pod', () => run.attempts[0]?.evidence?.pod_name ?? ''],
    ['the UID of its pod', () => run.attempts[0]?.pods[0]?.uid ?? ''],
    ['the node that it ran on', () => cluster.node?.name ?? ''],
    ['the digest of its image', () => run.attempts[0]?.pods[0]?.image_digest ?? ''],
    ['the commit that was synced', () => run.attempts[0]?.applied_revision ?? ''],
    ['the commit that retired it', () => yard.deploy.head()],
    ['the model version', () => 'handbook-lm@1'],
    ['the commit of the specs', () => yard.specs.head()],
  ])('trace answers from %s, now that the objects are gone', async (_what, from) => {
    const { stdout, code } = await yard.command('trace', await from())
    expect(code).toBe(0)
    expect(stdout).toContain('specs/training.yaml:')
    expect(stdout).toContain(run.id)
    expect(stdout).toContain('handbook-lm@1')
  })
})
