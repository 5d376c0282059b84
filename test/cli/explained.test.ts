import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { explainedFiles, explainedValues } from '../../cli/terminal/explained.ts'
import { compile } from '../../compiler/compile.ts'
import { explainSpec } from '../../compiler/explain/explain.ts'
import { applied } from '../../compiler/impact/applied.ts'
import { address, chart, nothing, perform, source } from '../support/compiler.ts'
import { expectFolder } from '../support/golden.ts'
import { sampleVersion } from '../support/records.ts'

const root = join(import.meta.dirname, '..')
const bytes = readFileSync(join(root, 'compiler', 'explain', 'every-value.yaml'))
const common = { sources: [{ path: 'specs/all.yaml', bytes }], source, chart, deploy: address }

it('every value and every line of a training and of an endpoint is explained as it stands in golden/explain', () => {
  const first = applied(nothing, compile({ ...common, deployed: nothing }).change)
  const version = sampleVersion({ version: 1, uri: 's3://models/a' })
  const { deployed } = perform(first, { kind: 'register', project: 'language', model: 'letters', version })
  const asked = [
    ['training', 'TrainingJob/full', 'prod'],
    ['training-on-this-machine', 'TrainingJob/here', 'dev'],
    ['endpoint', 'ServingEndpoint/full', 'prod'],
  ] as const
  const texts = asked.flatMap(([name, spec, environment]) => {
    const answer = explainSpec({ ...common, deployed }, { spec, environment, rendered: true })
    if (answer.is !== 'explained') throw new Error(JSON.stringify(answer))
    return [
      [`${name}.values.txt`, explainedValues(answer.explained)],
      [`${name}.lines.txt`, explainedFiles(answer.explained, false)],
    ] as const
  })
  expectFolder(join(root, 'golden', 'explain'), new Map(texts))
  expect(texts).toHaveLength(6)
})
