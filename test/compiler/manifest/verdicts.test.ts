import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { checkObject } from '../../../compiler/manifest/check.ts'
import { kubernetesVersions } from '../../../compiler/manifest/schemas.ts'
import { changes } from '../../support/manifests/changes.ts'
import { generated } from '../../support/manifests/generated.ts'
import { verdictsFile } from '../../support/manifests/recorded.ts'

const recorded = existsSync(verdictsFile) ? readFileSync(verdictsFile, 'utf8').trimEnd().split('\n') : []
const [, ...single] = generated('manifests', 0, 0)

it('the record has every change', () => {
  expect(single.map(([change]) => change)).toEqual(recorded.map((line) => line.slice('refused '.length)))
  expect(single.length).toBe(changes.length)
})

it.each(kubernetesVersions)('what the API server was seen to refuse is refused, by the rules of %s too', (version) => {
  const definitions = kubernetesSchemas.of(version)
  const missed = single.filter(
    ([, object], index) => recorded[index]?.startsWith('refused') && checkObject(object, definitions).length === 0,
  )
  expect(missed.map(([change]) => change)).toEqual([])
})

it('nine of ten manifests that it took are taken', () => {
  const definitions = kubernetesSchemas.of('1.36')
  const taken = single.filter((_one, index) => recorded[index]?.startsWith('taken'))
  const refused = taken.filter(([, object]) => checkObject(object, definitions).length > 0)
  expect(taken.length).toBeGreaterThan(100)
  expect(refused.length / taken.length).toBeLessThan(0.1)
})
