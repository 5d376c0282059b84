import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  backendName,
  backendOf,
  backends,
  type Capability,
  capabilities,
  compareVersions,
  hasCandidates,
  whoCan,
} from '../../../compiler/resolve/serving/capabilities.ts'
import { servingPlans } from '../../support/charts.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'serving.md'), 'utf8')

/** The table of docs/serving.md as the code has it. */
function table(): string {
  const head = `| | ${backends.map(backendName).join(' | ')} |\n|---|${backends.map(() => '---|').join('')}\n`
  const rows = (Object.keys(capabilities) as Capability[]).map(
    (one) => `| ${capabilities[one]} | ${backends.map(({ can }) => (can.includes(one) ? 'yes' : '–')).join(' | ')} |`,
  )
  return `${head}${rows.join('\n')}\n`
}

describe('what backends can do', () => {
  it('stands in docs/serving.md as the code has it', () => {
    expect(page).toContain(table())
  })

  it.each([
    ['kserve', 'Standard', '0.14.1', 'kserve before 0.15 in Standard mode'],
    ['kserve', 'Standard', '0.15.0', 'kserve from 0.15 before 0.20 in Standard mode'],
    ['kserve', 'Standard', '0.19.9', 'kserve from 0.15 before 0.20 in Standard mode'],
    ['kserve', 'Standard', '0.20.0', 'kserve from 0.20 in Standard mode'],
    ['kserve', 'Knative', '0.16.0', 'kserve in Knative mode'],
    ['ray_serve', null, '1.5.0', 'ray_serve before 1.5.1'],
    ['ray_serve', null, '1.10.0', 'ray_serve from 1.5.1'],
    ['fastapi', null, null, 'fastapi'],
  ] as const)('%s in mode %s of version %s is %s', (framework, mode, version, name) => {
    expect(backendName(backendOf({ framework, mode, version }))).toBe(name)
  })

  it('something can do each of it, so that every hint has somebody to name', () => {
    for (const one of Object.keys(capabilities) as Capability[]) expect([one, whoCan(one)]).not.toEqual([one, ''])
  })

  it('versions are compared by number and not as text', () => {
    expect(compareVersions('0.9.0', '0.10.0')).toBeLessThan(0)
    expect(compareVersions('1.5.1', '1.5.1')).toBe(0)
  })

  it('a release begins as a candidate where its share of the callers is moved by commits, and nowhere else', () => {
    const found = [...servingPlans()].map(([name, plan]) => [name, hasCandidates(plan)] as const)
    expect(Object.fromEntries(found)).toEqual({
      ...{ gateway: true, nginx: true, keys: true, knative: true, 'standard-canary': true },
      ...{ standard: false, 'standard-keda': false, ray: false, 'ray-steps': false },
    })
  })
})
