import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { changedValues, goldenInstallNames, goldenInstallValues, installChart } from './install-chart.ts'

interface Schema {
  readonly description?: string
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
}

const read = (path: string) => readFileSync(join(installChart, path), 'utf8')
const schema = JSON.parse(read('values.schema.json')) as Schema
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema)
const defaults: unknown = parse(read('values.yaml'))

/** A case as Helm checks it: over the chart's own values, nulls taken away. */
function complete(text: string): unknown {
  return over(defaults, parse(text))
}

function over(base: unknown, changes: unknown): unknown {
  const isMapping = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one)
  if (!isMapping(base) || !isMapping(changes)) return changes
  const merged = { ...(base as Record<string, unknown>) }
  for (const [key, value] of Object.entries(changes as object)) {
    if (value === null) delete merged[key]
    else merged[key] = over(merged[key], value)
  }
  return merged
}

describe('values of the chart specyard', () => {
  it.each(goldenInstallNames())('the values of %s fit the schema over what values.yaml says', (name) => {
    validate(complete(goldenInstallValues(name)))
    expect(validate.errors).toBeNull()
  })

  it('nothing is installed by values.yaml alone: what is required is missed by name', () => {
    validate(defaults)
    const missing = validate.errors?.flatMap(({ instancePath, params }) => {
      const name: unknown = params['missingProperty']
      return typeof name === 'string' ? [`${instancePath}/${name}`] : []
    })
    expect(missing?.sort()).toEqual([
      '/environments',
      '/image',
      '/namespaces',
      '/secrets/database/name',
      '/secrets/redis/name',
      '/secrets/signingKey/name',
      '/settings/deploy/repository',
    ])
  })

  it('the values that the page on installing shows fit the schema', () => {
    const page = readFileSync(join(installChart, '..', '..', 'docs', 'install-on-kubernetes.md'), 'utf8')
    const shown = /```yaml\n(# specyard-values\.yaml\n[^]*?)```/.exec(page)?.[1] ?? ''
    expect(parse(shown)).toHaveProperty('secrets.database.name')
    validate(complete(shown))
    expect(validate.errors).toBeNull()
  })

  const nonsense: readonly [string, Record<string, unknown>, string][] = [
    ['a value that the chart does not know', { replica: 3 }, ''],
    ['an unknown setting of the program', { settings: { deploy: { remote: 'x' } } }, '/settings/deploy'],
    ['no namespace at all', { namespaces: [] }, '/namespaces'],
    ['no environment at all', { environments: [] }, '/environments'],
    ['the same namespace twice', { namespaces: ['a', 'a'] }, '/namespaces'],
    ['every namespace', { namespaces: ['*'] }, '/namespaces/0'],
    ['a folder as deploy repository', { settings: { deploy: { repository: '/srv/deploy.git' } } }, '/settings/deploy'],
    [
      'an address that runs a command',
      { settings: { deploy: { repository: 'ext::sh -c id' } } },
      '/settings/deploy/repository',
    ],
    [
      'an address with a quote, which would end the value in the configuration of Git',
      { settings: { deploy: { repository: 'https://a"]b/c.git' } } },
      '/settings/deploy/repository',
    ],
    ['a branch with a space', { settings: { deploy: { branch: 'a b' } } }, '/settings/deploy/branch'],
    [
      'a password in place of the name of a Secret',
      { secrets: { database: { name: 'postgres://u:p@h/d' } } },
      '/secrets',
    ],
    ['a Secret with its content', { secrets: { redis: { value: 'redis://h' } } }, '/secrets/redis'],
    ['root', { user: 0 }, '/user'],
    ['a mode that there is not', { reconciler: { mode: 'daemonset' } }, '/reconciler/mode'],
    ['no API at all', { api: { replicas: 0 } }, '/api/replicas'],
    ['a schedule with seconds', { reconciler: { schedule: '*/30 * * * * *' } }, '/reconciler/schedule'],
    ['a label that pods are found by', { labels: { 'app.kubernetes.io/name': 'other' } }, '/labels'],
    ['a peer that means everybody by mistake', { networkPolicy: { callbacksFrom: [{}] } }, '/networkPolicy'],
    ['a variable with a bad name', { env: [{ name: 'A B', value: '1' }] }, '/env/0/name'],
    ['a size without a number', { state: { sizeLimit: 'Gi' } }, '/state/sizeLimit'],
  ]
  it.each(nonsense)('%s is refused at its place', (_what, changes, place) => {
    expect(validate(complete(changedValues('watching', changes)))).toBe(false)
    const places = validate.errors?.map(({ instancePath }) => instancePath) ?? []
    expect(places.filter((one) => one.startsWith(place))).not.toEqual([])
  })

  it('every value has a description in the schema', () => {
    const bare: string[] = []
    const walk = ({ properties = {} }: Schema, path: string): void => {
      for (const [key, one] of Object.entries(properties)) {
        const itself =
          one.description ?? (one.$ref === '#/$defs/resources' ? 'described where it is defined' : undefined)
        if (itself === undefined) bare.push(`${path}${key}`)
        walk(one, `${path}${key}.`)
      }
    }
    walk(schema, '')
    expect(bare).toEqual([])
  })

  it('every value of the schema stands in values.yaml, those without a default as a comment', () => {
    const text = read('values.yaml')
    const absent: string[] = []
    const walk = ({ properties = {} }: Schema): void => {
      for (const [key, one] of Object.entries(properties)) {
        if (!new RegExp(`(^|[ {#])${key}:`, 'm').test(text)) absent.push(key)
        walk(one)
      }
    }
    walk(schema)
    expect(absent).toEqual(['global'])
  })

  it("every value is described in the chart's README", () => {
    const text = read('README.md')
    const groups = ['settings', 'secrets', 'git', 'api', 'reconciler', 'migration', 'networkPolicy', 'argocd', 'state']
    const absent = Object.entries(schema.properties ?? {}).flatMap(([key, { properties = {} }]) => {
      const names = groups.includes(key) ? Object.keys(properties).map((one) => `${key}.${one}`) : [key]
      return names.filter((name) => !text.includes(`\`${name}`))
    })
    expect(absent).toEqual(['global'])
  })

  it('the chart names the version of the program that it comes with', () => {
    const { version } = JSON.parse(readFileSync(join(installChart, '..', '..', 'package.json'), 'utf8')) as {
      version: string
    }
    expect(parse(read('Chart.yaml'))).toMatchObject({ name: 'specyard', appVersion: version })
  })
})
