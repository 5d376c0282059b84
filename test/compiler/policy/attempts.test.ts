import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Rendered } from '../../../compiler/compile-types.ts'
import { judge } from '../../../compiler/policy/judge.ts'
import { compileTexts, nothing } from '../../support/compiler.ts'
import { attempts, harmless, type Loose } from '../../support/policy/attempts.ts'
import {
  digest,
  environments,
  input,
  known,
  manifest,
  pack,
  path,
  pinned,
  plan,
  result,
} from '../../support/policy/ground.ts'
import { writings } from '../../support/policy/writings.ts'

/** What policies say of manifests in the place of the one that is rendered. */
function judged(texts: readonly string[], spec = known.trainingJobs[0] ?? null): readonly string[] {
  const files = texts.map((one): Rendered => ({
    path,
    text: one,
    environment: 'prod',
    project: 'language',
    isValues: false,
    plan: plan ?? null,
    spec,
  }))
  return judge(input, known, files)
    .filter((one) => one.severity === 'error')
    .map((one) => one.message)
}
const said = (text: string): readonly string[] => judged([text], null)

const all = [...attempts()]
/** What is said of each attempt, by its number and how it is written. All are judged at once, as the manifests of one repository are. */
const messages = new Map<string, string[]>()

beforeAll(() => {
  const ways = Object.entries(writings)
  const cases = all.flatMap((attempt, index) => ways.map(([how, write]) => ({ attempt, index, how, write })))
  const name = (at: number): string => `attempt-${at}-`
  const texts = cases.map(({ attempt, write }, at) => {
    const changed: Loose = attempt.change(manifest)
    changed.metadata.name = name(at)
    return write(JSON.stringify(changed))
  })
  for (const message of judged(texts)) {
    const one = cases[Number(/ Job attempt-(\d+)- /.exec(message)?.[1])]
    if (!one) continue
    const key = `${one.index}-${one.how}`
    messages.set(key, [...(messages.get(key) ?? []), message])
  }
}, 120_000)

describe('the starter pack', () => {
  it('lets through what Specyard renders, as it is and with what is harmless', () => {
    expect(result.problems.filter((one) => one.severity === 'error')).toEqual([])
    for (const change of harmless) {
      const copy: Loose = structuredClone(manifest)
      change(copy)
      expect(said(JSON.stringify(copy)), String(change)).toEqual([])
    }
  })

  it.each(all.map((one, index) => [one.title, one, index] as const))(
    'refuses a Job where %s, however it is written',
    (_title, { policy }, index) => {
      for (const how of Object.keys(writings)) {
        const denied = messages.get(`${index}-${how}`) ?? []
        expect(
          denied.some((one) => one.startsWith(`policy "${policy}" denies Job`)),
          `${how}: ${denied.join('; ')}`,
        ).toBe(true)
      }
    },
  )

  it('is held against two thousand attempts', () => {
    expect(all.length * Object.keys(writings).length).toBeGreaterThan(2000)
  })

  it('refuses an attempt whatever harmless things stand beside it', () => {
    const one = fc.record({
      attempt: fc.constantFrom(...all),
      beside: fc.subarray([...harmless]),
      how: fc.constantFrom(...Object.values(writings)),
    })
    fc.assert(
      fc.property(one, ({ attempt, beside, how }) => {
        const copy: Loose = structuredClone(manifest)
        for (const change of beside) change(copy)
        return said(how(JSON.stringify(attempt.change(copy)))).some((message) =>
          message.includes(`"${attempt.policy}"`),
        )
      }),
      { numRuns: 100 },
    )
  }, 60_000)

  it.each([
    ['a Pod', 'Pod', 'v1'],
    ['a CronJob', 'CronJob', 'batch/v1'],
    ['a DaemonSet', 'DaemonSet', 'apps/v1'],
    ['a Role', 'Role', 'rbac.authorization.k8s.io/v1'],
    ['a ClusterRoleBinding', 'ClusterRoleBinding', 'rbac.authorization.k8s.io/v1'],
    ['a Secret', 'Secret', 'v1'],
  ])('refuses %s in a rendered file', (_title, kind, apiVersion) => {
    const other = JSON.stringify({ apiVersion, kind, metadata: { name: 'a', namespace: 'ml-language' } })
    expect(said(`${JSON.stringify(manifest)}\n---\n${other}`)).toContainEqual(
      expect.stringContaining(`"known-kinds" denies ${kind} a`),
    )
  })

  it.each([
    ['no YAML', 'a: [1'],
    ['a document without kind', 'a: 1'],
    ['a key twice', 'apiVersion: batch/v1\nkind: Job\nkind: Pod\n'],
    ['an unknown tag', 'apiVersion: batch/v1\nkind: !job Job\n'],
  ])('refuses a rendered file that is %s', (_title, broken) => {
    expect(said(broken)).toEqual([expect.stringContaining('cannot be judged by any policy')])
  })

  it.each([
    ['spec.image', { spec: pinned.replace(`trainer@${digest}`, 'trainer:latest') }],
    [
      'an image of the Environment',
      {
        environments: environments.replace(
          '  lease:',
          '  images: { example/trainer: example/trainer:latest }\n  lease:',
        ),
      },
    ],
    ['the image of the lease', { environments: environments.replace(`busybox@${digest}`, 'busybox') }],
    [
      'the namespace of another project',
      {
        environments: environments
          .replace('language: ml-language', 'language: ml-language, other: x')
          .replace('ml-language', 'kube-system'),
        allowed: true,
      },
    ],
  ])(
    'sees what comes by %s',
    (
      _title,
      {
        spec = pinned,
        environments: base = environments,
        allowed = false,
      }: { spec?: string; environments?: string; allowed?: boolean },
    ) => {
      const codes = compileTexts([spec, ...pack], nothing, base)
        .problems.filter((one) => one.severity === 'error')
        .map((one) => one.code)
      // A namespace that the Environment gives to the project is its own, whatever it is called.
      expect(codes).toEqual(allowed ? [] : expect.arrayContaining(['POLICY_DENIED']))
    },
  )
})
