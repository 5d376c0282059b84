import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { explainSpec } from '../../../compiler/explain/explain.ts'
import type { Explained, ExplainedValue } from '../../../compiler/explain/explained.ts'
import type { CompileInput } from '../../../compiler/compile-types.ts'
import { compile } from '../../../compiler/compile.ts'
import { applied } from '../../../compiler/impact/applied.ts'
import type { Deployed } from '../../../domain/publication.ts'
import { address, chart, nothing, firstVersion, perform, source } from '../../support/compiler.ts'

const specs = readFileSync(join(import.meta.dirname, 'every-value.yaml'), 'utf8')

function inputOf(text: string, deployed: Deployed): CompileInput {
  const sources = [{ path: 'specs/all.yaml', bytes: new TextEncoder().encode(text) }]
  return { sources, source, deployed, chart, deploy: address }
}

function explained(text: string, spec: string, environment: string, deployed: Deployed, rendered = true): Explained {
  const answer = explainSpec(inputOf(text, deployed), { spec, environment, rendered })
  if (answer.is !== 'explained') throw new Error(JSON.stringify(answer))
  return answer.explained
}

const first = applied(nothing, compile(inputOf(specs, nothing)).change)
const { deployed } = perform(first, firstVersion)
const asked = [
  ['TrainingJob/full', 'prod'],
  ['TrainingJob/bare', 'prod'],
  ['TrainingJob/here', 'dev'],
  ['ServingEndpoint/full', 'prod'],
  ['ServingEndpoint/full', 'dev'],
  ['ServingEndpoint/bare', 'stg'],
] as const

/** The text with the scalar that begins at a place written otherwise; undefined where none does. */
function otherwise(text: string, { line, column }: { line: number; column: number }): string | undefined {
  const lines = text.split('\n')
  const whole = lines[line - 1] ?? ''
  const rest = whole.slice(column - 1)
  const [token = ''] = /^(?:"[^"]*"|'[^']*'|[^\s,{}[\]#][^,{}[\]#]*)/.exec(rest) ?? []
  const written = token.trim()
  if (written === '' || written.endsWith(':')) return undefined
  const [quote] = /^["']/.exec(written) ?? ['']
  const inner = quote === '' ? written : written.slice(1, -1)
  const other = /^(?:true|false)$/.test(inner)
    ? String(inner !== 'true')
    : inner.replace(/\d(?=[^\d]*$)|$/, (digit) => (digit === '' ? 'x' : String((Number(digit) + 1) % 10)))
  lines[line - 1] = `${whole.slice(0, column - 1)}${quote}${other}${quote}${rest.slice(written.length)}`
  return lines.join('\n')
}

function valueOf(one: Explained, path: string): string {
  return JSON.stringify(one.values.find((value) => value.path === path)?.value ?? null)
}

describe('where the values of a plan come from', () => {
  it.each(asked)('is known of every value of %s in %s', (spec, environment) => {
    const { values } = explained(specs, spec, environment, deployed, false)
    expect(values.length).toBeGreaterThan(50)
    const unknown = values.filter(({ origin }) => origin.from === 'made' && origin.note === 'Specyard')
    expect(unknown.map((one) => one.path)).toEqual([])
    for (const { path, origin } of values)
      if (!['default', 'made'].includes(origin.from)) expect(origin.where, path).not.toBeNull()
  })

  it.each(asked)(
    'is true: what is written otherwise there is another value in %s in %s',
    (spec, environment) => {
      const before = explained(specs, spec, environment, deployed, false)
      const tried: string[] = []
      const wrong: string[] = []
      for (const { path, origin } of before.values) {
        // Names of variables are keys, and the place of a whole spec is no value.
        if (!origin.where || path.endsWith('.name') || path.startsWith('source.')) continue
        const text = otherwise(specs, origin.where)
        if (text === undefined) continue
        const after = explainSpec(inputOf(text, deployed), { spec, environment, rendered: false })
        // Another name, format or range is refused: it cannot tell where a value comes from.
        if (after.is !== 'explained') continue
        tried.push(path)
        if (valueOf(after.explained, path) === valueOf(before, path)) wrong.push(path)
      }
      // The two constants that go with a Secret's name, and what a toleration leaves out.
      expect(
        wrong.filter((path) => !/^variables\.(?:S3|MLFLOW)_.*\.key$|tolerations\..*\.(?:value|operator)$/.test(path)),
      ).toEqual([])
      expect(tried.length).toBeGreaterThan(8)
    },
    60_000,
  )

  it.each([
    ['full', 'prod', 'replicas.max', 'overlay', 8, 2],
    ['full', 'prod', 'variables.LOG_LEVEL.value', 'overlay', 'debug', 'info'],
    ['full', 'prod', 'command.0', 'overlay', 'serve', 'python'],
    ['full', 'dev', 'replicas.max', 'spec', 2, null],
    ['full', 'prod', 'ingressHost', 'environment', 'ml.example.com', null],
    ['full', 'prod', 'promptTemplate.text', 'prompt-template', 'Answer: {question}', null],
    ['full', 'prod', 'probe.periodSeconds', 'default', 5, 7],
    ['full', 'prod', 'terminationGraceSeconds', 'default', 30, null],
  ] as const)('of endpoint %s in %s at %s: %s', (name, environment, path, from, value, put) => {
    const { values } = explained(specs, `ServingEndpoint/${name}`, environment, deployed, false)
    const found = values.find((one) => one.path === path)
    expect([found?.origin.from, found?.value, found?.origin.overrides?.value ?? null]).toEqual([from, value, put])
  })
})

describe('where the lines of a rendered file come from', () => {
  const lineOf = (one: Explained, text: string): readonly ExplainedValue[] => {
    const lines = one.files.flatMap((file) => file.lines).filter((line) => line.text.includes(text))
    expect(lines, text).not.toHaveLength(0)
    return lines[0]?.values ?? []
  }

  it.each([
    ['activeDeadlineSeconds:', ['timeoutSeconds']],
    ['"nvidia.com/gpu": 2', ['resources.gpuResource', 'resources.gpus']],
    ['kueue.x-k8s.io/queue-name', ['queue']],
    ['value: "info"', ['variables.LOG_LEVEL.value']],
    ['parallelism:', ['nodes']],
    ['backoffLimit: 0', []],
  ] as const)('of a Job: %s', (text, paths) => {
    const one = explained(specs, 'TrainingJob/full', 'prod', deployed)
    expect(
      lineOf(one, text)
        .slice(0, paths.length === 0 ? undefined : paths.length)
        .map(({ path }) => path),
    ).toEqual([...paths])
  })

  it('of an endpoint names the ledger for the model that it serves', () => {
    const one = explained(specs, 'ServingEndpoint/full', 'dev', deployed)
    expect(lineOf(one, 'uri: "s3://models/a"')[0]?.origin).toMatchObject({ from: 'ledger' })
    expect(one.files.map((file) => file.path)).toEqual([
      'environments/dev/language/endpoints/full/values.yaml',
      'applications/dev/language/endpoints/full.yaml',
    ])
  })

  it('are the lines that are published, byte for byte', () => {
    const text = (one: Explained, path: string): string =>
      `${
        one.files
          .find((file) => file.path === path)
          ?.lines.map((line) => line.text)
          .join('\n') ?? ''
      }\n`
    const published = applied(deployed, compile(inputOf(specs, deployed)).change)
    for (const [spec, environment] of asked) {
      const one = explained(specs, spec, environment, published)
      for (const { path } of one.files) expect(text(one, path), path).toBe(published.files.get(path))
      expect(one.files.length > 0 || one.waits !== null).toBe(true)
    }
  })
})

describe('a spec that is asked for', () => {
  it.each([
    ['a name that several have', 'full', undefined, 'ambiguous'],
    ['a name in an environment where a training and an endpoint have it', 'full', 'prod', 'ambiguous'],
    ['a kind and a name', 'trainingjob/full', undefined, 'explained'],
    ['environment, project and name', 'dev/language/here', undefined, 'explained'],
    ['the path of a file with several specs', 'specs/all.yaml', 'stg', 'explained'],
    ['a name that nobody has', 'nobody', undefined, 'unknown'],
    ['an environment that it does not name', 'here', 'prod', 'unknown'],
  ])('by %s', (_what, spec, environment, is) => {
    const query = { spec, rendered: false, ...(environment === undefined ? {} : { environment }) }
    expect(explainSpec(inputOf(specs, deployed), query).is).toBe(is)
  })
})
