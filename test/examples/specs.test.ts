import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { readText } from '../../examples/handbook/trainer/text.mjs'
import { compileExample, filesBelow, root } from '../support/charts.ts'

const specFiles = filesBelow('specs')

describe('the worked example in specs/', () => {
  const compiled = compileExample()

  it('has no problem', () => {
    expect(compiled.problems).toEqual([])
  })

  it('starts two trainings in dev and a fine-tune in stg', () => {
    const starts = compiled.impact.starts.map((plan) => `${plan.environment}/${plan.project}/${plan.name}`)
    expect(starts.sort()).toEqual([
      'dev/language/handbook-lm',
      'dev/language/handbook-retry',
      'stg/language/support-sft',
    ])
  })

  it('has its endpoint wait in dev and in prod while there is no model version', () => {
    expect(compiled.impact.waits.map(({ key, reason }) => `${key.environment}/${key.name} ${reason}`).sort()).toEqual([
      'dev/handbook WAITING_FOR_MODEL',
      'prod/handbook WAITING_FOR_MODEL',
    ])
  })

  it('has images by digest where prod insists on it, and the local cluster finds their files all the same', () => {
    const dev = compiled.impact.starts.filter((plan) => plan.environment === 'dev')
    for (const plan of dev) {
      expect(plan.image).toMatch(/:1\.0\.0@sha256:[0-9a-f]{64}$/)
      expect(plan.imageFolder).toBe('examples/handbook')
      expect(existsSync(join(root, 'examples/handbook', plan.command[1] ?? ''))).toBe(true)
    }
  })

  it.each(specFiles)('%s names the schema of each of its documents for editors', (path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const named = [...text.matchAll(/^# yaml-language-server: \$schema=(.+)$/gm)].map((match) =>
      resolve(root, dirname(path), match[1] ?? ''),
    )
    const kinds = parseAllDocuments(text).map((document) => String((document.toJS() as { kind: unknown }).kind))
    const titles = named.map((schema) => (JSON.parse(readFileSync(schema, 'utf8')) as { title: string }).title)
    expect(titles).toEqual(kinds)
  })
})

describe('the data of the worked example', () => {
  const folder = join(root, 'examples/handbook/data')

  it('is the version that its spec names', () => {
    const spec = readFileSync(join(root, 'specs/handbook/dataset.yaml'), 'utf8')
    const bytes = readFileSync(join(folder, 'handbook.txt'))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    expect(spec).toContain(`digest: ${digest}`)
    expect(readText(folder).digest).toBe(digest)
  })
})
