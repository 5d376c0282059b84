import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Observed } from '../../../reconciler/observed/document.ts'
import { applicationObject, jobObject, podObject } from '../../support/observed.ts'
import { type FakeApiServer, type FakeObject, startFakeApiServer } from '../../support/kubernetes/fake-api-server.ts'
import { builtProgram } from '../../support/main-job/built.ts'
import { commitFiles, gitIn, temporaryFolder, workRepository, writeFiles } from '../../support/publisher.ts'

/*
 * The command itself over a real Git repository, with objects of a cluster as its API server gives them. What a cluster does is tried in
 * test/cluster/source/observe.cluster.test.ts.
 */

const paths = {
  applications: '/apis/argoproj.io/v1/namespaces/argocd/applications',
  jobs: '/apis/batch/v1/namespaces/team/jobs',
  pods: '/api/v1/namespaces/team/pods',
  workloads: '/apis/kueue.x-k8s.io/v1/namespaces/team/workloads',
}

const training = [
  'apiVersion: batch/v1',
  'kind: Job',
  'metadata:',
  '  name: bert',
  'spec:',
  '  ttlSecondsAfterFinished: 600',
  '  template:',
  '    spec:',
  '      restartPolicy: Never',
  '      containers:',
  '        - name: main',
  `          image: registry.example.com/bert@sha256:${'a'.repeat(64)}`,
  '          command: [train]',
  '          env: [{ name: TOKEN, value: s3cret-of-the-team }]',
  '',
].join('\n')

async function cluster(): Promise<FakeApiServer> {
  const server = await startFakeApiServer()
  onTestFinished(() => server.close())
  const spec = { ttlSecondsAfterFinished: 600, podFailurePolicy: undefined }
  const container = { env: [{ name: 'TOKEN', value: 's3cret-of-the-team' }] }
  server.put('/apis', { metadata: { name: 'argoproj.io', namespace: '' }, preferredVersion: { version: 'v1' } })
  server.put('/apis', { metadata: { name: 'kueue.x-k8s.io', namespace: '' }, preferredVersion: { version: 'v1' } })
  server.put(paths.applications, applicationObject({ automated: { selfHeal: true } }) as FakeObject)
  server.put(paths.jobs, jobObject({ spec, container }) as FakeObject)
  server.put(paths.pods, podObject({ limits: { 'nvidia.com/gpu': '8' } }) as FakeObject)
  return server
}

/** A repository whose Job came by a reviewed merge. */
async function repository(): Promise<{ readonly folder: string; readonly commit: string }> {
  const folder = await workRepository(join(await temporaryFolder(), 'deploy'), { 'README.md': 'Deploys.\n' })
  gitIn(folder, 'checkout', '--quiet', '-b', 'bert')
  await writeFiles(folder, { 'jobs/bert.yaml': training })
  gitIn(folder, 'add', '--all')
  gitIn(folder, 'commit', '--quiet', '--message', 'Train BERT\n\nReviewed-by: Lin <lin@example.com>')
  const commit = gitIn(folder, 'rev-parse', 'HEAD')
  gitIn(folder, 'checkout', '--quiet', 'main')
  await commitFiles(folder, { 'README.md': 'Deploys much.\n' })
  gitIn(
    folder,
    '-c',
    'user.name=Grace',
    'merge',
    '--quiet',
    '--no-ff',
    '--message',
    'Merge pull request #41 from ml/bert',
    'bert',
  )
  return { folder, commit }
}

interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function observe(directory: string, temporary: string, ...words: readonly string[]): Promise<Said> {
  const [node = '', ...args] = [...builtProgram().words, 'observe', ...words]
  const env = { PATH: process.env['PATH'], HOME: directory, TMPDIR: temporary }
  return new Promise((resolve) => {
    execFile(node, args, { cwd: directory, env, timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
  })
}

/** Every reference of a repository with what it points to, and the work tree's state. */
function stateOf(folder: string): string {
  return `${gitIn(folder, 'for-each-ref')}\n${gitIn(folder, 'rev-parse', 'HEAD')}\n${gitIn(folder, 'status', '--porcelain')}`
}

describe('specyard observe', () => {
  it('in an empty folder: from the line of a file to the pod, and nothing is left behind', async () => {
    const [server, { folder, commit }, here, temporary] = [
      await cluster(),
      await repository(),
      await temporaryFolder(),
      await temporaryFolder(),
    ]
    const before = stateOf(folder)
    const words = ['--kubeconfig', server.kubeconfig(), '--deploy-repository', folder]
    const { code, stdout, stderr } = await observe(here, temporary, ...words, '--output', 'json')
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^note: .* is taken for https:\/\/git\.example\.com/) as string,
    ])
    const { jobs, findings, repository: read } = JSON.parse(stdout) as Observed
    expect(read).toMatchObject({ address: folder, branch: 'main', commit: gitIn(folder, 'rev-parse', 'main') })
    expect(jobs[0]).toMatchObject({
      name: 'bert',
      state: 'RUNNING',
      file: {
        path: 'jobs/bert.yaml',
        line: 1,
        change: {
          commit,
          author: 'Ada <ada@example.com>',
          approvedBy: ['Lin <lin@example.com>'],
          merged: { by: 'Grace <ada@example.com>' },
          request: '#41',
        },
      },
      pods: [{ name: 'bert-x7k2p', node: 'gpu-1', imageDigest: `sha256:${'b'.repeat(64)}` }],
    })
    expect(findings.map(({ code: one, place }) => [one, place?.line])).toEqual([
      ['RERUN_BY_TTL', 6],
      ['DISRUPTION_COUNTS', 5],
    ])
    expect(stdout).not.toContain('s3cret')
    expect(stateOf(folder)).toBe(before)
    expect(readdirSync(here)).toEqual([])
    // What programs of this machine keep there by themselves is none of ours.
    expect(readdirSync(temporary).filter((name) => name.startsWith('specyard'))).toEqual([])
    expect(server.requests.filter((one) => !one.startsWith('GET '))).toEqual([])
    expect(server.requests.filter((one) => /secrets|configmaps/.test(one))).toEqual([])
  })

  it('prints tables for people, and says what would fail a pipeline by its exit code', async () => {
    const [server, { folder, commit }, here] = [await cluster(), await repository(), await temporaryFolder()]
    const words = ['--kubeconfig', server.kubeconfig(), '--deploy-repository', folder]
    const table = await observe(here, here, ...words, '--fail-on', 'error')
    expect(table.code).toBe(1)
    expect(table.stdout).toMatch(
      new RegExp(
        `^team/bert +RUNNING +- +\\d+d +- +0/1 +- +jobs/bert.yaml:1 +${commit.slice(0, 7)} +Ada, approved by Lin, merged by Grace \\(#41\\)$`,
        'm',
      ),
    )
    expect(table.stdout).toMatch(
      /^jobs\/bert\.yaml:6 {2}error {2}RERUN_BY_TTL {2}Job team\/bert: .*\n {4}hint: remove/m,
    )
    expect(table.stdout).toMatch(/^1 Job: 1 running; 1 Application; 1 error, 1 warning, 0 notes$/m)
    const none = await observe(here, here, ...words, '--findings', 'none', '--output', 'wide')
    expect([none.code, none.stdout.includes('RERUN_BY_TTL')]).toEqual([0, false])
    expect(none.stdout).toContain('gpu-1')
  })

  it('of another folder says nothing of this one', async () => {
    const [server, { folder }, here] = [await cluster(), await repository(), await temporaryFolder()]
    const words = ['--kubeconfig', server.kubeconfig(), '--deploy-repository', folder, '--output', 'json']
    const seen = JSON.parse((await observe(here, here, ...words, '--path', 'elsewhere')).stdout) as Observed
    expect([seen.jobs, seen.findings, seen.summary.jobs]).toEqual([[], [], 0])
    const same = JSON.parse((await observe(here, here, ...words, '--path', './jobs/')).stdout) as Observed
    expect(same.summary).toMatchObject({ jobs: 1, findings: { error: 1 } })
  })

  it('keeps the copy of the repository where it is told to, and sees what came since', async () => {
    const [server, { folder }, here] = [await cluster(), await repository(), await temporaryFolder()]
    const words = [
      '--kubeconfig',
      server.kubeconfig(),
      '--deploy-repository',
      folder,
      '--cache',
      'copy',
      '--output',
      'yaml',
    ]
    expect((await observe(here, here, ...words)).code).toBe(0)
    expect(existsSync(join(here, 'copy', 'clone.git'))).toBe(true)
    const commit = await commitFiles(folder, {
      'jobs/bert.yaml': training.replace('  ttlSecondsAfterFinished: 600\n', ''),
    })
    expect((await observe(here, here, ...words)).stdout).toContain(`commit: ${commit}`)
  })

  it.each([
    ['a branch that is not there', ['--branch', 'trunk'], 3, 'REVISION_UNKNOWN'],
    ['a repository that is not there', ['--deploy-repository', '/nonexistent/deploy.git'], 3, 'GIT_UNREACHABLE'],
    ['an address that is a command', ['--deploy-repository', 'ext::sh -c id'], 3, 'GIT_UNREACHABLE'],
    ['a context that is not there', ['--context', 'nowhere'], 3, 'SETTINGS_INVALID'],
    ['an output that is none', ['--output', 'xml'], 2, 'Allowed choices are table, wide, json, yaml'],
  ])('says what is wrong with %s', async (_sentence, more, code, told) => {
    const [server, { folder }, here] = [await cluster(), await repository(), await temporaryFolder()]
    const said = await observe(here, here, '--kubeconfig', server.kubeconfig(), '--deploy-repository', folder, ...more)
    expect([said.code, said.stderr]).toEqual([code, expect.stringContaining(told) as string])
  })

  it('says that a cluster does not answer', async () => {
    const [server, here] = [await cluster(), await temporaryFolder()]
    server.behave({ status: 503 })
    const said = await observe(here, here, '--kubeconfig', server.kubeconfig())
    expect([said.code, said.stderr]).toEqual([3, expect.stringContaining('CLUSTER_UNREACHABLE') as string])
  })
})
