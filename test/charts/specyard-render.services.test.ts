import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  changedValues,
  demandHelm,
  goldenInstallNames,
  goldenInstallValues,
  installGolden,
  podOf,
  type Rendered,
  releaseNamespace,
  renderInstall,
  runHelm,
} from './install-chart.ts'

beforeAll(demandHelm)

const byKind = (objects: readonly Rendered[], kind: string) => objects.filter((one) => one.kind === kind)
const named = (objects: readonly Rendered[], kind: string, name: string) =>
  byKind(objects, kind).find(({ metadata }) => metadata.name === name)

describe('chart specyard rendered by Helm', () => {
  for (const name of goldenInstallNames()) {
    it(`the values of ${name} pass helm lint`, () => {
      expect(runHelm('lint', goldenInstallValues(name))).toMatchObject({ status: 0 })
    })

    it(`the values of ${name} give the golden objects`, () => {
      const { status, stdout, stderr } = runHelm('template', goldenInstallValues(name))
      expect(stderr).toBe('')
      expect(status).toBe(0)
      const path = join(installGolden, name, 'rendered.yaml')
      if (process.env['UPDATE_GOLDEN']) writeFileSync(path, stdout)
      expect(stdout).toBe(readFileSync(path, 'utf8'))
    })

    it(`the values of ${name} make no Secret, no workload's hook but the migration, and each object once`, () => {
      const objects = renderInstall(goldenInstallValues(name))
      expect(byKind(objects, 'Secret')).toEqual([])
      const hooks = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== undefined)
      expect(hooks.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Job specyard-migration'])
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
      expect(names).toEqual([...new Set(names)])
    })
  }

  const refused: readonly [string, string, Record<string, unknown>, string][] = [
    [
      'a password in the address',
      'watching',
      { settings: { deploy: { repository: 'https://user:word@git.example.com/d.git' } } },
      'put it into a Secret',
    ],
    [
      'a user name in the address, which may be a token',
      'watching',
      { settings: { deploy: { repository: 'https://token@git.example.com/d.git' } } },
      'put it into a Secret',
    ],
    [
      'two ways to the repository',
      'watching',
      { git: { ssh: { secret: 'a' } } },
      'git.https and git.ssh are both given',
    ],
    ['a password for ssh', 'scheduled', { git: { ssh: null, https: { secret: 'a' } } }, 'give git.ssh instead'],
    ['a key for https', 'small', { git: { ssh: { secret: 'a' } } }, 'give git.https instead'],
    [
      'a password in the address of the specs',
      'watching',
      { settings: { specs: { repository: 'https://user:word@git.example.com:8443/s.git' } } },
      'settings.specs.repository holds a user name',
    ],
    [
      'specs on a server that is not told the password',
      'watching',
      { settings: { specs: { repository: 'https://other.example.com/s.git' } } },
      'on another server',
    ],
    [
      'specs by other means than the deploy repository',
      'scheduled',
      { settings: { specs: { repository: 'https://git.example.com/s.git' } } },
      'the other is not',
    ],
    ['ssh without a key', 'scheduled', { git: { ssh: null } }, 'name a Secret in git.ssh'],
    [
      'certificates where there are none',
      'small',
      { git: { certificateAuthority: { configMap: 'a' } } },
      'no address of https',
    ],
    [
      'a variable that the chart sets',
      'small',
      { env: [{ name: 'DATABASE_URL', value: 'x' }] },
      'env sets DATABASE_URL',
    ],
    ['a value that there is not', 'small', { replicas: 3 }, 'replicas'],
  ]
  it.each(refused)('%s is refused with the reason', (_what, name, changes, reason) => {
    const { status, stderr, stdout } = runHelm('template', changedValues(name, changes))
    expect(status).not.toBe(0)
    expect(stderr).toContain(reason)
    expect(stderr).not.toContain('user:word')
    expect(stdout).toBe('')
  })

  it('in the mode deployment the reconciler is a Deployment, in the mode cronjob a CronJob that never joins itself', () => {
    const watching = renderInstall(goldenInstallValues('watching'))
    expect(named(watching, 'Deployment', 'specyard-reconciler')?.spec).toMatchObject({ replicas: 2 })
    expect(byKind(watching, 'CronJob')).toEqual([])
    const scheduled = renderInstall(goldenInstallValues('scheduled'))
    expect(named(scheduled, 'CronJob', 'specyard-reconciler')?.spec).toMatchObject({
      schedule: '*/2 * * * *',
      concurrencyPolicy: 'Forbid',
    })
    expect(named(scheduled, 'Deployment', 'specyard-reconciler')).toBeUndefined()
  })

  it('a Job of the CronJob and a pod of the Deployment lead by the same Lease, which the Role allows by its name', () => {
    for (const name of ['watching', 'scheduled']) {
      const objects = renderInstall(goldenInstallValues(name))
      const reconciler = objects.find((one) => one.metadata.name === 'specyard-reconciler' && podOf(one))
      const args = (reconciler && podOf(reconciler)?.spec.containers[0]?.args) ?? []
      expect(args[args.indexOf('--lease') + 1]).toBe(`${releaseNamespace}/specyard-reconciler`)
      const leader = named(objects, 'Role', `${releaseNamespace}.specyard-leader`)
      expect(leader?.metadata.namespace).toBe(releaseNamespace)
      expect(leader?.rules?.flatMap(({ resourceNames = [] }) => resourceNames)).toEqual(['specyard-reconciler'])
    }
  })

  it('the reconciler looks after the environments that are named, and is told of them last', () => {
    for (const [name, environments] of [
      ['watching', ['prod', 'stg']],
      ['scheduled', ['prod']],
    ] as const) {
      const objects = renderInstall(goldenInstallValues(name))
      const reconciler = objects.find((one) => one.metadata.name === 'specyard-reconciler' && podOf(one))
      const args = (reconciler && podOf(reconciler)?.spec.containers[0]?.args) ?? []
      expect(args.slice(args.indexOf('--environment') + 1)).toEqual(environments)
    }
  })

  it('one pod of each asks for no PodDisruptionBudget, which would hold up every drain', () => {
    const budgets = (name: string) =>
      byKind(renderInstall(goldenInstallValues(name)), 'PodDisruptionBudget').map(({ metadata }) => metadata.name)
    expect(budgets('small')).toEqual([])
    expect(budgets('watching')).toEqual(['specyard-api', 'specyard-reconciler'])
    expect(budgets('scheduled')).toEqual(['specyard-api'])
  })

  it('other settings make other pods; other numbers of pods do not', () => {
    const template = (changes: Record<string, unknown>) =>
      JSON.stringify(
        byKind(renderInstall(changedValues('watching', changes)), 'Deployment').map((one) => podOf(one)?.metadata),
      )
    expect(template({ settings: { deploy: { branch: 'other' } } })).not.toBe(template({}))
    expect(template({ git: { certificateAuthority: null } })).not.toBe(template({}))
    expect(template({ api: { replicas: 5 } })).toBe(template({}))
  })

  it('two releases in one namespace share no object, and a long name leaves room for what comes after it', () => {
    const names = (release: string) =>
      renderInstall(goldenInstallValues('scheduled'), { release }).map(
        ({ kind, metadata }) => `${kind} ${metadata.name}`,
      )
    const [one, other] = [names('specyard-one'), names('two')]
    expect(one.filter((name) => other.includes(name))).toEqual([])
    const long = renderInstall(goldenInstallValues('scheduled'), {
      release: 'a-release-with-a-name-as-long-as-it-may-be-of-53chars',
    })
    const lengthMax = (kind: string) => (kind === 'CronJob' ? 52 : kind.startsWith('Role') ? 253 : 63)
    for (const { kind, metadata } of long) expect(metadata.name.length).toBeLessThanOrEqual(lengthMax(kind))
  })

  it('an API server that cannot sleep before a stop is not asked to', () => {
    const sleeps = (kubeVersion: string) =>
      JSON.stringify(renderInstall(goldenInstallValues('watching'), { kubeVersion })).includes('"sleep"')
    expect([sleeps('1.29.0'), sleeps('1.30.0')]).toEqual([false, true])
  })
})
