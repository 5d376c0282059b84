import { describe, expect, it } from 'vitest'
import { kubernetesVersions, type ObjectSchema, resolved } from '../../../compiler/manifest/schemas.ts'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { mergeKeys, type MergeKeys } from '../../../compiler/shape/merge-keys.ts'
import { deployedAfter, nothing, perform } from '../../support/compiler.ts'
import { compiled, manifestOf, said } from './shaping.ts'

const patch = (value: string): string =>
  `  patches: [{ patch: [{ op: add, path: /spec/template/spec/priorityClassName, value: ${value} }] }]`
const first = compiled({ environment: patch('high') })
const deployed = deployedAfter(nothing, first.change)

describe('a run that was published keeps the manifest that it got', () => {
  it.each([
    ['another patch', { environment: patch('low') }],
    ['no patch', {}],
    [
      'a patch that breaks a promise',
      { environment: '  patches: [{ patch: [{ op: remove, path: /spec/backoffLimit }] }]' },
    ],
    ['a patch that leads nowhere', { environment: '  patches: [{ patch: [{ op: remove, path: /spec/nothing }] }]' }],
    ['a template', { environment: '  templates: { job: templates/job.hbs }', templates: { 'job.hbs': 'a: 1\n' } }],
  ])('with %s', (_title, repository) => {
    const later = compiled(repository, deployed)
    expect(said(later).filter((one) => !one.includes('RUN_'))).toEqual([])
    expect([...later.change.keys()].filter((path) => path.startsWith('environments/'))).toEqual([])
    expect(manifestOf(later)).toBe(manifestOf(first))
  })

  it('and its next attempt is patched as its first one was, whatever is asked for by then', () => {
    const entry = [...deployed.files].find(([path]) => path.startsWith('.specyard/ledger/runs/'))?.[1] ?? ''
    const { runs } = JSON.parse(entry) as { runs: [{ id: string }] }
    const key = { environment: 'gpus', project: 'language', name: 'letters' }
    const after = perform(deployed, {
      ...{ kind: 'retry', key, runId: runs[0].id, expectAttempt: 1, attempt: 2 },
      ...{ failureClass: 'APP_EXIT', checkpointUri: null },
    })
    const texts = [...after.deployed.files]
      .filter(([path]) => /letters-.*-[12]\.yaml$/.test(path))
      .map(([, text]) => text)
    expect(texts.length).toBe(2)
    for (const text of texts) expect(text).toContain('priorityClassName: "high"')
    expect(texts[1]).toContain('value: "2"')
  })
})

it('a patch that only the first attempt bears is refused before there is a second one', () => {
  const environment = `  patches: [{ patch: [{ op: test, path: /metadata/labels/specyard.dev~1attempt, value: "1" }] }]`
  expect(said(compiled({ environment })).join()).toContain('PATCH_FAILED test /metadata/labels/specyard.dev~1attempt')
})

it('lists are merged by the keys that the schemas of every version name', () => {
  for (const version of kubernetesVersions) {
    const definitions = kubernetesSchemas.of(version)
    const keysOf = (written: ObjectSchema, depth: number): MergeKeys | undefined => {
      const schema = resolved(written, definitions)
      if (schema.type === 'array') {
        const isMerged = written['x-kubernetes-patch-strategy']?.includes('merge') ?? false
        const inner = schema.items && keysOf(schema.items, depth + 1)
        const key = isMerged ? { key: written['x-kubernetes-patch-merge-key'] ?? '' } : {}
        const own = { ...key, ...(inner?.fields ? { fields: inner.fields } : {}) }
        return Object.keys(own).length > 0 ? own : undefined
      }
      if (depth > 14) return undefined
      const fields = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
        const keys = keysOf(one, depth + 1)
        return keys ? [[name, keys] as const] : []
      })
      return fields.length > 0 ? { fields: Object.fromEntries(fields) } : undefined
    }
    expect(mergeKeys.Job).toEqual(keysOf(definitions['batch/v1/Job'] as ObjectSchema, 0))
    expect(mergeKeys.Service).toEqual(keysOf(definitions['v1/Service'] as ObjectSchema, 0))
  }
})
