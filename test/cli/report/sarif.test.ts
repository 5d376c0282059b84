import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { errorSections } from '../../../cli/report/pages.ts'
import { sarifReport } from '../../../cli/report/sarif.ts'
import type { Problem } from '../../../domain/problem.ts'
import { endpoint, training } from '../../support/compiler.ts'
import { hostileText } from '../../support/hostile-text.ts'
import { reportOf, reportWith } from '../../support/report.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const sections = errorSections(readFileSync(join(root, 'docs', 'errors.md'), 'utf8'))
let validate: (value: unknown) => readonly string[]

beforeAll(() => {
  const schema = JSON.parse(
    readFileSync(join(root, 'test', 'support', 'sarif', 'sarif-schema-2.1.0.json'), 'utf8'),
  ) as object
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  ajv.addFormat('uri', (text) => URL.canParse(text))
  ajv.addFormat('uri-reference', (text) => /^[\w.~!$&'()*+,;=:@/?#[\]%-]*$/.test(text) && isDecodable(text))
  ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)))
  ajv.addFormat('uuid', /^[0-9a-f-]{36}$/)
  const check = ajv.compile(schema)
  validate = (value) => {
    check(value)
    return (check.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`)
  }
})

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined
  } catch {
    return false
  }
}

interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: {
        readonly driver: { readonly rules: readonly { readonly id: string; readonly helpUri: string }[] }
      }
      readonly invocations: readonly object[]
      readonly results: readonly {
        readonly ruleId: string
        readonly ruleIndex: number
        readonly level: string
        readonly message: { readonly text: string }
        readonly locations: readonly { readonly physicalLocation: Physical }[]
        readonly relatedLocations?: readonly { readonly physicalLocation: Physical; readonly message: object }[]
        readonly partialFingerprints: Readonly<Record<string, string>>
      }[]
    },
  ]
}
interface Physical {
  readonly artifactLocation: { readonly uri: string }
  readonly region: object
}
const read = (text: string): Sarif => JSON.parse(text) as Sarif
const problem = (more: Partial<Problem>): Problem => ({
  code: 'KEY_UNKNOWN',
  severity: 'error',
  message: 'm',
  where: { file: 'specs/a.yaml', line: 2, column: 3 },
  ...more,
})
const disagreeing = endpoint().replace('min: 2, max: 3', 'min: 5').concat('  replicas: { max: 3 }\n')

describe('SARIF', () => {
  it('says where a problem is, and which other places have a part in it, as its schema wants', () => {
    const sarif = read(sarifReport(reportOf([disagreeing]), sections))
    expect(validate(sarif)).toEqual([])
    const [result] = sarif.runs[0].results
    expect(result).toMatchObject({
      ruleId: 'REPLICAS_ORDER',
      ruleIndex: 0,
      level: 'error',
      message: { text: 'at least 5 and at most 3 replicas cannot be. Hint: lower min or raise max' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'specs/1.yaml', uriBaseId: '%SRCROOT%' },
            region: { startLine: 11, startColumn: 53, endLine: 11, endColumn: 54 },
          },
        },
      ],
    })
    expect(result?.relatedLocations).toEqual([
      expect.objectContaining({ id: 1, message: { text: 'the overlay for environment "prod"' } }),
      expect.objectContaining({ id: 2, message: { text: 'the most' } }),
    ])
    expect(sarif.runs[0].tool.driver.rules).toMatchObject([
      { id: 'REPLICAS_ORDER', name: 'ReplicasOrder', helpUri: 'https://specyard.dev/errors#replicas_order' },
    ])
  })

  it('is valid without any problem', () => {
    const sarif = read(sarifReport(reportOf([]), sections))
    expect(validate(sarif)).toEqual([])
    expect(sarif.runs[0].results).toEqual([])
  })

  it('has paths that are URI references and lead back to the file, whatever it is called', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (name, message) => {
        const file = `specs/${name.replaceAll(/[/]|\p{Cs}/gu, '')}.yaml`
        const sarif = read(
          sarifReport(reportWith([problem({ message, where: { file, line: 1, column: 1 } })]), sections),
        )
        expect(validate(sarif)).toEqual([])
        const uri = sarif.runs[0].results[0]?.locations[0]?.physicalLocation.artifactLocation.uri ?? ''
        expect(decodeURIComponent(uri)).toBe(file)
      }),
    )
  })

  it('knows a problem again where lines were put above it, and tells two alike apart', () => {
    const fingerprints = (text: string): readonly string[] =>
      read(sarifReport(reportOf([text]), sections)).runs[0].results.flatMap((one) =>
        Object.values(one.partialFingerprints),
      )
    const bad = training('letters', '  env: { A: 1, B: 2 }\n  nodes: 0\n')
    const before = fingerprints(bad)
    expect(fingerprints(`# one line\n\n${bad}`)).toEqual(before)
    expect(new Set(before).size).toBe(before.length)
    expect(fingerprints(bad.replace('nodes: 0', 'nodes: -1'))).not.toEqual(before)
  })

  it('leaves out what readers would refuse, the least important first, and says so', () => {
    const many = [
      ...Array.from({ length: 25_000 }, (_, line) => problem({ where: { file: 'a', line: line + 1, column: 1 } })),
      problem({ severity: 'warning', message: 'left out' }),
    ]
    const sarif = read(sarifReport(reportWith(many), sections))
    expect(sarif.runs[0].results).toHaveLength(25_000)
    expect(sarif.runs[0].results.every((one) => one.level === 'error')).toBe(true)
    expect(JSON.stringify(sarif.runs[0].invocations)).toContain('1 problems of the least importance are left out')
  })
})
