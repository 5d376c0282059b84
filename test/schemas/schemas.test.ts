import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { loadDocuments } from '../../compiler/load/document.ts'
import { validateDocument } from '../../compiler/validate/validate.ts'
import { specKinds } from '../../domain/specs.generated.ts'

interface Node {
  readonly [keyword: string]: unknown
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly pattern?: string
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: boolean | Node
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly propertyNames?: Node
}

const folder = join(import.meta.dirname, '..', '..', 'schemas')
const files = readdirSync(folder).filter((name) => name.endsWith('.schema.json'))
const schemas = files.map((file) => {
  const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Node
  return { file, schema, nodes: nodesOf(schema, file.replace('.schema.json', '')) }
})
const everyNode = schemas.flatMap((one) => one.nodes)
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true })

/** Every schema inside a schema, with the path of keys that leads there. */
function nodesOf(node: Node, path: string): readonly { readonly path: string; readonly node: Node }[] {
  const inner = [
    ...Object.entries(node.properties ?? {}),
    ...(typeof node.additionalProperties === 'object' ? [['<any>', node.additionalProperties] as const] : []),
    ...(node.items ? [['<item>', node.items] as const] : []),
    ...(node.anyOf ?? []).map((one, index) => [`<${index}>`, one] as const),
  ]
  return [{ path, node }, ...inner.flatMap(([key, one]) => nodesOf(one, `${path}.${key}`))]
}

const isNumber = (node: Node): boolean =>
  [node.type].flat().some((type) => type === 'number' || type === 'integer') && ![node.type].flat().includes('string')

/** Words that say what a number counts or is measured in. */
const unit =
  /\b(seconds?|milliseconds?|bytes?|gigabytes?|gpu-hours?|per cent|percent|share|epochs?|tokens?|requests?|pods?|gpus?|examples?|classes|attempts?|times|port|seed|version|currency|dimensions?|without unit|files?|pixels?|hours?|degrees?|how often|how many|raise it by one)\b/i

function problemsOf(text: string): readonly unknown[] {
  const { documents, problems } = loadDocuments({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) })
  return [...problems, ...documents.flatMap((document) => validateDocument(document).problems)]
}

describe('the schemas', () => {
  it('are one for each kind, of JSON Schema 2020-12, each with its own identifier', () => {
    expect(schemas.map((one) => one.schema.title).sort()).toEqual([...specKinds].sort())
    for (const { file, schema } of schemas) {
      expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
      expect(schema['$id']).toBe(`https://specyard.dev/schemas/v1/${file}`)
    }
  })

  it('say of everything what it is called and what it means', () => {
    const silent = everyNode.filter(({ node }) => !node.title?.trim() || !node.description?.trim().endsWith('.'))
    expect(silent.map((one) => one.path)).toEqual([])
  })

  it('give an example of every document and of everything in it', () => {
    expect(everyNode.filter(({ node }) => !node.examples?.length).map((one) => one.path)).toEqual([])
  })

  it('say what every number is measured in', () => {
    const numbers = everyNode.filter(({ node }) => isNumber(node))
    expect(numbers.length).toBeGreaterThan(35)
    const bare = numbers.filter(({ node }) => !unit.test(`${node.title} ${node.description}`))
    expect(bare.map((one) => one.path)).toEqual([])
  })

  it('limit every number, text, list and mapping', () => {
    const limits: Readonly<Record<string, readonly string[]>> = {
      integer: ['maximum'],
      number: ['maximum'],
      string: ['maxLength', 'pattern', 'enum'],
      array: ['maxItems'],
    }
    const boundless = everyNode.filter(({ node }) => {
      const free = typeof node.additionalProperties === 'object' && node['maxProperties'] === undefined
      const types = typeof node.type === 'string' ? (limits[node.type] ?? []) : []
      return free || (types.length > 0 && !types.some((keyword) => node[keyword] !== undefined))
    })
    expect(boundless.map((one) => one.path)).toEqual([])
  })

  it('refuse unknown keys everywhere but where keys are free', () => {
    const mappings = everyNode.filter(({ node }) => node.type === 'object')
    const open = mappings.filter(
      ({ node }) => node.additionalProperties === undefined || node.additionalProperties === true,
    )
    // An overlay is checked once it lies over its spec.
    expect(open.map((one) => one.path)).toEqual(['serving-endpoint.spec.environments.<any>'])
  })

  it('have examples that fit them', () => {
    const wrong = everyNode.flatMap(({ path, node }) => {
      const { $id: _id, ...rest } = node
      const validate = ajv.compile(rest)
      return (node.examples ?? []).filter((example) => !validate(example)).map(() => [path, validate.errors])
    })
    expect(wrong).toEqual([])
  })

  it('have examples of whole documents that are valid specs', () => {
    for (const { schema } of schemas) {
      const [example] = schema.examples ?? []
      const text = stringify(example)
      expect([schema.title, problemsOf(text)]).toEqual([schema.title, []])
    }
  })

  it('have patterns that take no time, whatever they are shown', () => {
    const patterns = new Set(everyNode.flatMap(({ node }) => [node.pattern, node.propertyNames?.pattern]))
    const letters = ['a', '0', '-', '.', '/', 'a-', 'a.', '0.', '@:', 'http://a', '/a']
    for (const pattern of patterns) {
      if (pattern === undefined) continue
      const form = new RegExp(pattern, 'u')
      const begin = performance.now()
      for (const letter of letters) form.test(`${letter.repeat(20_000)}!`)
      expect(performance.now() - begin, pattern).toBeLessThan(5000)
    }
  })
})
