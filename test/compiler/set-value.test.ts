import { describe, expect, it } from 'vitest'
import { setValue } from '../../compiler/load/set-value.ts'
import type { Json } from '../../domain/canonical.ts'

const head = 'kind: ServingEndpoint\nmetadata: { name: handbook, project: language }\n'
const wanted = { kind: 'ServingEndpoint', project: 'language', name: 'handbook' }
const version = ['spec', 'environments', 'prod', 'model', 'version']

const table: readonly (readonly [
  sentence: string,
  spec: string,
  path: readonly string[],
  value: Json,
  expected: string,
])[] = [
  [
    'a value that is there is replaced, and its comment stays',
    'spec:\n  environments:\n    prod:\n      model:\n        version: 1 # ours\n',
    version,
    2,
    'spec:\n  environments:\n    prod:\n      model:\n        version: 2 # ours\n',
  ],
  [
    'an empty mapping gets the mappings on the way',
    'spec:\n  environments:\n    dev: {}\n    prod: {}\n',
    version,
    2,
    'spec:\n  environments:\n    dev: {}\n    prod: { model: { version: 2 } }\n',
  ],
  [
    'a mapping in braces gets a key in front',
    'spec:\n  environments:\n    prod: { replicas: { min: 2 } } # two at least\n',
    version,
    2,
    'spec:\n  environments:\n    prod: { model: { version: 2 }, replicas: { min: 2 } } # two at least\n',
  ],
  [
    'a mapping in lines gets a line in front, as deep as the others',
    'spec:\n  environments:\n    prod:\n      # of the people who pay\n      replicas: { min: 2 }\n',
    version,
    2,
    'spec:\n  environments:\n    prod:\n      # of the people who pay\n      model: { version: 2 }\n      replicas: { min: 2 }\n',
  ],
  [
    'an environment that is not there is added',
    'spec:\n  environments:\n    dev: {}\n',
    ['spec', 'environments', 'prod'],
    { model: { version: 2 } },
    'spec:\n  environments:\n    prod: { model: { version: 2 } }\n    dev: {}\n',
  ],
  [
    'a key without a value gets one',
    'spec:\n  environments:\n    prod:\n    dev: {}\n',
    version,
    2,
    'spec:\n  environments:\n    prod: { model: { version: 2 } }\n    dev: {}\n',
  ],
  [
    'a mapping is replaced as a whole where the path ends at it',
    'spec:\n  replicas: { min: 1, max: 2 }\n',
    ['spec', 'replicas'],
    { min: 3, max: 3 },
    'spec:\n  replicas: { min: 3, max: 3 }\n',
  ],
]

describe('setting a value of a spec', () => {
  it.each(table)('%s', (_sentence, spec, path, value, expected) => {
    expect(setValue(head + spec, wanted, path, value)).toBe(head + expected)
  })

  it('finds its document among others and leaves these alone', () => {
    const other = 'kind: Model\nmetadata: { name: handbook, project: language }\nspec: { family: x }\n'
    const text = `${other}---\n${head}spec: { port: 1 }\n---\n${other}`
    expect(setValue(text, wanted, ['spec', 'port'], 2)).toBe(text.replace('port: 1', 'port: 2'))
  })

  it.each([
    ['a text that does not hold the spec', 'kind: Model\nspec: {}\n', version],
    ['a text that is no YAML', 'kind: [', version],
    ['a way over something that is no mapping', `${head}spec: { environments: [prod] }\n`, version],
  ])('%s is refused', (_sentence, text, path) => {
    expect(() => setValue(text, wanted, path, 2)).toThrow(expect.objectContaining({ code: 'FILE_FAILED' }) as Error)
  })
})
