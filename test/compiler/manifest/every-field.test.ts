import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { checkObject } from '../../../compiler/manifest/check.ts'
import { kubernetesVersions } from '../../../compiler/manifest/schemas.ts'
import { everyField, jobOf } from '../../support/manifests/every-field.ts'
import { everyFieldFile } from '../../support/manifests/recorded.ts'
import { richPods } from '../../support/manifests/rich-pods.ts'

const newest = kubernetesSchemas.of('1.36')
const recorded = readFileSync(everyFieldFile, 'utf8').trimEnd().split('\n')
const fields = everyField('manifests', newest)
const verdictOf = (index: number): string => recorded[index]?.split(' ')[0] ?? ''

describe('every field of a pod, with values that it may be wrong with', () => {
  it('is on record', () => {
    expect(recorded.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(fields.map(({ title }) => title))
    expect(recorded.length).toBeGreaterThan(2000)
  })

  it.each(kubernetesVersions)('is refused where the API server refuses it, by the rules of %s too', (version) => {
    const definitions = kubernetesSchemas.of(version)
    const missed = fields.flatMap(({ title, objects }, index) => {
      const verdict = verdictOf(index)
      const taken = objects().map((object, at) => verdict[at] === 'r' && checkObject(object, definitions).length === 0)
      return taken.flatMap((isTaken, at) => (isTaken ? [`${title}, value ${at}`] : []))
    })
    expect(missed).toEqual([])
  })

  it.each(richPods)('and the pod that it is a field of is taken: %s', (_about, spec) => {
    expect(checkObject(jobOf('manifests', spec), newest)).toEqual([])
  })
})
