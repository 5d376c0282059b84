import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { humanComparison } from '../../cli/impact/human.ts'
import { jsonComparison } from '../../cli/impact/json.ts'
import { markdownComparison } from '../../cli/impact/markdown.ts'
import { readRunLedger } from '../../domain/ledger-files.ts'
import type { Deployed } from '../../domain/publication.ts'
import { applied } from '../../compiler/impact/applied.ts'
import { compile } from '../../compiler/compile.ts'
import type { KnownRuns } from '../../compiler/impact/statement.ts'
import { nothing, perform } from '../support/compiler.ts'
import { expectFolder } from '../support/golden.ts'
import { compared, gpuEndpoint, gpuEnvironments, gpuTraining, inputOf, running } from '../support/impact.ts'

const root = join(import.meta.dirname, '..', 'golden', 'impact')

/** A change, with what was published before it; its texts are kept as a folder. */
interface Case {
  readonly name: string
  readonly published?: readonly string[]
  /** Versions of the model that are registered before. */
  readonly versions?: number
  readonly base?: readonly string[]
  readonly head: readonly string[]
  /** In place of the Environments that were published with. */
  readonly environments?: string
  readonly known?: (deployed: Deployed) => KnownRuns
  /** What is done to the deployed files before the comparison. */
  readonly then?: (deployed: Deployed) => Deployed
}

const key = { environment: 'prod', project: 'language', name: 'letters' }
const runId = (deployed: Deployed): string => readRunLedger(deployed.files, key)?.runs[0]?.id ?? 'no run'
const ended = (deployed: Deployed): Deployed =>
  perform(deployed, {
    kind: 'retire',
    key,
    runId: runId(deployed),
    attempts: [{ attempt: 1, failureClass: null }],
    outcome: 'SUCCEEDED',
  }).deployed
const known = (deployed: Deployed): KnownRuns => ({
  progress: new Map([[runId(deployed), running]]),
  pastHours: new Map([['prod/language/letters', [1.25, 2.5, 1.5]]]),
})
const letters = gpuTraining('letters')
const longer = gpuTraining('letters', '  nodes: 2\n')

const guarded = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: guarded }
spec:
  cluster: { kubernetes: { context: guarded, namespaces: { language: ml-language } } }
  gpuTypes: { A100: {} }
  protections: { pullRequest: true }
`

const cases: readonly Case[] = [
  { name: 'first-run', head: [letters, gpuTraining('unpriced', '', 'resources: { gpus: 1, gpuType: T4 }')] },
  { name: 'superseded-while-running', published: [letters], head: [longer], known },
  { name: 'run-again', published: [letters], head: [gpuTraining('letters', '  rerun: 1\n')] },
  {
    name: 'run-again-after-the-end',
    published: [letters],
    head: [gpuTraining('letters', '  rerun: 1\n')],
    then: ended,
  },
  { name: 'superseded-without-a-database', published: [letters], head: [longer] },
  {
    name: 'superseded-unknown-run',
    published: [letters],
    head: [longer],
    known: () => ({ progress: new Map(), pastHours: new Map() }),
  },
  { name: 'spec-removed', published: [letters], head: [], known },
  { name: 'changed-after-the-end', published: [letters], head: [longer], then: ended },
  { name: 'back-to-an-ended-run', published: [letters], base: [], head: [letters], then: ended },
  { name: 'ended-and-unchanged', published: [letters], head: [letters], then: ended },
  { name: 'base-not-published', published: [], base: [letters], head: [longer] },
  { name: 'base-with-problems', published: [letters], base: ['kind: Nonsense\n'], head: [letters] },
  {
    name: 'endpoints-and-room',
    versions: 1,
    published: [
      gpuEndpoint('tight', 'resources: { gpus: 3, gpuType: A100 }'),
      gpuEndpoint('roomy', 'resources: { gpus: 1, gpuType: A100 }'),
      gpuEndpoint(
        'careful',
        'resources: { gpus: 1, gpuType: A100 }',
        '{ rollout: { strategy: rolling, maxSurge: 0, maxUnavailable: 1 } }',
      ),
      gpuEndpoint('unknown', 'resources: { gpus: 1, gpuType: L4 }'),
      gpuEndpoint('scaled', '', '{ replicas: { min: 2, max: 4 }, autoscale: { cpuUtilization: 70 } }'),
      gpuEndpoint('gone'),
    ],
    head: [
      gpuEndpoint(
        'tight',
        'env: { LOG_LEVEL: debug }\n  resources: { gpus: 3, gpuType: A100 }\n  rollout: { strategy: rolling, maxSurge: 2 }',
      ),
      gpuEndpoint('roomy', 'args: [--verbose]\n  resources: { gpus: 1, gpuType: A100 }'),
      gpuEndpoint(
        'careful',
        'args: [-v]\n  resources: { gpus: 1, gpuType: A100 }',
        '{ rollout: { strategy: rolling, maxSurge: 0, maxUnavailable: 1 } }',
      ),
      gpuEndpoint('unknown', 'args: [-v]\n  resources: { gpus: 1, gpuType: L4 }'),
      gpuEndpoint('scaled', '', '{ replicas: { min: 2, max: 6 }, autoscale: { cpuUtilization: 70 } }'),
      gpuEndpoint('new', 'resources: { gpus: 1, gpuType: A100 }'),
    ],
  },
  {
    name: 'waits-for-a-pull-request',
    head: [guarded, letters, gpuTraining('words').replace('environment: prod', 'environment: guarded')],
  },
  {
    name: 'counts-for-the-next-run',
    published: [letters],
    head: [letters.replace('maxRetries: 1', 'maxRetries: 5')],
    environments: gpuEnvironments.replace('s3://data/text', 's3://data/more-text'),
  },
  {
    name: 'endpoint-in-another-namespace',
    versions: 1,
    published: [gpuEndpoint('letters', 'resources: { gpus: 3, gpuType: A100 }')],
    head: [gpuEndpoint('letters', 'resources: { gpus: 3, gpuType: A100 }')],
    environments: gpuEnvironments.replace('ml-language', 'ml-elsewhere'),
  },
  {
    name: 'runs-in-another-cluster',
    published: [letters],
    head: [letters],
    environments: gpuEnvironments.replace('context: prod,', 'context: prod, server: https://elsewhere.example,'),
  },
  {
    name: 'endpoint-in-another-cluster',
    versions: 1,
    published: [gpuEndpoint('letters', 'resources: { gpus: 3, gpuType: A100 }')],
    head: [gpuEndpoint('letters', 'resources: { gpus: 3, gpuType: A100 }')],
    environments: gpuEnvironments.replace('context: prod,', 'context: prod, server: https://elsewhere.example,'),
  },
  { name: 'endpoint-waits', head: [gpuEndpoint('letters')] },
  {
    name: 'model-version',
    published: [gpuEndpoint('letters')],
    versions: 2,
    head: [gpuEndpoint('letters', '', '{ model: { version: 1 } }')],
  },
]

function publishedState({ published = [], versions = 0, then }: Case): Deployed {
  let deployed = applied(nothing, compile({ ...inputOf(published), deployed: nothing }).change)
  for (let version = 1; version <= versions; version += 1) {
    deployed = perform(deployed, {
      kind: 'register',
      project: 'language',
      model: 'letters',
      version: {
        digest: `sha256:${String(version).repeat(64)}`,
        uri: `s3://models/letters/${version}`,
        sizeBytes: 3,
        stage: 'experimental',
        run: { id: 'e01a23c8-e10b-5fee-9d60-c5f0599d56f5', attempt: 1, environment: 'dev' },
        framework: null,
        hyperparameters: {},
        metrics: {},
      },
    }).deployed
  }
  deployed = applied(deployed, compile({ ...inputOf(published), deployed }).change)
  return then ? then(deployed) : deployed
}

describe('what a change does', () => {
  it.each(cases)('is told as it stands in golden/impact/$name', (one) => {
    const deployed = publishedState(one)
    const comparison = compared(one.head, deployed, one.known?.(deployed), one.base, one.environments)
    expect(comparison.compared.result.problems.filter((problem) => problem.severity === 'error')).toEqual([])
    const files = { head: inputOf(one.head).sources, base: inputOf(one.base ?? []).sources }
    expectFolder(
      join(root, one.name),
      new Map([
        ['terminal.txt', humanComparison(comparison, files, undefined)],
        ['comment.md', markdownComparison(comparison)],
        ['impact.json', `${JSON.stringify(comparison.difference.impact, null, 2)}\n`],
      ]),
    )
    const whole = JSON.parse(jsonComparison(comparison)) as { same: boolean; impact: unknown }
    expect(whole.same).toBe(comparison.compared.result.change.size === 0)
    expect(whole.impact).toEqual(JSON.parse(JSON.stringify(comparison.difference.impact)))
  })
})

describe('a comment on a change', () => {
  const commentOf = (far: Partial<typeof running>): string => {
    const deployed = publishedState({ name: '', published: [letters], head: [] })
    const progress = new Map([[runId(deployed), { ...running, ...far }]])
    return markdownComparison(compared([longer], deployed, { progress, pastHours: new Map() }))
  }

  it.each([
    [24.9, 'less than a quarter done'],
    [25, 'more than a quarter done'],
    [50, 'more than half done'],
    [75, 'more than three quarters done'],
    [100, 'more than three quarters done'],
  ])('says of a run that is stopped at %s %% that it is %s', (percentage, told) => {
    expect(commentOf({ percentage })).toContain(`RUNNING, attempt 2, ${told}, since 2026-03-01 08:30 UTC`)
  })

  it('stays the same while that run goes on in its quarter', () => {
    expect(commentOf({ step: 21_078, epoch: 11, percentage: 68.75 })).toBe(commentOf({ percentage: 51 }))
    expect(commentOf({ step: 21_078, percentage: null })).toBe(commentOf({ step: null, percentage: null }))
  })
})

describe('the document of a change', () => {
  it('has hours and costs with two digits behind the point', () => {
    const deployed = publishedState({ name: '', published: [], head: [] })
    const pastHours = new Map([['prod/language/letters', [6.96, 5 / 3, 0.001 / 3]]])
    const document = jsonComparison(compared([letters], deployed, { progress: new Map(), pastHours }))
    const { impact } = JSON.parse(document) as { impact: { starts: { estimate: object }[]; total: object } }
    expect(impact.starts[0]?.estimate).toMatchObject({
      hours: { low: 0.00033, high: 6.96 },
      gpuHours: { low: 0.00067, high: 13.92 },
      cost: { low: 0.0017, high: 34.8 },
    })
    expect(impact.total).toMatchObject({ gpuHours: { low: 0.00067, high: 13.92 }, cost: { low: 0.0017, high: 34.8 } })
  })
})
