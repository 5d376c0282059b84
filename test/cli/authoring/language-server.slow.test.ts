import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSpecFolder, type SpecFolder } from '../../support/check.ts'
import { endpoint, sourcesOf, training } from '../../support/compiler.ts'
import { type LanguageServer, startLanguageServer } from '../../support/language-server.ts'

let folder: SpecFolder
let server: LanguageServer

const spec = training('letters', '  jobType: SFT\n')
const good = 'specs/language/good.yaml'

beforeAll(async () => {
  folder = createSpecFolder('language-server')
  const environments = new TextDecoder().decode(sourcesOf([])[0]?.bytes)
  folder.write({ 'specs/environments.yaml': environments, [good]: `${spec}---\n${spec}` })
  expect(await folder.run(['schema', '--draft', 'draft-07', '--to', 'schemas'])).toMatchObject({ code: 0, stderr: '' })
  expect(await folder.run(['fmt', '--modeline', 'schemas'])).toMatchObject({ code: 0, stderr: '' })
  server = await startLanguageServer(folder.path)
})
afterAll(async () => {
  await server.stop()
  folder.remove()
})

const written = (): string => readFileSync(join(folder.path, good), 'utf8')
/** The line of a text in a file, from 0, and the column behind it. */
function behind(text: string, part: string): [number, number] {
  const lines = text.split('\n')
  const line = lines.findLastIndex((one) => one.includes(part))
  return [line, (lines[line]?.indexOf(part) ?? 0) + part.length]
}

describe('a real language server, on specs that name their schema', () => {
  it('finds nothing in a spec that is right', async () => {
    expect(
      written().match(/^# yaml-language-server: \$schema=\.\.\/\.\.\/schemas\/training-job\.schema\.json$/gm),
    ).toHaveLength(2)
    expect(await server.open(good, written())).toEqual([])
  })

  it('tells each mistake in its line, also in the second document of a file', async () => {
    const text = written().replace(/epochs: 3 \}([^]*)epochs: 3 \}/, 'epochs: none }$1epoch: 3 }')
    const found = await server.open('specs/language/bad.yaml', text)
    const lines = found.map((one) => text.split('\n')[one.range.start.line]?.trim())
    expect(lines).toContain('training: { epochs: none }')
    expect(lines).toContain('training: { epoch: 3 }')
  })

  it('offers the keys of the kind, the values of a choice, and says what they mean', async () => {
    const key = written().replace(/jobType: SFT\n$/, 'job')
    await server.open('specs/language/key.yaml', key)
    expect(await server.complete('specs/language/key.yaml', ...behind(key, '  job'))).toContain('jobType')
    const value = written().replace(/jobType: SFT\n$/, 'jobType: ')
    await server.open('specs/language/value.yaml', value)
    expect(await server.complete('specs/language/value.yaml', ...behind(value, '  jobType: '))).toEqual(
      expect.arrayContaining(['SFT', 'RLHF', 'PRETRAIN']),
    )
    const [line, column] = behind(written(), '  jobType')
    expect(await server.hover(good, line, column - 1)).toContain('The kind of work on a language model')
  })

  it('tells of each kind by itself where a file names the schema for all kinds', async () => {
    const line = '# yaml-language-server: $schema=../schemas/specyard.schema.json\n'
    const environments = readFileSync(join(folder.path, 'specs/environments.yaml'), 'utf8').replaceAll(
      /^# yaml-.*\n/gm,
      '',
    )
    const mixed = environments
      .split(/^---\n/m)
      .map((one) => `${line}${one}`)
      .join('---\n')
    expect(await server.open('specs/mixed.yaml', mixed)).toEqual([])
    const wrong = mixed.replace('format: text', 'format: texts')
    const [first, ...more] = await server.open('specs/wrong.yaml', wrong)
    expect(more).toEqual([])
    expect(wrong.split('\n')[first?.range.start.line ?? 0]).toContain('format: texts')
  })

  it('helps in an overlay as in the spec that it is over', async () => {
    const line = '# yaml-language-server: $schema=../schemas/serving-endpoint.schema.json\n'
    const over = (overlay: string): string =>
      `${line}${endpoint()}`.replace(/^  environments:.*\n/m, `  environments:\n    dev:\n      ${overlay}\n`)
    const right = over('replicas: { max: 3 }')
    expect(right).toContain('max: 3')
    expect(await server.open('specs/over.yaml', right)).toEqual([])
    const text = over('rep')
    await server.open('specs/overlaid.yaml', text)
    expect(await server.complete('specs/overlaid.yaml', ...behind(text, '      rep'))).toContain('replicas')
    const wrong = over('replics: { max: 3 }')
    const [first, ...more] = await server.open('specs/misspelt.yaml', wrong)
    expect(more).toEqual([])
    expect(wrong.split('\n')[first?.range.start.line ?? 0]).toContain('replics')
  })
})
