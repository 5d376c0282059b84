import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { loadAll } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { compile } from '../../../compiler/compile.ts'
import { checkObject } from '../../../compiler/manifest/check.ts'
import { kubernetesVersions } from '../../../compiler/manifest/schemas.ts'
import type { Json, JsonObject } from '../../../domain/canonical.ts'
import { anyOfSchema } from '../../support/any-schema.ts'
import { hostileText } from '../../support/hostile-text.ts'
import { address, chart, nothing, source } from '../../support/compiler.ts'

/*
 * Whatever the schemas of specs allow, what our own templates make of it fits the API server's schemas and rules: so it is not held against them each
 * time (docs/decisions/0017).
 */

const root = join(import.meta.dirname, '..', '..', '..', 'schemas')
function specOf(file: string): JsonObject {
  const schema = JSON.parse(readFileSync(join(root, file), 'utf8')) as { properties: { spec: JsonObject } }
  return schema.properties.spec
}

const project = 'language'
const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/)
const secret = fc.record({ secret: name, key: fc.stringMatching(/^[-._a-zA-Z0-9]{1,20}$/) })
/** Mostly what fits, so that something is rendered, and now and then whatever its schema allows. */
function mostly(fits: fc.Arbitrary<Json>, environment: JsonObject, key: string): fc.Arbitrary<Json> {
  const schema = (environment['properties'] as Record<string, JsonObject>)[key] as JsonObject
  return fc.oneof({ weight: 9, arbitrary: fits }, { weight: 1, arbitrary: anyOfSchema(schema) })
}
const environment = specOf('environment.schema.json')
/** Names that both have to say, and what has tests of its own. */
const environments = anyOfSchema(environment, {
  ...{ cluster: fc.constant({ kubernetes: { context: 'prod', namespaces: { [project]: 'ml' } } }) },
  queues: fc.constant(['gpu']),
  gpuTypes: fc.constant({ A100: { resource: 'nvidia.com/gpu', nodeSelector: { pool: 'gpu' } } }),
  storage: mostly(fc.record({ type: fc.constant('pvc'), claim: name }) as fc.Arbitrary<Json>, environment, 'storage'),
  lease: mostly(fc.constant({ mode: 'optional' }), environment, 'lease'),
  tracker: mostly(fc.constant({ mlflow: { url: 'http://mlflow' } }), environment, 'tracker'),
  ...{ templates: null, patches: null, kubernetesVersion: null, protections: null, follow: null },
})
const trainings = anyOfSchema(specOf('training-job.schema.json'), {
  environment: fc.constant('prod'),
  queue: fc.constant('gpu'),
  env: fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,30}$/), fc.oneof(hostileText, secret)),
  ...{ 'dataset.ref': fc.constant('text'), 'dataset.splits': null, 'retry.on': null, output: null },
  ...{ 'resources.gpuType': fc.constant('A100'), 'resources.cpu.request': fc.constant('1m') },
  'resources.memory.request': fc.constant('1'),
})

const document = (kind: string, metadata: object, spec: Json): string =>
  JSON.stringify({ apiVersion: 'specyard.dev/v1', kind, metadata, spec })

describe('whatever the schemas allow', () => {
  it('our own template makes a Job of it that every version of Kubernetes takes, or the compiler says why not', () => {
    let rendered = 0
    const codes = new Map<string, number>()
    fc.assert(
      fc.property(name, environments, trainings, (called, place, training) => {
        const texts = [
          document('Environment', { name: 'prod' }, place),
          document('Dataset', { name: 'text', project }, { uri: 's3://data', format: 'text' }),
          document('TrainingJob', { name: called, project }, training),
        ]
        const sources = texts.map((text, index) => ({
          ...{ path: `specs/${index}.yaml`, bytes: new TextEncoder().encode(text) },
        }))
        const { change, problems } = compile({ sources, source, deployed: nothing, chart, deploy: address })
        for (const { severity, code, message } of problems)
          if (severity === 'error') {
            const what = `${code} ${message.replace(/"[^"]*"/g, '…').slice(0, 60)}`
            codes.set(what, 1 + (codes.get(what) ?? 0))
          }
        for (const [path, text] of change) {
          if (text === null || !/^(environments\/.*\/jobs|applications)\/.*\.yaml$/.test(path)) continue
          rendered += 1
          for (const object of loadAll(text))
            for (const version of kubernetesVersions)
              expect(checkObject(object, kubernetesSchemas.of(version)), `${path}\n${text}`).toEqual([])
        }
      }),
      { numRuns: 200 },
    )
    expect(rendered, [...codes].map(([what, count]) => `${count} ${what}`).join('\n')).toBeGreaterThan(20)
  })
})
