import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { dotted, leavesOf, replaced } from '../../compiler/explain/leaves.ts'
import { rolls } from '../../compiler/ledger/pod-template.ts'
import { renderValues } from '../../compiler/render/values.ts'
import { canonicalJson, type Json } from '../../domain/canonical.ts'
import type { EndpointPlan } from '../../domain/plan.ts'
import { chartFolder, endpointPlan, examplePin, servingPlans } from '../support/charts.ts'

const helm = process.env['HELM'] || 'helm'
const folder = mkdtempSync(join(tmpdir(), 'specyard-rolls-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Rendered {
  readonly kind?: string
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: { readonly template?: Json }
}

/** What the chart makes of values; undefined where it refuses them. */
function rendered(values: string): readonly (Rendered | null)[] | undefined {
  const file = join(folder, 'values.yaml')
  writeFileSync(file, values)
  const args = ['template', 'one', chartFolder, '-f', file, '--kube-version', '1.34.0', '--namespace', 'ml']
  const { status, stdout, error } = spawnSync(helm, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder },
  })
  if (error) throw error
  return status === 0 ? parseAllDocuments(stdout).map((one) => one.toJS() as Rendered | null) : undefined
}

/** The pod template that the chart makes of a plan, as text; undefined for a plan that the chart refuses. */
function podTemplate(plan: EndpointPlan): string | undefined {
  const documents = rendered(renderValues({ plan, pin: examplePin, revision: 1 }, null))
  if (!documents) return undefined
  return canonicalJson(documents.find((one) => one?.kind === 'Deployment')?.spec?.template ?? null)
}

/** The Deployment of the stable release, as text. */
function deploymentOf(values: string): string | undefined {
  const found = rendered(values)?.find(
    (one) => one?.kind === 'Deployment' && one.metadata?.labels?.['specyard.dev/track'] === 'stable',
  )
  return found ? canonicalJson(found as unknown as Json) : undefined
}

const rolling = { strategy: 'rolling', trafficSplit: null, maxSurge: 1, maxUnavailable: 1 } as const
const guarded = servingPlans().get('nginx') as EndpointPlan
const bases: readonly (readonly [string, EndpointPlan])[] = [
  [
    'of the worked example',
    {
      ...endpointPlan('prod'),
      arguments: ['--verbose'],
      promptTemplate: { name: 'plain', text: 'Answer: {question}' },
      rollout: rolling,
    },
  ],
  ['behind a proxy', { ...guarded, rollout: rolling }],
]

it.each(bases)(
  'a release %s rolls exactly where the chart makes another pod template of it',
  (_which, base) => {
    const before = podTemplate(base)
    expect(before).toBeDefined()
    const told: Record<string, string[]> = { rolls: [], stays: [], wrong: [] }
    for (const { pointer, named, value } of leavesOf(base as unknown as Json)) {
      const others: readonly Json[] =
        typeof value === 'number'
          ? [value + 1, Math.max(0, value - 1)]
          : typeof value === 'string'
            ? [`${value}x`]
            : [typeof value === 'boolean' ? !value : 'x']
      for (const other of others) {
        const after = replaced(base as unknown as Json, pointer, other) as unknown as EndpointPlan
        let template: string | undefined
        try {
          template = podTemplate(after)
        } catch (error) {
          if (error instanceof TypeError) continue
          throw error
        }
        if (template === undefined) continue
        // Where it belongs is no value of a release: another name is another endpoint.
        if (/^\/(?:environment|project|name|framework)$/.test(named)) continue
        const says = rolls(base, after)
        const is = template !== before
        told[says !== is ? 'wrong' : is ? 'rolls' : 'stays']?.push(`${dotted(named)} ${JSON.stringify(other)}`)
      }
    }
    expect(told['wrong']).toEqual([])
    expect(told['rolls']?.length).toBeGreaterThan(20)
    expect(told['stays']?.length).toBeGreaterThan(10)
  },
  280_000,
)

it.each(['gateway', 'keys', 'nginx'])(
  'a candidate beside it changes nothing of the stable Deployment, behind %s',
  (which) => {
    const plan = servingPlans().get(which) as EndpointPlan
    const stable = { plan, pin: examplePin, revision: 1 }
    const alone = deploymentOf(renderValues(stable, null))
    expect(alone).toContain('"specyard.dev/revision":"1"')
    const others: readonly EndpointPlan[] = [
      plan,
      { ...plan, rollout: { ...plan.rollout, maxSurge: 2, maxUnavailable: 1 } },
      { ...plan, replicas: { min: 3, max: 9 }, autoscale: null },
      { ...plan, port: 9999, terminationGraceSeconds: 99, probe: { ...plan.probe, path: '/other', periodSeconds: 9 } },
    ]
    const pin = { ...examplePin, version: 4, digest: `sha256:${'6'.repeat(64)}` }
    for (const other of others) {
      const values = renderValues(stable, { release: { plan: other, pin, revision: 2 }, weight: 10 })
      expect(deploymentOf(values)).toBe(alone)
    }
  },
)
