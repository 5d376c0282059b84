import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { compile } from '../../../compiler/compile.ts'
import type { CompileInput } from '../../../compiler/compile-types.ts'
import type { Definitions, ObjectSchema } from '../../../compiler/manifest/schemas.ts'
import { address, chart, endpoint, nothing, publishTexts, source, sourcesOf, training } from '../../support/compiler.ts'

const letters = training().replace('environment: dev', 'environment: prod')

/** A Kubernetes that has never heard of one field of a kind. */
function without(name: string, field: string): CompileInput['kubernetes'] {
  const { [name]: schema, ...others } = structuredClone(kubernetesSchemas.of('1.36'))
  const { [field]: _unknown, ...properties } = schema?.properties ?? {}
  const definitions: Definitions = { ...others, [name]: { ...(schema as ObjectSchema), properties } }
  return { of: () => definitions }
}

const jobWithout = without('io.k8s.api.batch.v1.JobSpec', 'podFailurePolicy')

function problemsOf(texts: readonly string[], more: Partial<CompileInput>): readonly string[] {
  const input = { sources: sourcesOf(texts), source, deployed: nothing, chart, deploy: address }
  const { problems } = compile({ ...input, ...more })
  return problems.map(({ code, where, message }) => `${where.file}:${where.line} ${code} ${message}`)
}

describe('what our own template makes', () => {
  const refused = /^specs\/1\.yaml:3 MANIFEST_REFUSED Job \/spec\/podFailurePolicy .*environments\/prod\/language\/jobs/

  it.each([
    ['is held against the schemas for whoever publishes', { checksManifests: true }, refused],
    ['is held against those of a version that is named', { kubernetesVersion: '1.36' as const }, refused],
    ['is not read again for whoever only looks', {}, undefined],
  ])('%s', (_, more, expected) => {
    const told = problemsOf([letters], { kubernetes: jobWithout, ...more })
    expect(told).toEqual(expected ? [expect.stringMatching(expected)] : [])
  })

  it('is fine for the Kubernetes that there is, Applications of endpoints too', () => {
    const texts = [letters, endpoint()]
    const more = { kubernetes: kubernetesSchemas, checksManifests: true }
    expect(problemsOf(texts, more)).toEqual([])
  })

  it('is fine where it is deployed already, or meets no API server', () => {
    const more = { kubernetes: jobWithout, checksManifests: true }
    expect(problemsOf([letters], { ...more, deployed: publishTexts([letters]) })).toEqual([])
    expect(problemsOf([training()], more)).toEqual([])
  })

  it('is not told beside a value that does not fit, which is told where it is written', () => {
    const others = letters.replace('letters', 'others').replace('epochs: 3', 'epochs: three')
    const told = problemsOf([letters, others], { kubernetes: jobWithout, checksManifests: true })
    expect(told).toEqual([expect.stringMatching(/^specs\/2\.yaml:9 TYPE_WRONG /)])
  })
})
