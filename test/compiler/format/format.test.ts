import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compile } from '../../../compiler/compile.ts'
import { formatFile } from '../../../compiler/format/format.ts'
import { readWorkingTree } from '../../../publisher/source.ts'
import { trainingCorpus } from '../../bench/corpus.ts'
import { address, chart, nothing, source } from '../../support/compiler.ts'
import { corpus } from '../../support/misplaced/corpus.ts'
import { styles, write } from '../../support/misplaced/write.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const fileOf = (text: string) => ({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) })
const format = (text: string, modeline?: string): string | undefined => formatFile(fileOf(text), { modeline }).text

describe('formatting', () => {
  it.each([
    [
      'puts apiVersion, kind, metadata and spec into this order, whatever the kind',
      'spec: 1\nmetadata: 2\nkind: X\napiVersion: a\n',
      'apiVersion: a\nkind: X\nmetadata: 2\nspec: 1\n',
    ],
    [
      'puts keys inside into the order of the schema, and those it does not know behind them',
      'kind: Model\nspec:\n  odd: 1\n  framework: a\n  family: b\n',
      'kind: Model\nspec:\n  family: b\n  framework: a\n  odd: 1\n',
    ],
    [
      'puts the keys of an overlay into the order of the spec',
      'kind: ServingEndpoint\nspec:\n  environments:\n    dev: { replicas: { max: 2, min: 1 }, port: 1 }\n',
      'kind: ServingEndpoint\nspec:\n  environments:\n    dev: { port: 1, replicas: { min: 1, max: 2 } }\n',
    ],
    [
      'leaves labels and variables in their own order',
      'kind: Model\nmetadata:\n  labels: { z: a, b: c }\n',
      'kind: Model\nmetadata:\n  labels: { z: a, b: c }\n',
    ],
    [
      'moves a comment with the key below it',
      'kind: Model\nspec:\n  # of the framework\n  framework: a # it\n  # of the family\n  family: b\n',
      'kind: Model\nspec:\n  # of the family\n  family: b\n  # of the framework\n  framework: a # it\n',
    ],
    [
      'leaves a comment behind a key with that key, where what is below changes its order',
      'kind: TrainingJob\nspec: # why\n  # of the name\n  resources: # two were too slow\n      memory: 1\n      cpu: 2\n  command: [a]\n',
      'kind: TrainingJob\nspec: # why\n  command: [a]\n  # of the name\n  resources: # two were too slow\n    cpu: 2\n    memory: 1\n',
    ],
    [
      'leaves a comment behind a key behind it, whatever its value is',
      'a: # of a\n- b\nc: !!map # of c\n  d: #\n    e\nf: # of f\n  [g,\n  h]\n"i": # of i\n  |\n    j\nk: # of k\n',
      'a: # of a\n  - b\nc: # of c\n  !!map\n  d: #\n    e\nf: # of f\n  [\n    g,\n    h\n  ]\n"i": # of i\n  |\n  j\nk: # of k\n',
    ],
    [
      'leaves a comment between a key without a value and the next key with that key',
      'a: # of a\n# of b\nb:\n  c:\n  # of b too\n# of d\nd: 1\n',
      'a: # of a\n# of b\nb:\n  c:\n  # of b too\n# of d\nd: 1\n',
    ],
    [
      'leaves a comment above an item of a list above it, where the keys of the item change their order',
      'kind: Policy\nspec:\n  variables:\n    - { name: a }\n    # of b\n    - expression: 1\n      name: b\n',
      'kind: Policy\nspec:\n  variables:\n    - { name: a }\n    # of b\n    - name: b\n      expression: 1\n',
    ],
    [
      'leaves the comment at the top at the top',
      '# of the file\nkind: Model\napiVersion: a\n',
      '# of the file\napiVersion: a\nkind: Model\n',
    ],
    [
      'keeps the order of a document with aliases',
      'spec: &a { b: 1 }\nkind: Model\nmetadata: *a\n',
      'spec: &a { b: 1 }\nkind: Model\nmetadata: *a\n',
    ],
    [
      'indents by two spaces, lists too',
      'a:\n    b:\n    - c\n    -   d: 1\n        e: 2\n',
      'a:\n  b:\n    - c\n    - d: 1\n      e: 2\n',
    ],
    ['makes one empty line of several', 'a: 1\n\n\n\nb: 2\n', 'a: 1\n\nb: 2\n'],
    ['makes one empty line of several below a comment behind a key', 'a: # c\n\n\n\n  b: 1\n', 'a: # c\n\n  b: 1\n'],
    [
      'makes one empty line of several between comments, and leaves those of a block of text',
      'a: 1\n\n\n# b\n\n\n\n# c\nd: |+\n  e\n\n\n\n# f\ng: 1\n',
      'a: 1\n\n# b\n\n# c\nd: |+\n  e\n\n\n\n# f\ng: 1\n',
    ],
    ['puts no empty lines into a document of nothing', '---\n', '---\n'],
    ['puts none behind a mark that nothing follows', 'kind: Model\n---\n', 'kind: Model\n---\n'],
    ['puts none between two marks', 'a: 1\n---\n---\n...\n---\nb: 1\n', 'a: 1\n---\n---\n...\n---\nb: 1\n'],
    [
      'leaves comments of a document of nothing in their column',
      '---\n# none\n\n\n\n# yet\n',
      '---\n# none\n\n# yet\n',
    ],
    [
      'leaves comments before the mark of an end before it, and those behind it behind it',
      'a:\n  b: 1\n# c\n... # d\n---\n- e\n# f\n...\n',
      'a:\n  b: 1\n# c\n... # d\n---\n- e\n# f\n...\n',
    ],
    ['keeps brackets, with their padding', 'a: {b: 1,c: [ 1,2 ]}\n', 'a: { b: 1, c: [1, 2] }\n'],
    [
      'keeps brackets on several lines, an entry on each',
      'a: [one,\n  two, three]\n',
      'a:\n  [\n    one,\n    two,\n    three\n  ]\n',
    ],
    [
      'indents brackets inside brackets by two spaces each',
      'a: [[b,\n c], {d: 1,\n e: [2,\n 3]}]\n',
      'a:\n  [\n    [\n      b,\n      c\n    ],\n    {\n      d: 1,\n      e:\n        [\n          2,\n          3\n        ]\n    }\n  ]\n',
    ],
    [
      'copies scalars as they are written',
      `a: "x"\nb: 'x'\nc: 1.10\nd: 0x1F\ne: ~\nf:\ng: 1e3\nh: True\n`,
      `a: "x"\nb: 'x'\nc: 1.10\nd: 0x1F\ne: ~\nf:\ng: 1e3\nh: True\n`,
    ],
    [
      'indents blocks of text with what they stand in',
      'a:\n    b: |\n         x\n           y\n    c: >-  # why\n     p\n     q\n',
      'a:\n  b: |\n    x\n      y\n  c: >- # why\n    p\n    q\n',
    ],
    [
      'keeps the line breaks of a long text',
      'a: one\n     two\nb: "three\n     four"\n',
      'a: one\n  two\nb: "three\n  four"\n',
    ],
    ['keeps Windows line ends', 'b:\r\n    c: 1\r\n', 'b:\r\n  c: 1\r\n'],
    ['takes a byte order mark away', '\ufeffa: 1\n', 'a: 1\n'],
    ['ends a file with a line feed', 'a: 1', 'a: 1\n'],
    ['ends a file with a line feed behind a block of text too', 'a: |\n  x', 'a: |\n  x\n'],
    ['keeps documents apart', 'b: 1\n---\na: 1\n...\n---\nc: 1\n', 'b: 1\n---\na: 1\n...\n---\nc: 1\n'],
    [
      'leaves comments at the end in their columns, each with what it stands in',
      'a:\n    b:\n        - c\n        # of the list\n    # of a\n# of the file\n',
      'a:\n  b:\n    - c\n    # of the list\n  # of a\n# of the file\n',
    ],
    [
      'leaves a comment between a list and the next key with that key',
      'a:\n- b\n# of c\nc: 1\n',
      'a:\n  - b\n# of c\nc: 1\n',
    ],
    ['leaves a file of comments alone', '# nothing\n# yet\n', '# nothing\n# yet\n'],
  ] as const)('%s', (_sentence, before, after) => {
    expect(format(before)).toBe(after)
    expect(format(after)).toBe(after)
  })

  it.each([
    ['that is no YAML', 'a: [1\n', 'YAML_SYNTAX'],
    ['with a key twice', 'a: 1\na: 2\n', 'YAML_DUPLICATE_KEY'],
    ['nested a hundred thousand deep', '['.repeat(100_000), 'YAML_TOO_DEEP'],
    ['with a control character', 'a: \u0007\n', 'FILE_NOT_TEXT'],
  ])('leaves a file alone %s, and tells its problem', (_what, text, code) => {
    const { text: formatted, problems } = formatFile(fileOf(text))
    expect(formatted).toBeUndefined()
    expect(problems.map((one) => one.code)).toContain(code)
  })

  it('names the schema above each document of a known kind that names none', () => {
    const model = 'apiVersion: specyard.dev/v1\nkind: Model\n'
    const line = '# yaml-language-server: $schema=../schemas/model.schema.json\n'
    expect(format(`${model}---\n# mine\n${model}---\nkind: X\n`, '../schemas')).toBe(
      `${line}${model}---\n${line}# mine\n${model}---\nkind: X\n`,
    )
    const named = `# yaml-language-server: $schema=elsewhere.json\n${model}`
    expect(format(named, '../schemas')).toBe(named)
  })
})

describe('formatting specs', () => {
  it('changes nothing of what is compiled, and every digest stays', () => {
    const before = trainingCorpus(40).map(({ path, bytes }) => {
      const text = new TextDecoder().decode(bytes).replace(/^ +/gm, '$&$&')
      return fileOfText(path, { text: text.replaceAll(/^(apiVersion: .*\n)(kind: .*\n)/gm, '$2$1'), problems: [] })
    })
    const after = before.map((file) => fileOfText(file.path, formatFile(file)))
    expect(after.filter((file, index) => String(file.bytes) !== String(before[index]?.bytes)).length).toBeGreaterThan(
      40,
    )
    const compiled = (sources: typeof before) => compile({ sources, source, deployed: nothing, chart, deploy: address })
    const [left, right] = [compiled(before), compiled(after)]
    expect(right.impact.starts.map((one) => one.digest)).toEqual(left.impact.starts.map((one) => one.digest))
    expect([...right.change.keys()]).toEqual([...left.change.keys()])
  }, 60_000)

  it.each(styles.map((style) => [style.name, style] as const))(
    'is the same however they are written: %s',
    (_name, style) => {
      for (const node of Object.values(corpus)) {
        const { text } = write(node, style)
        const once = format(text)
        expect(once).toBeDefined()
        expect(format(once ?? '')).toBe(once)
      }
    },
  )

  it('finds the specs of this repository laid out', async () => {
    const { files } = await readWorkingTree(root)
    const specs = files.filter(({ path }) => path.startsWith('specs/'))
    expect(specs.length).toBeGreaterThan(0)
    for (const file of specs) expect(formatFile(file).text, file.path).toBe(readFileSync(join(root, file.path), 'utf8'))
  })
})

function fileOfText(path: string, { text, problems }: ReturnType<typeof formatFile>) {
  expect(problems).toEqual([])
  return { path, bytes: new TextEncoder().encode(text) }
}
