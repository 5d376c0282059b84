import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding, Observed, ObservedJob } from '../../../reconciler/observed/document.ts'
import { observedProjectRules } from '../../../reconciler/sources/kubernetes/survey/collections.ts'
import { run } from '../base/command.ts'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { applicationPath, createApplication, refresh } from '../support/applications.ts'
import { auditPosition, readAudit, writesBy } from '../support/audit.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import {
  foreignJobText,
  type ForeignWishes,
  makeObserver,
  observe,
  observed,
  type ObserverRules,
  watch,
} from '../support/foreign.ts'
import type { Identity } from '../support/identities.ts'
import { createQueue } from '../support/queues.ts'
import { createRepository, type Repository } from '../support/repositories.ts'
import { addNodes, onSimulatedNodes, removeNodes } from '../support/simulated-nodes.ts'

/*
 * A team with Argo CD, Jobs and a repository, and nothing of Specyard. Each state and finding is seen with the real thing.
 */

const secret = 'a-value-that-nobody-may-see'
const prefix = 'observed-queue'
let cluster: Cluster
let namespace: string
let narrow: string
let repository: Repository
let observer: Identity
let names: Readonly<Record<'train' | 'heal' | 'broken' | 'hooks' | 'chart' | 'narrow', string>>
let nodes: readonly string[] = []
let applied = ''
let refs = ''
let from = 0

const text = (wishes: ForeignWishes): string => foreignJobText(cluster, wishes)

beforeAll(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'strangers')
  narrow = await makeNamespace(cluster, 'narrow')
  nodes = await addNodes(cluster, { prefix, count: 1, gpus: 1 })
  await createQueue(cluster, { namespace, name: 'gpu', gpus: 1, flavor: onSimulatedNodes(prefix) })
  await cluster.kubernetes.apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none', namespace: narrow },
    spec: { hard: { pods: '0' } },
  })
  from = auditPosition(cluster)
  repository = await createRepository(cluster, namespace)
  const [train, heal, broken, hooks, chart, named] = ['train', 'heal', 'broken', 'hooks', 'chart', 'narrow'].map(
    (one) => `${namespace}-${one}`,
  ) as [string, string, string, string, string, string]
  names = { train, heal, broken, hooks, chart, narrow: named }
  applied = await repository.commit('Train and evaluate (#41)', files())
  const { url } = repository
  await createApplication(cluster, { name: names.train, url, path: 'train', namespace, selfHeal: false })
  await createApplication(cluster, { name: names.heal, url, path: 'heal', namespace })
  await createApplication(cluster, { name: names.broken, url, path: 'broken', namespace })
  await createApplication(cluster, { name: names.hooks, url, path: 'hooks', namespace })
  await cluster.kubernetes.apply(chartApplication(names.chart, url))
  await createApplication(cluster, { name: names.narrow, url, path: 'narrow', namespace: narrow })
  await cluster.kubernetes.apply(JSON.parse(JSON.stringify(stray())) as never)
  observer = await makeObserver(cluster, [namespace, narrow])
  refs = await refsOf(repository)
})
afterAll(async () => {
  for (const name of Object.values(names)) await cluster.kubernetes.remove(applicationPath(name))
  await removeNamespace(cluster, namespace)
  await removeNamespace(cluster, narrow)
  await removeNodes(cluster, nodes)
})

function files(): Readonly<Record<string, string>> {
  const nowhere = `nowhere.invalid/trainer@sha256:${'0'.repeat(64)}`
  return {
    'train/runs.yaml': text({ name: 'runs', script: 'sleep 3600', variables: { TOKEN: secret } }),
    'train/done.yaml': text({ name: 'done', script: 'true' }),
    'train/exits.yaml': text({ name: 'exits', script: 'exit 3', spec: ['backoffLimit: 1'] }),
    'train/hungry.yaml': text({
      name: 'hungry',
      script: 'sleep 1; head -c 64m /dev/zero | tail',
      limits: { memory: '16Mi' },
    }),
    'train/unseen.yaml': text({ name: 'unseen', script: 'true', image: nowhere }),
    'train/queued.yaml': text({
      name: 'queued',
      script: 'sleep 3600',
      labels: { 'kueue.x-k8s.io/queue-name': 'gpu' },
      spec: ['suspend: true', 'backoffLimit: 0'],
      limits: { 'nvidia.com/gpu': '8' },
      node: prefix,
    }),
    'train/short.yaml': text({
      name: 'short',
      script: 'true',
      spec: ['backoffLimit: 0', 'ttlSecondsAfterFinished: 1'],
    }),
    'heal/healed.yaml': text({
      name: 'healed',
      script: 'sleep 3600',
      spec: ['backoffLimit: 0', 'ttlSecondsAfterFinished: 600'],
    }),
    'broken/fixed.yaml': text({ name: 'fixed', script: 'sleep 3600', variables: { TOKEN: secret } }),
    'hooks/hooked.yaml': text({
      name: 'hooked',
      script: 'sleep 3600',
      annotations: { 'argocd.argoproj.io/hook': 'Sync' },
    }),
    // Without an object of its own an Application is never out of sync, and runs no hook.
    'hooks/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: hooked }\n',
    'chart/Chart.yaml': 'apiVersion: v2\nname: kubeflow-like\nversion: 0.1.0\n',
    'chart/values.yaml': 'ttl: 3600\n',
    'chart/templates/train.yaml': text({
      name: '{{ .Release.Name }}-trainer',
      script: 'sleep 3600',
      spec: ['backoffLimit: 0', 'ttlSecondsAfterFinished: {{ .Values.ttl }}'],
    }),
    'narrow/refused.yaml': text({ name: 'refused', script: 'true' }),
  }
}

/** As a team has it that lets Argo CD render a chart. */
function chartApplication(name: string, repoURL: string) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: argocdNamespace, finalizers: ['resources-finalizer.argocd.argoproj.io'] },
    spec: {
      project: 'default',
      source: { repoURL, targetRevision: 'main', path: 'chart', helm: { releaseName: 'bert' } },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: { selfHeal: true } },
    },
  }
}

/** A Job that a person made by hand. */
function stray() {
  const image = cluster.node?.images.busybox
  const container = { name: 'main', image, command: ['sleep', '3600'] }
  const pod = { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [container] }
  const nodeSelector = { 'specyard.dev/node': 'real' }
  const spec = { backoffLimit: 0, template: { spec: { ...pod, nodeSelector } } }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'by-hand', namespace }, spec }
}

/** Other tests have Applications of their own, in namespaces that this identity may not read. */
const ours = (): readonly string[] => ['--namespace', namespace, narrow, '--deploy-repository', repository.url]

async function refsOf({ folder }: Repository): Promise<string> {
  return run('git', ['-C', folder, 'for-each-ref'])
}

/** Looks until something is seen, or 90 s are over. */
async function untilSeen<Seen>(what: string, find: (seen: Observed) => Seen | undefined | false): Promise<Seen> {
  let last: Observed | undefined
  const look = async () => {
    last = await observed(observer.kubeconfig, ...ours())
    return find(last)
  }
  return until(what, look, { seconds: 90 }).catch((error: unknown) => {
    const told = JSON.stringify(
      { jobs: last?.jobs, applications: last?.applications, findings: last?.findings },
      null,
      1,
    )
    throw new Error(`${(error as Error).message}; last ${told}`, { cause: error })
  })
}

const untilJob = (name: string, isSo: (job: ObservedJob) => unknown): Promise<ObservedJob> =>
  untilSeen(`Job ${name}`, ({ jobs }) => jobs.find((one) => one.name === name && isSo(one)))
const untilFinding = (code: Finding['code'], about: string): Promise<Finding> =>
  untilSeen(`${code} of ${about}`, ({ findings }) => findings.find((one) => one.code === code && one.about === about))

describe('a stranger’s cluster', () => {
  it('a Job that runs: its file, line, commit and author, its pod, node and image digest', async () => {
    const job = await untilJob('runs', ({ state, pods }) => state === 'RUNNING' && pods[0]?.imageDigest)
    expect(job).toMatchObject({ namespace, application: names.train, failureClass: null, endless: false, gpus: 0 })
    expect(job.file).toMatchObject({ path: 'train/runs.yaml', line: 1, kind: 'object' })
    expect(job.file?.change).toMatchObject({
      commit: applied,
      subject: 'Train and evaluate (#41)',
      author: 'A Person <person@example.com>',
      request: '#41',
    })
    expect(job.pods).toMatchObject([{ phase: 'Running', node: cluster.node?.name }])
    expect(job.pods[0]?.imageDigest).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('a Job that completed', async () => {
    expect(await untilJob('done', ({ state }) => state === 'SUCCEEDED')).toMatchObject({
      counts: { succeeded: 1, failed: 0 },
      endedAt: expect.any(String) as string,
    })
  })

  it('a Job that failed with an exit code, after tries that changed nothing', async () => {
    const job = await untilJob('exits', ({ state }) => state === 'FAILED')
    expect(job).toMatchObject({ failureClass: 'APP_EXIT', message: 'the trainer exited with code 3' })
    const finding = await untilFinding('RETRY_CHANGES_NOTHING', `Job ${namespace}/exits`)
    expect(finding).toMatchObject({ severity: 'warning', place: { path: 'train/exits.yaml', line: 6 } })
    expect(finding.message).toContain('it was tried 2 times (backoffLimit 1)')
  })

  it('a Job that ran out of memory', async () => {
    const job = await untilJob('hungry', ({ state }) => state === 'FAILED')
    expect(job).toMatchObject({ failureClass: 'OOM', pods: [{ exitCode: 137 }] })
  })

  it('a Job whose image cannot be had: queued, with what the kubelet says', async () => {
    const job = await untilJob('unseen', ({ reason }) => /^(ErrImagePull|ImagePullBackOff)$/.test(reason))
    expect(job).toMatchObject({ state: 'QUEUED', message: expect.stringContaining('nowhere.invalid') as string })
  })

  it('a Job that Kueue holds back: queued, in Kueue’s own words, with the GPUs that it asks for', async () => {
    const job = await untilJob('queued', ({ reason, message }) => reason === 'Pending' && message !== '')
    expect(job).toMatchObject({ state: 'QUEUED', gpus: 8, file: { path: 'train/queued.yaml' } })
    expect(job.message).toContain('nvidia.com/gpu')
    expect(job.workload).not.toBeNull()
    const limit = await untilFinding('NO_TIME_LIMIT', `Job ${namespace}/queued`)
    expect(limit.message).toContain('8 GPUs')
  })

  it('a Job that a quota lets make no pod: queued, in the words of what refused it', async () => {
    const job = await untilJob('refused', ({ reason }) => reason === 'FailedCreate')
    expect(job).toMatchObject({ state: 'QUEUED', namespace: narrow })
    expect(job.message).toContain('exceeded quota: none')
  })

  it('a Job that a TTL will delete under self-heal would train again without end', async () => {
    expect(await untilFinding('RERUN_BY_TTL', `Job ${namespace}/healed`)).toMatchObject({
      severity: 'error',
      place: { path: 'heal/healed.yaml', line: 7 },
      message: expect.stringMatching(
        /deleted 600 s after it ended .* at once, and it runs again, without end/,
      ) as string,
    })
  })

  it('a Job that a TTL has deleted is gone, and comes back at the next commit', async () => {
    const gone = await untilJob('short', ({ reason }) => reason === 'Gone')
    expect(gone).toMatchObject({ state: null, uid: null, file: { path: 'train/short.yaml' } })
    expect(await untilFinding('JOB_GONE', `Job ${namespace}/short`)).toMatchObject({
      severity: 'error',
      place: { path: 'train/short.yaml', line: 1 },
      message: expect.stringContaining('at the next commit') as string,
      remedy: expect.stringContaining('git rm train/short.yaml') as string,
    })
    // As was foretold: a commit that has nothing to do with it makes it again.
    const notes = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: notes }\n'
    await repository.commit('Say something else', { 'train/notes.yaml': notes })
    refs = await refsOf(repository)
    await refresh(cluster, names.train)
    const made = () =>
      readAudit(cluster, from).filter(
        ({ verb, objectRef, responseStatus, responseObject }) =>
          objectRef?.resource === 'jobs' &&
          !objectRef.subresource &&
          responseStatus?.code === 201 &&
          ['create', 'patch'].includes(verb) &&
          (responseObject as { metadata?: { name?: string } }).metadata?.name === 'short',
      )
    await until('the Job to be made again', () => made().length >= 2, { seconds: 60 })
  })

  it('a Job that is a hook runs again at every sync', async () => {
    expect(await untilFinding('RERUN_BY_HOOK', `Job ${namespace}/hooked`)).toMatchObject({
      place: { path: 'hooks/hooked.yaml', line: 6 },
      message: expect.stringContaining(`every sync of Application ${names.hooks}`) as string,
    })
  })

  it('a Job that a chart renders: its template, and the line of the TTL in it', async () => {
    const job = await untilJob('bert-trainer', ({ state }) => state === 'RUNNING')
    expect(job).toMatchObject({
      application: names.chart,
      file: { path: 'chart/templates/train.yaml', line: 2, kind: 'template' },
    })
    expect(await untilFinding('RERUN_BY_TTL', `Job ${namespace}/bert-trainer`)).toMatchObject({
      severity: 'error',
      place: { path: 'chart/templates/train.yaml', line: 7 },
    })
  })

  it('a Job that nobody committed', async () => {
    expect(await untilFinding('JOB_WITHOUT_FILE', `Job ${namespace}/by-hand`)).toMatchObject({ severity: 'warning' })
  })

  it('a pod that lost its Job and goes on', async () => {
    await untilJob('by-hand', ({ state }) => state === 'RUNNING')
    await cluster.kubernetes.remove(resource('batch/v1', 'jobs', namespace, 'by-hand'), 'Orphan')
    const orphan = await untilSeen('the orphan', ({ findings }) => findings.find(({ code }) => code === 'ORPHAN_POD'))
    expect(orphan.message).toContain('its Job by-hand was deleted without it')
  })

  it('a change that no Job can take on: the sync fails although its health says otherwise, and no value is shown', async () => {
    await untilJob('fixed', ({ state }) => state === 'RUNNING')
    const changed = text({ name: 'fixed', script: 'sleep 7200', variables: { TOKEN: secret } })
    await repository.commit('Sleep longer', { 'broken/fixed.yaml': changed })
    refs = await refsOf(repository)
    const foretold = await untilFinding('IMMUTABLE_CHANGE', `Job ${namespace}/fixed`)
    expect(foretold).toMatchObject({ severity: 'error', place: { path: 'broken/fixed.yaml', line: 15 } })
    expect(foretold.message).toContain('containers.main.command')
    await refresh(cluster, names.broken)
    const failed = await untilFinding('SYNC_FAILED', `Application ${names.broken}`)
    expect(failed.message).toContain('field is immutable')
    expect(failed.message).not.toContain('sleep 7200')
  })
})

describe('who looks', () => {
  it('prints tables, a line for each finding, and a summary, and no value of a variable', async () => {
    const outputs = await Promise.all(
      ['table', 'wide', 'yaml', 'json'].map((output) =>
        observe(observer.kubeconfig, ...ours(), '--findings', 'note', '--output', output),
      ),
    )
    for (const { code, stderr, stdout } of outputs) {
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).not.toContain(secret)
    }
    const [table = { stdout: '' }] = outputs
    expect(table.stdout).toMatch(/^APPLICATION +SYNCS +SYNC +HEALTH +APPLIED +BY +MESSAGE$/m)
    expect(table.stdout).toMatch(/^JOB +STATE +REASON +FOR +GPUS +DONE +TRIES +FILE +COMMIT +BY +MESSAGE$/m)
    expect(table.stdout).toMatch(/^\d+ Jobs: \d+ running/m)
  })

  it('without a repository is told what to pass, and sees states all the same', async () => {
    const { code, stdout, stderr } = await observe(observer.kubeconfig, '--namespace', namespace)
    expect([code, stderr]).toEqual([0, expect.stringContaining('pass --deploy-repository') as string])
    expect(stderr).toContain(repository.url)
    expect(stdout).toMatch(/\/hungry +FAILED +OOM/)
  })

  it('may ask to fail on findings', async () => {
    const said = await observe(observer.kubeconfig, ...ours(), '--fail-on', 'error')
    expect(said.code).toBe(1)
  })

  it('who may not read something is told what, and by which rule', async () => {
    const { code, stderr } = await observe(observer.kubeconfig, '--namespace', 'default')
    expect(code).toBe(3)
    expect(stderr).toContain('not looked at  jobs in default')
    expect(stderr).toContain('allow this identity to list jobs in namespace default')
  })

  it('lacks just what each rule of the Role allows', async () => {
    const lacking = async (name: string, rules: ObserverRules): Promise<readonly string[]> => {
      const { kubeconfig } = await makeObserver(cluster, [narrow], { ...rules, name })
      const { incomplete } = await observed(kubeconfig, '--namespace', narrow)
      return incomplete.map(({ what }) => what)
    }
    const without = observedProjectRules.map(({ resources: [resource = ''] }) => ({
      resource,
      project: observedProjectRules.filter((rule) => rule.resources[0] !== resource),
    }))
    const told = await Promise.all([
      ...without.map(({ resource, project }) => lacking(`without-${resource}`, { project })),
      lacking('without-applications', { argocd: [] }),
    ])
    expect(told).toEqual([
      ...without.map(({ resource }) => [`${resource} in ${narrow}`]),
      [`applications in ${argocdNamespace}`],
    ])
  })

  it('may go on and be told what changes, until Ctrl-C', async () => {
    const watching = watch(observer.kubeconfig, ...ours())
    await until('the first tables', () => / Jobs: /.test(watching.stdout()), { seconds: 60 })
    const before = watching.stdout()
    await cluster.kubernetes.remove(resource('batch/v1', 'jobs', namespace, 'done'), 'Background')
    const changes = () => watching.stdout().slice(before.length)
    await until('the change', () => /\/done +GONE/.test(changes()), { seconds: 60 })
    await until('what it means', () => changes().includes('JOB_GONE'), { seconds: 60 })
    expect(changes()).not.toContain('/hungry')
    expect([await watching.stop(), watching.stderr()]).toEqual([0, ''])
  })

  it('wrote nothing: not to the cluster, not to the repository; and read no Secret', async () => {
    const events = readAudit(cluster, from).filter(({ user }) => user.username === observer.user)
    expect(events.length).toBeGreaterThan(20)
    expect(writesBy(events, observer.user)).toEqual([])
    // The groups that it asks about are no resources, and not in the log.
    expect([...new Set(events.map(({ verb }) => verb))].sort()).toEqual(['list', 'watch'])
    expect(events.filter(({ objectRef }) => objectRef?.resource === 'secrets')).toEqual([])
    expect(await refsOf(repository)).toBe(refs)
  })
})
