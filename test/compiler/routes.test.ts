import { describe, expect, it } from 'vitest'
import { compileTexts, endpoint, nothing } from '../support/compiler.ts'

const base = (host: string): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, images: { example/trainer: trainer } }
---
apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: prod }
spec: { cluster: { kubernetes: { context: prod, namespaces: { language: ml-language, vision: ml-vision } } }${host} }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: vision }
spec: { family: char-loglinear }
`
const hosted = base(', ingress: { host: ml.example.com }')
const named = (name: string, route: string): string =>
  endpoint().replace('name: letters,', `name: ${name},`).replace('route: /letters', `route: ${route}`)

const said = (texts: readonly string[], environments: string): readonly string[] =>
  compileTexts(texts, nothing, environments)
    .problems.filter((one) => one.code === 'ROUTE_TAKEN')
    .map(({ where, also }) =>
      [where, ...(also ?? []).map((one) => one.where)]
        .map(({ file, line, column }) => `${file}:${line}:${column}`)
        .join(' and '),
    )

describe('two endpoints with one route', () => {
  it.each<readonly [string, readonly string[], readonly string[], string]>([
    [
      'are refused at both places',
      [named('one', '/a'), named('two', '/a')],
      ['specs/2.yaml:10:10 and specs/1.yaml:10:10'],
      hosted,
    ],
    [
      'are refused also with a slash at the end',
      [named('one', '/a'), named('two', '/a/')],
      ['specs/2.yaml:10:10 and specs/1.yaml:10:10'],
      hosted,
    ],
    [
      'are refused also of two projects',
      [named('one', '/a'), named('two', '/a').replace('project: language', 'project: vision')],
      ['specs/2.yaml:10:10 and specs/1.yaml:10:10'],
      hosted,
    ],
    [
      'are refused at the overlay that makes it so',
      [named('one', '/a'), named('two', '/b').replace('prod: { replicas', 'prod: { route: /a, replicas')],
      ['specs/2.yaml:11:43 and specs/1.yaml:10:10'],
      hosted,
    ],
    [
      'may be where they are in no one environment',
      [
        named('one', '/a').replace('dev: {}, ', ''),
        named('two', '/a').replace(/dev: \{\}, prod: .* \} \}$/m, 'dev: {} }'),
      ],
      [],
      hosted,
    ],
    [
      'are refused also with a slash too many at the beginning or within',
      [named('one', '/a/b'), named('two', '//a//b')],
      ['specs/2.yaml:10:10 and specs/1.yaml:10:10'],
      hosted,
    ],
    [
      'are refused also where a Gateway has no host, for all hosts lead to both',
      [named('one', '/a'), named('two', '/a')],
      ['specs/2.yaml:10:10 and specs/1.yaml:10:10'],
      base(', serving: { gateway: { name: public, namespace: gateways } }'),
    ],
    ['may be where the environment has no host', [named('one', '/a'), named('two', '/a')], [], base('')],
    ['may be one below the other', [named('one', '/a'), named('two', '/a/b')], [], hosted],
  ])('%s', (_title, texts, expected, environments) => {
    expect(said(texts, environments)).toEqual(expected)
  })
})
