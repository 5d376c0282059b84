import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { settingsSchemaDocument } from '../../../cli/house/settings-schema.ts'
import { loadDocuments } from '../../../compiler/load/document.ts'
import { inDraft07 } from '../../../compiler/schema/draft-07.ts'
import { publicEditorSchemas, withModeline } from '../../../compiler/format/modeline.ts'
import { writeSpec } from '../../../compiler/load/edit.ts'
import { catalogEntry, combinedFile, schemaFiles } from '../../../compiler/schema/schemas.ts'
import { specKinds } from '../../../domain/specs.generated.ts'
import { trainingCorpus } from '../../bench/corpus.ts'
import { corpus } from '../../support/misplaced/corpus.ts'
import { kinds, shapeMutations } from '../../support/misplaced/shape-mutations.ts'
import { plainStyle, write } from '../../support/misplaced/write.ts'

const settings = settingsSchemaDocument()
const files = {
  '2020-12': schemaFiles('2020-12', { Settings: settings }),
  'draft-07': schemaFiles('draft-07', { Settings: settings }),
}
const options = {
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
  logger: false,
} as const

function compiled(draft: keyof typeof files): ReadonlyMap<string, ValidateFunction> {
  const ajv = draft === '2020-12' ? new Ajv2020(options) : new Ajv(options)
  return new Map([...files[draft]].map(([file, schema]) => [file, ajv.compile(schema)]))
}
const validators = [compiled('2020-12'), compiled('draft-07')]

/** What the schema of its kind, and the one for all kinds, say of a document; in each draft. */
function verdicts(kind: string, document: unknown): readonly boolean[] {
  const file = [...files['2020-12']].find(([, schema]) => schema['title'] === kind)?.[0] ?? ''
  return validators.flatMap((all) => [file, combinedFile].map((one) => all.get(one)?.(document) ?? false))
}

const valid = [
  ...trainingCorpus(100).flatMap(({ bytes }) =>
    parseAllDocuments(new TextDecoder().decode(bytes)).map((one) => one.toJS() as unknown),
  ),
  ...Object.values(corpus).flatMap((node) =>
    parseAllDocuments(write(node, plainStyle).text).map((one) => one.toJS() as unknown),
  ),
].map((document) => ({ kind: (document as { kind: string }).kind, document }))

describe('both drafts of the schemas', () => {
  it('accept every valid spec, as their kind and among all kinds', () => {
    expect(valid.length).toBeGreaterThan(100)
    expect(new Set(valid.map((one) => one.kind)).size).toBeGreaterThanOrEqual(6)
    for (const { kind, document } of valid)
      expect(verdicts(kind, document), JSON.stringify(document)).toEqual([true, true, true, true])
  }, 60_000)

  it('accept and refuse the same of more than a thousand spoiled ones', () => {
    let refused = 0
    let all = 0
    for (const { sentence, documents } of shapeMutations()) {
      for (const [name, node] of Object.entries(documents)) {
        const bytes = new TextEncoder().encode(write(node, plainStyle).text)
        const [parsed] = loadDocuments({ path: 'a.yaml', bytes }).documents
        if (!parsed) continue
        const [one, combined, ...others] = verdicts(kinds[name as keyof typeof kinds], parsed.value)
        expect(others, sentence).toEqual([one, combined])
        all += 1
        if (one === false) refused += 1
      }
    }
    expect(refused).toBeGreaterThan(1000)
    expect(all).toBeGreaterThan(refused)
  }, 120_000)

  it.each([
    ['takes the settings', { kind: 'Settings', apiVersion: 'specyard.dev/v1', api: { port: 1 } }, true],
    ['refuses settings with a key that is none', { kind: 'Settings', apiVersion: 'specyard.dev/v1', apo: {} }, false],
    ['refuses a kind that is none', { kind: 'Pod', apiVersion: 'specyard.dev/v1' }, false],
    ['refuses a document without a kind', { apiVersion: 'specyard.dev/v1' }, false],
    ['refuses another version', { kind: 'Settings', apiVersion: 'v1' }, false],
    ['refuses a list', [], false],
  ])('the schema for all kinds %s', (_sentence, document, expected) => {
    expect(validators.map((all) => all.get(combinedFile)?.(document))).toEqual([expected, expected])
  })

  it('name the draft that they are written in, and addresses of their own', () => {
    for (const [file, schema] of files['draft-07']) {
      expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#')
      expect(schema['$id']).toBe(`https://specyard.dev/schemas/v1/draft-07/${file}`)
      expect(files['2020-12'].get(file)?.['$id']).toBe(`https://specyard.dev/schemas/v1/${file}`)
      expect(JSON.stringify(schema)).not.toMatch(/\$defs|prefixItems|dependentRequired/)
    }
    expect(files['draft-07'].size).toBe(specKinds.length + 2)
  })
})

it('documents name to editors, where they name public ones, the schemas in the draft that editors read', () => {
  const ids = [...files['draft-07'].values()].map((schema) => schema['$id'])
  const written = [
    writeSpec({ kind: 'TrainingJob' }),
    ...specKinds.map((kind) => withModeline('', kind, publicEditorSchemas)),
  ]
  for (const text of written) expect(ids).toContain(/\$schema=(\S+)\n/.exec(text)?.[1])
})

describe('a schema in draft-07', () => {
  it.each([
    [
      'definitions',
      { $defs: { a: { type: 'string' } }, $ref: '#/$defs/a' },
      { definitions: { a: { type: 'string' } }, allOf: [{ $ref: '#/definitions/a' }] },
    ],
    [
      'lists of several types',
      { prefixItems: [{ type: 'string' }], items: false },
      { items: [{ type: 'string' }], additionalItems: false },
    ],
    [
      'keys that want others',
      { dependentRequired: { a: ['b'] }, dependentSchemas: { c: { required: ['d'] } } },
      { dependencies: { a: ['b'], c: { required: ['d'] } } },
    ],
    [
      'examples as they are',
      { examples: [{ $defs: 1 }], const: { prefixItems: 1 } },
      { examples: [{ $defs: 1 }], const: { prefixItems: 1 } },
    ],
  ])('has %s in its own words', (_what, schema, expected) => {
    expect(inDraft07(schema)).toEqual({ $schema: 'http://json-schema.org/draft-07/schema#', ...expected })
  })

  it('is refused for a keyword that draft-07 has no words for', () => {
    expect(() => inDraft07({ properties: { a: { unevaluatedProperties: false } } })).toThrow(/unevaluatedProperties/)
  })
})

it('the entry for a catalogue has what SchemaStore asks for, and claims no file of others', () => {
  // What its own schema of the catalogue requires of an entry.
  const rules = new Ajv(options).compile({
    type: 'object',
    additionalProperties: false,
    required: ['name', 'url', 'description'],
    properties: {
      name: { type: 'string', minLength: 1 },
      description: { type: 'string', minLength: 1 },
      url: { type: 'string', pattern: '^https://' },
      fileMatch: { type: 'array', uniqueItems: true, items: { type: 'string' } },
      versions: { type: 'object', additionalProperties: { type: 'string', pattern: '^https://' } },
    },
  })
  const entry = catalogEntry()
  expect(rules(entry), JSON.stringify(rules.errors)).toBe(true)
  expect([...files['draft-07'].values()].map((schema) => schema['$id'])).toContain(entry.url)
  for (const pattern of entry.fileMatch) expect(pattern).toContain('specyard')
})
