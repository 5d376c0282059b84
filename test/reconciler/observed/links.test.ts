import { describe, expect, it } from 'vitest'
import type { ApplicationSource } from '../../../reconciler/observed/cluster.ts'
import { comparableAddress } from '../../../reconciler/observed/links/addresses.ts'
import { declaredBy, globExpression, toolOf } from '../../../reconciler/observed/links/sources.ts'
import { observeAll } from '../../../reconciler/observed/observe.ts'
import { applicationObject, change, deployFiles, jobObject, podObject, survey } from '../../support/observed.ts'

const job = (name: string) => `apiVersion: batch/v1\nkind: Job\nmetadata: { name: ${name} }\nspec: {}\n`

describe('addresses of one repository', () => {
  it.each([
    ['with and without .git', 'https://git.example.com/ml/deploy.git', 'https://git.example.com/ml/deploy'],
    ['over ssh and https', 'git@git.example.com:ml/deploy.git', 'https://git.example.com/ml/deploy'],
    ['as an ssh URL with its port', 'ssh://git@git.example.com:2222/ml/deploy', 'git@git.example.com:ml/deploy.git'],
    ['with a user and a password', 'https://me:secret@git.example.com/ml/deploy', 'https://git.example.com/ml/deploy/'],
    ['in another case of the host', 'https://Git.Example.com/ml/deploy', 'https://git.example.com/ml/deploy'],
    ['as a path and a file URL', '/srv/deploy.git', 'file:///srv/deploy.git'],
  ])('are the same %s', (_sentence, left, right) => {
    expect(comparableAddress(left)).toBe(comparableAddress(right))
  })

  it.each([
    ['of two ports of one host', 'http://127.0.0.1:8080/a', 'http://127.0.0.1:8081/a'],
    ['of two paths', 'https://git.example.com/a', 'https://git.example.com/b'],
    ['whose paths differ in case', 'https://git.example.com/A', 'https://git.example.com/a'],
  ])('are not the same %s', (_sentence, left, right) => {
    expect(comparableAddress(left)).not.toBe(comparableAddress(right))
  })
})

const source = (more: Partial<ApplicationSource> = {}): ApplicationSource => ({
  ...{ repository: 'r', revision: 'main', path: 'jobs', chart: null },
  ...{ tool: 'directory', recurse: false, include: '', exclude: '' },
  ...more,
})

describe('files that Argo CD reads', () => {
  const files = deployFiles({
    'jobs/one.yaml': job('one'),
    'jobs/deep/two.yaml': job('two'),
    'jobs/notes.json': JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'json' }, spec: {} }),
    'jobs-old/three.yaml': job('three'),
    'root.yaml': job('root'),
  })
  const read = (more: Partial<ApplicationSource>) => declaredBy(source(more), files).map(({ name }) => name)
  it.each([
    ['of a folder, not of those in it', {}, ['one', 'json']],
    ['of folders in it where it is told to', { recurse: true }, ['one', 'two', 'json']],
    ['that are included', { include: '*.yaml' }, ['one']],
    ['that are not excluded', { exclude: '{notes,other}.*' }, ['one']],
    ['of the root', { path: '' }, ['root']],
    ['of a registry’s chart: none', { path: null, chart: 'bert' }, []],
  ] as const)('%s', (_sentence, more, names) => {
    expect(read(more)).toEqual(names)
  })

  it('a pattern of stars and braces stands for slashes too, and nothing else in it is special', () => {
    expect(globExpression('{a,b}*.y?ml').test('a/x.yaml')).toBe(true)
    expect(globExpression('a.yaml').test('axyaml')).toBe(false)
    expect(globExpression('a+(b)').test('a+(b)')).toBe(true)
  })

  it('a folder with a Chart.yaml is a chart, whatever its Application says', () => {
    expect(toolOf(source({ path: 'chart' }), deployFiles({}, { charts: ['chart'] }))).toBe('helm')
  })
})

describe('where a Job comes from', () => {
  it('a Job of a chart comes from the only template that makes Jobs', () => {
    const template = { path: 'jobs/templates/train.yaml', line: 2, ttlLine: 9, change }
    const files = deployFiles({}, { charts: ['jobs'], templates: [template] })
    const look = survey({ jobs: [jobObject({ spec: { ttlSecondsAfterFinished: 5 } })], pods: [podObject()] })
    const { jobs, findings } = observeAll(look, files)
    expect(jobs[0]?.file).toMatchObject({ path: 'jobs/templates/train.yaml', line: 2, kind: 'template' })
    expect(findings[0]?.place).toEqual({ path: 'jobs/templates/train.yaml', line: 9 })
  })

  it('a Job of a kustomization comes from the file whose name its own name holds', () => {
    const files = deployFiles(
      { 'base/bert.yaml': job('bert'), 'base/be.yaml': job('be') },
      { kustomizations: new Map([['jobs', ['base/bert.yaml', 'base/be.yaml']]]) },
    )
    const look = survey({ jobs: [jobObject({ name: 'prod-bert-v2' })], pods: [podObject({ job: 'prod-bert-v2' })] })
    expect(observeAll(look, files).jobs[0]?.file).toMatchObject({ path: 'base/bert.yaml', line: 1 })
  })

  it('a Job of a CronJob comes from the CronJob’s file', () => {
    const text =
      'apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: nightly }\nspec: { jobTemplate: { spec: {} } }\n'
    const owner = { kind: 'CronJob', name: 'nightly', uid: 'c', controller: true }
    const resources = [{ kind: 'CronJob', namespace: 'team', name: 'nightly', status: 'Synced' }]
    const look = survey({
      jobs: [jobObject({ name: 'nightly-29', metadata: { ownerReferences: [owner], annotations: {} } })],
      applications: [applicationObject({ status: { resources } })],
    })
    const [row] = observeAll(look, deployFiles({ 'jobs/nightly.yaml': text })).jobs
    expect(row).toMatchObject({
      application: 'ml',
      owner: { kind: 'CronJob', name: 'nightly' },
      file: { path: 'jobs/nightly.yaml' },
    })
  })

  it('a mark of Argo CD that was copied from another object says nothing', () => {
    const annotations = { 'argocd.argoproj.io/tracking-id': 'ml:batch/CronJob:team/nightly' }
    const [row] = observeAll(survey({ jobs: [jobObject({ metadata: { annotations } })] }), null).jobs
    expect(row?.application).toBeNull()
  })

  it('where the given address is none that Applications name, and they all name one, that one is meant, and it is said', () => {
    const files = deployFiles({ 'jobs/bert.yaml': job('bert') }, { repository: '/home/ada/deploy' })
    const { jobs, notes } = observeAll(survey({ jobs: [jobObject()] }), files)
    expect(jobs[0]?.file).toMatchObject({ path: 'jobs/bert.yaml' })
    expect(notes).toEqual([
      '/home/ada/deploy is taken for https://git.example.com/ml/deploy.git, which all Applications name',
    ])
  })

  it('without files it says what to pass', () => {
    expect(observeAll(survey({}), null).notes).toEqual([
      'no file was looked at: pass --deploy-repository https://git.example.com/ml/deploy.git',
    ])
  })

  it('what Specyard wrote is told with run, attempt and the line of its spec', () => {
    const metadata = {
      labels: { 'job-id': 'a-run', 'specyard.dev/attempt': '2' },
      annotations: { 'specyard.dev/spec': 'specs/bert.yaml:3' },
    }
    const runOf = () => ({ spec: 'specs/bert.yaml:4', sourceCommit: 'e'.repeat(40) })
    const look = survey({ jobs: [jobObject({ metadata })] })
    expect(observeAll(look, null).jobs[0]?.specyard).toMatchObject({
      runId: 'a-run',
      attempt: 2,
      spec: 'specs/bert.yaml:3',
    })
    expect(observeAll(look, deployFiles({}, { runOf })).jobs[0]?.specyard).toMatchObject({
      spec: 'specs/bert.yaml:4',
      sourceCommit: 'e'.repeat(40),
    })
  })
})
