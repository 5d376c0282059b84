import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { schemaFiles } from '../../../compiler/schema/schemas.ts'
import { corpus } from '../../support/misplaced/corpus.ts'
import { plainStyle, write } from '../../support/misplaced/write.ts'

type Mapping = Readonly<Record<string, unknown>>

const schema = schemaFiles('draft-07').get('serving-endpoint.schema.json') ?? {}
const holds = new Ajv({ allowUnionTypes: true, strictTypes: false, logger: false }).compile(schema)
const endpoints = Object.values(corpus)
  .flatMap((node) => parseAllDocuments(write(node, plainStyle).text).map((one) => one.toJS() as Mapping))
  .filter(({ kind }) => kind === 'ServingEndpoint')

/** Whether an editor finds nothing in an endpoint with this overlay. */
const isTaken = (endpoint: Mapping, overlay: unknown): boolean =>
  holds({ ...endpoint, spec: { ...(endpoint['spec'] as Mapping), environments: { dev: overlay } } })

describe('the schema of an endpoint', () => {
  it.each([
    ['nothing', {}],
    ['a part of what the spec must have whole', { model: { version: 3 } }],
    ['one bound of two', { replicas: { max: 3 } }],
    ['null for a key', { autoscale: null }],
    ['null for a key of a mapping', { rollout: { trafficSplit: null } }],
    ['null for a choice', { rollout: { strategy: null } }],
    ['null for a variable', { env: { LOG_LEVEL: null } }],
    ['a part of where a variable comes from', { env: { TOKEN: { key: 'other' } } }],
    ['a list in the place of another', { command: ['python', 'serve.py'] }],
  ])('takes an overlay that changes %s', (_sentence, overlay) => {
    for (const endpoint of endpoints) expect(isTaken(endpoint, overlay)).toBe(true)
  })

  it.each([
    ['a key that is not known', { replics: { max: 3 } }],
    ['a key that is not known in a mapping', { replicas: { maximum: 3 } }],
    ['text where a number belongs', { replicas: { min: 'two' } }],
    ['a value that is no choice', { rollout: { strategy: 'carefully' } }],
    ['a part of a list', { command: [null] }],
    ['metadata', { metadata: { name: 'other' } }],
    ['the environments', { environments: {} }],
    ['what is no mapping', 'two replicas'],
  ])('refuses an overlay of %s', (_sentence, overlay) => {
    for (const endpoint of endpoints) expect(isTaken(endpoint, overlay)).toBe(false)
  })

  it('takes every part of a spec as an overlay, whatever of it is null', () => {
    const part = (value: unknown, draw: () => number): unknown => {
      if (draw() === 0) return null
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
      const kept = Object.entries(value).filter(() => draw() > 1)
      return Object.fromEntries(kept.map(([key, one]) => [key, part(one, draw)]))
    }
    fc.assert(
      fc.property(fc.constantFrom(...endpoints), fc.array(fc.nat(5), { minLength: 60 }), (endpoint, numbers) => {
        let drawn = 0
        const draw = (): number => numbers[drawn++ % numbers.length] ?? 0
        const { environments: _own, ...spec } = endpoint['spec'] as Mapping
        const overlay = part(spec, draw) ?? {}
        expect(isTaken(endpoint, overlay), JSON.stringify(overlay)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
