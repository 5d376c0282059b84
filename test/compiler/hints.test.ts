import { describe, expect, it } from 'vitest'
import { compileTexts, endpoint, training } from '../support/compiler.ts'

const more = (line: string): string => training('letters', `  ${line}\n`)
const instead = (from: string, to: string): string => {
  expect(training()).toContain(from)
  return training().replace(from, to)
}
const hintOf = (text: string): string | undefined => compileTexts([text]).problems.map((one) => one.hint)[0]

describe('the remedy for what YAML makes something else of', () => {
  it.each([
    [
      '1.10 where text is meant',
      more('resources: { cpu: { request: 1.10 } }'),
      'quote it exactly as you mean it: "1.10"; without quotes YAML reads 1.10 as the number 1.1',
    ],
    [
      '012 where text is meant',
      more('env: { A: 012 }'),
      'write 12, or 10 where the octal is meant; quote it if it is text: "012"',
    ],
    [
      '012 where a number is meant',
      instead('epochs: 3', 'epochs: 012'),
      'write 12, or 10 where the octal is meant; quote it if it is text: "012"',
    ],
    ['-089 where a number is meant', instead('epochs: 3', 'epochs: -089'), 'write -89; quote it if it is text: "-089"'],
    ['007 where a number is meant', instead('epochs: 3', 'epochs: 007'), 'write 7; quote it if it is text: "007"'],
    [
      '012 as a key',
      more('env: { 012: a }'),
      'write 12, or 10 where the octal is meant; quote it if it is text: "012"',
    ],
    [
      '0644 in JSON',
      more('env: {"A":0644}'),
      'write 644, or 420 where the octal is meant; quote it if it is text: "0644"',
    ],
    [
      '0x1F where text is meant',
      more('env: { A: 0x1F }'),
      'quote it exactly as you mean it: "0x1F"; without quotes YAML reads 0x1F as the number 31',
    ],
    [
      'True where text is meant',
      more('env: { A: True }'),
      'quote it exactly as you mean it: "True"; without quotes YAML reads a switch',
    ],
    [
      'null where text is meant',
      more('env: { A: null }'),
      'quote it if the word is meant: "null"; without quotes YAML reads null as no value at all',
    ],
    ['no value at all', more('env: { A: }'), 'give it a value, or remove the key'],
    ['no where a switch is meant', more('stall: { end: no }'), 'YAML 1.2 reads no as text; write false'],
    ['On where a switch is meant', more('stall: { end: On }'), 'YAML 1.2 reads On as text; write true'],
    ['a switch in quotes', more('stall: { end: "true" }'), 'remove the quotes: true'],
    ['1 where a switch is meant', more('stall: { end: 1 }'), 'write true'],
    ['a number in quotes', more('nodes: "2"'), 'remove the quotes'],
    ['digits in groups', more('rerun: 1_000'), 'write the digits alone: 1000; YAML 1.2 reads 1_000 as text'],
    ['a fraction where whole numbers are meant', more('nodes: 1.5'), 'write a whole number: 1 or 2'],
    ['a binary number', more('nodes: 0b11'), 'YAML 1.2 knows no binary numbers: write 3'],
    [
      'a share in per cent',
      instead('{ epochs: 3 }', '{ epochs: 3, learningRate: 10% }'),
      'write a number: a share of 10% is 0.1',
    ],
    [
      'a decimal comma',
      instead('{ epochs: 3 }', '{ epochs: 3, learningRate: "0,1" }'),
      'write a point for the fraction: 0.1',
    ],
    [
      'an integer beyond 2^53',
      more('rerun: 9007199254740993'),
      'quote it if it is an identifier; a number is at most 9007199254740991',
    ],
    [
      'an integer below -2^53',
      more('rerun: -9007199254740993'),
      'quote it if it is an identifier; a number is at least -9007199254740991',
    ],
    ['an integer beyond 2^53 in quotes', more('rerun: "9007199254740993"'), 'a number is at most 9007199254740991'],
    ['infinity', more('rerun: .inf'), 'write a finite number, or quote the text'],
    [
      'a fraction with digits in groups',
      instead('epochs: 3', 'epochs: 3, learningRate: 1_0.5'),
      'write the digits alone: 10.5; YAML 1.2 reads 1_0.5 as text',
    ],
    [
      'thousands with a comma and a fraction',
      instead('epochs: 3', 'epochs: 3, learningRate: "1,000.25"'),
      'write the digits alone: 1000.25; YAML 1.2 reads 1,000.25 as text',
    ],
    [
      'a text that begins with a star',
      more('args: [*.txt]'),
      'quote a text that begins with *: "*.txt"; an alias needs its anchor, &.txt, before it',
    ],
    [
      'a key twice',
      instead('epochs: 3', 'epochs: 3, epochs: 4'),
      'keep one of the two; YAML would silently drop the other, and programs differ in which',
    ],
    [
      'a prototype',
      more('env: { __proto__: x }'),
      'programs take this name for a part of every mapping, and not for yours: choose another one',
    ],
    ['a merge key', more('<<: { nodes: 1 }'), 'merge keys do not exist in YAML 1.2: write the values out'],
    [
      'a tag for secrets',
      more('env: { A: !secret x }'),
      'secrets are named, not fetched: write { secret: <name>, key: <key> } in env',
    ],
    [
      'a tag that includes',
      more('args: !include x.yaml'),
      'files are not included: put the text here, or refer to a document by its name',
    ],
    [
      'a tag of Python',
      more('args: !!python/tuple [a]'),
      'objects of a programming language are never made; write the plain value',
    ],
    ['a tag for bytes', more('args: [!!binary aGk=]'), 'bytes cannot be written here; write text'],
    [
      'a tag for times',
      more('args: [!!timestamp 2001-12-14]'),
      'YAML 1.2 knows no times: remove the tag and quote the text',
    ],
    ['a tag for sets', more('args: !!set {a}'), 'YAML 1.2 knows no sets: remove the tag and write a list'],
    ['a tag for ordered pairs', more('args: !!omap []'), 'YAML 1.2 knows no pairs: remove the tag and write a mapping'],
    ['a tag for pairs', more('args: !!pairs []'), 'YAML 1.2 knows no pairs: remove the tag and write a mapping'],
    ['a tag for merges', more('args: [!!merge x]'), 'merge keys do not exist in YAML 1.2: write the values out'],
    ['a tag of another kind', more('args: [!!float x]'), 'the value is none of that kind: remove the tag'],
    ['a tag that makes nothing of a text', more('env: { A: !!null "" }'), 'remove the tag before it: ""'],
    ['a tag that makes a number of a text', more('env: { A: !!int "3" }'), 'remove the tag before it: "3"'],
    ['any other tag', more('args: !mine [a]'), 'remove the tag; quote the value if it begins with an exclamation mark'],
  ])('%s', (_sentence, text, hint) => {
    expect(hintOf(text)).toBe(hint)
  })
})

describe('the remedy for what a schema does not know', () => {
  it.each([
    ['a duration where seconds are meant', more('timeoutSeconds: 10m'), 'write it in seconds, as a number alone: 600'],
    ['words where seconds are meant', more('timeoutSeconds: soon'), 'write it in seconds, as a number alone'],
    [
      'a time of day where seconds are meant',
      more('timeoutSeconds: 1:30'),
      'YAML 1.2 reads 1:30 as text; write it in seconds, as a number alone',
    ],
    [
      'a quantity where gigabytes are meant',
      endpoint('  resources: { gpuMemoryGb: 24Gi }\n'),
      'write it in gigabytes, as a number alone: 24',
    ],
    [
      'seconds where milliseconds are meant',
      endpoint('  autoscale: { targetLatencyMs: 2s }\n'),
      'write it in milliseconds, as a number alone: 2000',
    ],
    ['a command as one text', more('command: python -u train.py'), 'write a list: [python, "-u", train.py]'],
    [
      'a colon without a space',
      instead('training: { epochs: 3 }', 'training: epochs:3'),
      'put a space behind the colon: epochs: 3',
    ],
    ['a key of another style', more('timeout_seconds: 5'), 'did you mean "timeoutSeconds"?'],
    ['a key that stands in the wrong mapping', more('batchSize: 5'), '"batchSize" belongs into spec.training'],
    [
      'a misspelt key of another mapping',
      more('batchSise: 5'),
      'did you mean "batchSize"? It belongs into spec.training',
    ],
  ])('%s', (_sentence, text, hint) => {
    expect(hintOf(text)).toBe(hint)
  })

  it.each([
    ['8 GB', '8G'],
    ['8gib', '8Gi'],
    ['512mb', '512M'],
    ['1.5 Ti', '1.5Ti'],
  ])('a memory of %s may be one of %s', (written, meant) => {
    expect(hintOf(more(`resources: { memory: { request: ${written} } }`))).toMatch(
      `did you mean ${JSON.stringify(meant)}?`,
    )
  })

  it.each([
    ['2 cores', '2'],
    ['500 millicores', '500m'],
  ])('a CPU of %s may be one of %s', (written, meant) => {
    expect(hintOf(more(`resources: { cpu: { request: ${written} } }`))).toMatch(
      `did you mean ${JSON.stringify(meant)}?`,
    )
  })

  it.each([
    ['My_Training', 'my-training'],
    ['handbookLM', 'handbook-lm'],
    ['Größe 2', 'gro-e-2'],
  ])('a name of %s may be one of %s', (written, meant) => {
    expect(hintOf(training(JSON.stringify(written)))).toMatch(`did you mean ${JSON.stringify(meant)}?`)
  })
})

describe('a name of several parts', () => {
  const hintsOf = (more: string): string => {
    const text = `apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: there }\nspec:\n  cluster: { kubernetes: { context: there, namespaces: { a: ml-a } } }\n  ${more}\n`
    return compileTexts([text])
      .problems.map(({ hint }) => hint)
      .join('; ')
  }

  it.each([
    ['a host', 'ingress: { host: "*.example.com" }', 'example.com'],
    ['a host with capitals', 'ingress: { host: Models.Example.com }', 'models.example.com'],
    ['a resource', 'gpuTypes: { T4: { resource: "nvidia.com/g:pu" } }', 'nvidia.com/g-pu'],
  ])('keeps its points and slashes: %s', (_sentence, more, meant) => {
    expect(hintsOf(more)).toMatch(`did you mean ${JSON.stringify(meant)}?`)
  })

  it('is made one of one part where no other may stand', () => {
    expect(hintOf(training('my.letters'))).toMatch('did you mean "my-letters"?')
  })
})

describe('a value that may be one thing or another', () => {
  const patched = (patch: string): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: there }
spec:
  cluster: { kubernetes: { context: there, namespaces: { a: ml-a } } }
  patches: [{ patch: ${patch} }]
`

  it.each([
    ['an empty list', patched('[]'), 'spec.patches.0.patch must be at least 1 entry long, not 0'],
    ['an empty mapping', patched('{}'), 'spec.patches.0.patch must be a mapping of at least 1 entry, not 0'],
    ['an empty text', patched('""'), 'spec.patches.0.patch must be at least 1 character long, not 0'],
    ['a number', patched('3'), 'spec.patches.0.patch must be a list or a mapping or text, not 3'],
    [
      'a text that is too long',
      more(`env: { A: ${'x'.repeat(40_000)} }`),
      'spec.env.A must be at most 32768 characters long, not 40000',
    ],
    ['a list where none may be', more('env: { A: [] }'), 'spec.env.A must be text or a mapping, not a list'],
  ])('is told what it has against %s', (_sentence, text, message) => {
    expect(compileTexts([text]).problems.map((one) => one.message)).toEqual([message])
  })
})

describe('a number that cannot be used', () => {
  it.each([
    ['1e400', '1e400 is read as infinity, which cannot be used'],
    ['.nan', '.nan is read as not-a-number, which cannot be used'],
    ['9007199254740993', '9007199254740993 is beyond 2^53 and would lose digits: it is read as 9007199254740992'],
  ])('%s is named as it is written', (written, message) => {
    expect(compileTexts([more(`rerun: ${written}`)]).problems.map((one) => one.message)).toEqual([message])
  })
})

describe('a text as long as a file', () => {
  const long = 'x'.repeat(200_000)

  it.each([
    ['as a key', more(`${long}: 1`)],
    [
      'as a key that stands twice',
      more(`{ ? ${long} : 1 }`).replace('{ ?', `"${long.slice(0, 100_000)}": 1\n  "${long.slice(0, 100_000)}": 1 #`),
    ],
    ['as a number', more(`rerun: ${'9'.repeat(200_000)}`)],
    ['as a number where text is meant', more(`env: { A: 0.${'1'.repeat(200_000)} }`)],
    ['as a command', more(`command: ${'a '.repeat(100_000)}b`)],
    ['as a variable', more(`env: { ${long}: 1 }`)],
    ['as a tag', more(`args: !${long} a`)],
    ['as an alias', more(`args: *${long}`)],
    ['as a name', training(`"${long}"`)],
    ['as a duration', more(`timeoutSeconds: ${long}m`)],
  ])('%s makes no message of that length', (_name, text) => {
    const { problems } = compileTexts([text])
    expect(problems.length).toBeGreaterThan(0)
    for (const one of problems) expect(one.message.length + (one.hint ?? '').length).toBeLessThan(1000)
  })
})

describe('every problem at once', () => {
  it('also where single keys and tags of the YAML are wrong, and where it does not fit its schema', () => {
    const text = instead('epochs: 3', 'epochs: 3, epochs: four').replace('ref: text', 'ref: texts')
    const lines = '  env: { A: !secret x }\n  rerun: 12345678901234567890\n  colour: blue\n  queue: gpu\n'
    expect(compileTexts([text + lines]).problems.map((one) => one.code)).toEqual([
      'DATASET_UNKNOWN',
      'YAML_DUPLICATE_KEY',
      'TYPE_WRONG',
      'YAML_UNKNOWN_TAG',
      'YAML_NUMBER_TOO_LARGE',
      'KEY_UNKNOWN',
      'QUEUE_UNKNOWN',
    ])
  })

  it.each([
    [
      'a key that is not known',
      'dev: { model: { ref: nope }, colour: blue }',
      ['MODEL_UNKNOWN 11:40', 'KEY_UNKNOWN 11:48'],
    ],
    [
      'a value of another type',
      'dev: { promptTemplate: { ref: nope }, port: "80" }',
      ['PROMPT_TEMPLATE_UNKNOWN 11:49', 'TYPE_WRONG 11:63'],
    ],
    [
      'a key that is taken away',
      'dev: { model: { ref: nope }, serveTarget: null }',
      ['MODEL_UNKNOWN 11:40', 'KEY_MISSING 11:48'],
    ],
    [
      'what stands in the spec, beside an overlay that does not fit',
      'dev: { colour: blue } }\n  promptTemplate: { ref: nope',
      ['KEY_UNKNOWN 11:26', 'PROMPT_TEMPLATE_UNKNOWN 12:26'],
    ],
    [
      'nothing that follows from what stands in for it',
      'dev: { model: { ref: 3 }, promptTemplate: { ref: [] } }',
      ['TYPE_WRONG 11:40', 'TYPE_WRONG 11:68'],
    ],
    [
      'two environments, each with its own',
      'dev: { model: { ref: no }, colour: blue }, prod: { model: { ref: nope }, size: 1 }',
      ['MODEL_UNKNOWN 11:40', 'KEY_UNKNOWN 11:46', 'MODEL_UNKNOWN 11:84', 'KEY_UNKNOWN 11:92'],
    ],
  ])('also of an overlay: %s', (_sentence, overlays, expected) => {
    const text = endpoint().replace(/environments: .*/, `environments: { ${overlays} }`)
    const { problems } = compileTexts([text])
    expect(problems.map(({ code, where }) => `${code} ${where.line}:${where.column}`)).toEqual(expected)
  })

  it('and nothing that follows from one of them: what names a document that cannot be read is not told', () => {
    const unreadable = 'apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: new }\nspec: { cluster: [ }\n'
    const misspelt =
      'apiVersion: specyard.dev/v1\nkind: Enviroment\nmetadata: { name: other }\nspec: { cluster: local }\n'
    const user = (name: string, environment: string): string =>
      training(name).replace('environment: dev', `environment: ${environment}`)
    const told = compileTexts([unreadable, misspelt, user('a', 'new'), user('b', 'other')]).problems
    expect([...new Set(told.map((one) => one.code))]).toEqual(['YAML_SYNTAX', 'KIND_UNKNOWN'])
  })
})
