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

/** The pod template that the chart makes of a plan, as text; undefined for a plan that the chart refuses. */
function podTemplate(plan: EndpointPlan): string | undefined {
  const values = join(folder, 'values.yaml')
  writeFileSync(values, renderValues({ plan, pin: examplePin, revision: 1 }, null))
  const args = ['template', 'one', chartFolder, '-f', values, '--kube-version', '1.34.0', '--namespace', 'ml']
  const { status, stdout, error } = spawnSync(helm, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder },
  })
  if (error) throw error
  if (status !== 0) return undefined
  const documents = parseAllDocuments(stdout).map(
    (one) => one.toJS() as { kind?: string; spec?: { template?: Json } } | null,
  )
  return canonicalJson(documents.find((one) => one?.kind === 'Deployment')?.spec?.template ?? null)
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
