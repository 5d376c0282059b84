import { createPatch } from 'rfc6902'
import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { compile } from '../../../compiler/compile.ts'
import { sourcesOf } from '../../support/compiler.ts'
import { attempts, type Loose } from '../../support/policy/attempts.ts'
import { environments, input, manifest, texts } from '../../support/policy/ground.ts'

/* Every attempt by a patch of the Environment, each with a compilation of its own. */

const all = [...attempts()]

describe('the starter pack', () => {
  it('lets nothing through that patches of the Environment make: of each attempt nothing is published', () => {
    const attempted = (attempt: (typeof all)[number]): ReturnType<typeof compile> => {
      const patch = createPatch(manifest, attempt.change(manifest))
      const patched = environments.replace('  lease:', `  patches: [{ patch: ${JSON.stringify(patch)} }]\n  lease:`)
      return compile({ ...input, sources: sourcesOf(texts, patched), kubernetes: kubernetesSchemas })
    }
    const fine = (one: Loose): Loose => {
      const copy: Loose = structuredClone(one)
      copy.spec.template.spec.priorityClassName = 'low'
      return copy
    }
    const same = attempted({ title: '', policy: '', change: fine })
    expect(same.problems.filter((one) => one.severity === 'error')).toEqual([])
    const byPolicy = new Map<string, number>()
    for (const attempt of all) {
      const { tree, problems } = attempted(attempt)
      expect([attempt.title, tree]).toEqual([attempt.title, null])
      // Kubernetes' own rules and the promises of a run come first: what breaks those is refused by them.
      const errors = problems.filter((one) => one.severity === 'error')
      const codes = new Set(errors.map((one) => one.code.replace(/^MANIFEST_.*/, 'MANIFEST')))
      expect([attempt.title, [...codes].every((code) => code === 'POLICY_DENIED' || code === 'MANIFEST')]).toEqual([
        attempt.title,
        true,
      ])
      for (const { code } of errors) byPolicy.set(code, (byPolicy.get(code) ?? 0) + 1)
    }
    expect(byPolicy.get('POLICY_DENIED')).toBeGreaterThan(all.length / 2)
  }, 120_000)
})
