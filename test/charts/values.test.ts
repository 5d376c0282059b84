import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { chartFolder, goldenValues } from '../support/charts.ts'

const schema = JSON.parse(readFileSync(join(chartFolder, 'values.schema.json'), 'utf8')) as object
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema)
const golden = join(import.meta.dirname, 'golden')

describe('values of the chart serving-endpoint', () => {
  for (const [name, text] of goldenValues()) {
    it(`what the compiler writes for ${name} is what the golden folder has`, () => {
      const path = join(golden, name, 'values.yaml')
      if (process.env['UPDATE_GOLDEN']) {
        mkdirSync(join(golden, name), { recursive: true })
        writeFileSync(path, text)
      }
      expect(text).toBe(readFileSync(path, 'utf8'))
    })

    it(`what the compiler writes for ${name} fits the chart's schema`, () => {
      validate(parse(text))
      expect(validate.errors).toBeNull()
    })
  }

  it('a value that the chart does not know is refused by its schema', () => {
    const values: unknown = parse([...goldenValues().values()][0] ?? '')
    expect(validate({ ...(values as object), replica: 3 })).toBe(false)
  })

  it('the defaults in values.yaml fit the schema once what is required is added', () => {
    const defaults: unknown = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8'))
    const required = { name: 'a', project: 'p', environment: 'e', image: 'i', port: 1 }
    const model = { name: 'm', version: 1, digest: `sha256:${'0'.repeat(64)}`, uri: 'u', family: 'f' }
    validate({ ...(defaults as object), ...required, model })
    expect(validate.errors).toBeNull()
  })

  it('every value of the schema is described in values.yaml', () => {
    const text = readFileSync(join(chartFolder, 'values.yaml'), 'utf8')
    const { properties } = schema as { properties: Record<string, unknown> }
    const missing = Object.keys(properties).filter((key) => !new RegExp(`^(# )?${key}:`, 'm').test(text))
    expect(missing).toEqual(['global'])
  })
})
