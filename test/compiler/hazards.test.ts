import { describe, expect, it } from 'vitest'
import { loadDocuments } from '../../compiler/load/document.ts'
import { limits } from '../../compiler/load/limits.ts'
import { compileTexts, endpoint, training } from '../support/compiler.ts'

// No test here asserts a time, since machines differ: a text that stalls a parser never ends, and one that takes minutes is ended by the runner.

/** Loads a text several times, because some parsers die of the second one, and tells the codes of the last. */
function codesOf(text: string, times = 3): readonly string[] {
  let codes: readonly string[] = []
  for (let time = 0; time < times; time += 1) {
    codes = loadDocuments({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) }).problems.map(
      (one) => one.code,
    )
  }
  return [...new Set(codes)]
}

const staircase = (depth: number, step: string): string =>
  Array.from({ length: depth }, (_, level) => `${' '.repeat(level)}${step}`).join('\n')

describe('nesting that aborts a parser, and with it the process', () => {
  it.each([
    ['closed lists', '['.repeat(1000) + ']'.repeat(1000)],
    ['open lists', '['.repeat(2048)],
    ['open mappings', '{a: '.repeat(1000)],
    ['lists behind quoted brackets, which a count of brackets does not see', '["]",'.repeat(1000)],
    ['mappings behind quoted braces', `{"}": `.repeat(1000)],
    ['lists behind brackets in comments', '[ # ]\n'.repeat(1000)],
    ['compact lists', `${'- '.repeat(1000)}x`],
    ['explicit keys', `${'? '.repeat(1000)}x`],
    ['mappings in one line', `${'a: '.repeat(1000)}x`],
    ['a staircase of mappings', staircase(400, 'a:')],
    ['a staircase of lists', staircase(400, '-')],
    ['a staircase behind a broken line', `}\n${staircase(400, 'a:')}`],
  ])('%s are refused', (_name, text) => {
    expect(codesOf(text)).toContain('YAML_TOO_DEEP')
  })

  it.each([
    ['lists with anchors', '- &a '.repeat(1000)],
    ['lists of mappings in one line', `${'- a: '.repeat(1000)}x`],
    ['closing brackets alone', ']'.repeat(1000)],
    ['colons alone', ': '.repeat(100)],
    ['every bracket there is', '[{]}'.repeat(500)],
  ])('%s are refused for another reason', (_name, text) => {
    expect(codesOf(text).length).toBeGreaterThan(0)
  })

  it('what is just not too deep is read', () => {
    expect(codesOf(`a: ${'['.repeat(limits.depth - 2)}${']'.repeat(limits.depth - 2)}`)).toEqual([])
    expect(codesOf(staircase(limits.depth - 2, 'a:'))).toEqual([])
  })
})

describe('mappings so large that looking for duplicate keys takes minutes', () => {
  const keys = (count: number): string => Array.from({ length: count }, (_, number) => `k${number}: 1\n`).join('')

  it('one that is read is refused by its size', () => {
    expect(codesOf(keys(8_000), 1)).toEqual(['YAML_TOO_MANY_NODES'])
  })

  it('one that is broken is refused too, without a look for duplicates', () => {
    expect(codesOf(`${keys(8_000)}}\n`, 1)).toEqual(['YAML_TOO_MANY_NODES'])
    expect(codesOf(`{${keys(8_000).replaceAll('\n', ',')}`, 1)).toEqual(['YAML_TOO_MANY_NODES'])
  })

  it('a document of many unknown keys has all of them told', () => {
    const lines = Array.from({ length: 1000 }, (_, number) => `  k${number}: 1\n`).join('')
    const { problems } = compileTexts([training('letters', lines)])
    expect(problems.filter((one) => one.code === 'KEY_UNKNOWN')).toHaveLength(1000)
  })
})

describe('thousands of mistakes in one document', () => {
  const lines = (line: (number: number) => string): string =>
    Array.from({ length: 4_000 }, (_, one) => line(one)).join('')

  it.each([
    ['values that may be one thing or another', `  env:\n${lines((one) => `    A${one}: ${one}\n`)}`, 'TYPE_WRONG'],
    [
      'numbers beyond 2^53',
      `  env:\n${lines((one) => `    A${one}: 9${one}9007199254740993\n`)}`,
      'YAML_NUMBER_TOO_LARGE',
    ],
    ['keys that nearly are some', lines((one) => `  timeoutSecond${one}: 1\n`), 'KEY_UNKNOWN'],
  ])('%s are told, each of them', (_name, text, code) => {
    const { problems } = compileTexts([training('letters', text)])
    expect(problems.filter((one) => one.code === code)).toHaveLength(4_000)
  })
})

describe('lists so long that only their number of entries is unusual', () => {
  const names = Array.from({ length: 9_000 }, (_, number) => `name-${number}`)
  const long = (more: string): string =>
    training('letters', more).replace('language-modelling }', `language-modelling, classNames: [${names.join(', ')}] }`)

  it('are read, also where both parsers are asked', () => {
    expect(compileTexts([long('')]).problems).toEqual([])
    expect(compileTexts([long('# one thing & another\n')]).problems).toEqual([])
  })

  it('keep no problem from its place', () => {
    const { problems } = compileTexts([long('  colour: blue\n')])
    expect(problems.map((one) => [one.code, one.where.line])).toEqual([['KEY_UNKNOWN', 12]])
  })
})

describe('aliases that grow into gigabytes', () => {
  const laughs = (text: string): string =>
    [text, ...Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`)].join(
      '\n',
    )

  it.each([
    ['of lists', laughs('a0: &a0 [x,x]')],
    ['of mappings', laughs('a0: &a0 {x: 1}')],
    ['of texts', laughs('a0: &a0 xxxxxxxxxxxxxxxxxxxxxxxxxxxxx')],
    ['in a broken document', `${laughs('a0: &a0 [x,x]')}\n}\n`],
    ['that hold themselves', 'a: &a { b: *a, c: [*a, *a] }\n'],
  ])('%s are refused', (_name, text) => {
    expect(codesOf(text).length).toBeGreaterThan(0)
  })

  it.each([
    ['of one long text', `a: &a "${'x'.repeat(100_000)}"\nb: [${Array(20_000).fill('*a').join(',')}]\n`],
    ['of one long key', `a: &a "${'x'.repeat(100_000)}"\nb: [${Array(10_000).fill('{*a : 1}').join(',')}]\n`],
  ])('%s are refused', (_name, text) => {
    expect(codesOf(text)).toEqual(['YAML_TOO_MANY_ALIASES'])
  })

  it('an alias in a document that then fails costs nothing either', () => {
    expect(codesOf(`kind: 1\n${laughs('a0: &a0 [x,x]')}`)).toEqual(['YAML_TOO_MANY_ALIASES'])
  })
})

describe('values that YAML makes something else of', () => {
  const told = (text: string) =>
    compileTexts([text]).problems.map((one) => `${one.code} ${one.where.line}:${one.where.column}`)

  it.each([
    [
      'a CPU quantity without quotes',
      training('letters', '  resources: { cpu: { request: 1.10 } }\n'),
      'TYPE_WRONG 12:32',
    ],
    ['a variable that is a number', training('letters', '  env: { A: 12 }\n'), 'TYPE_WRONG 12:13'],
    ['a number that is octal to some', training('letters', '  env: { A: 012 }\n'), 'YAML_LEADING_ZERO 12:13'],
    ['a variable that is a switch', training('letters', '  env: { A: true }\n'), 'TYPE_WRONG 12:13'],
    ['a word of a command that is a number', training('letters', '  command: [node, 4]\n'), 'TYPE_WRONG 12:19'],
    ['no where a switch is meant', endpoint().replace('dev: {}', 'dev: { rollout: no }'), 'TYPE_WRONG 11:35'],
    [
      'an identifier that loses digits',
      training('letters', '  rerun: 9007199254740993\n'),
      'YAML_NUMBER_TOO_LARGE 12:10',
    ],
    ['a number as a name', training('12'), 'TYPE_WRONG 3:19'],
    ['a name that is a time', training('1:30'), 'FORMAT_WRONG 3:19'],
  ])('%s is refused at its place', (_name, text, expected) => {
    expect(told(text)).toEqual([expected])
  })

  it('a digest of digits alone stays the text that it is in quotes', () => {
    const { problems, impact } = compileTexts([training('letters', '  env: { ID: "0123456789012345678901" }\n')])
    expect(problems).toEqual([])
    expect(impact.starts[0]?.variables).toContainEqual({ name: 'ID', value: '0123456789012345678901' })
  })
})

describe('names that every object inherits', () => {
  const kubernetes = (name: string): string => training(name).replace('environment: dev', 'environment: prod')

  it('a project called constructor has no namespace but one that is written', () => {
    const text = kubernetes('letters').replace('project: language', 'project: constructor')
    expect(compileTexts([text]).problems.map((one) => one.code)).toContain('NAMESPACE_UNKNOWN')
  })

  it('an image called constructor has no folder but one that is written', () => {
    const text = training().replace('image: example/trainer:1', 'image: constructor')
    expect(compileTexts([text]).problems.map((one) => one.code)).toEqual(['IMAGE_UNMAPPED'])
  })

  it.each(['constructor', 'tostring', 'null', 'true', '0'])('a spec called %s is like any other', (name) => {
    const { problems, impact } = compileTexts([training(`"${name}"`)])
    expect(problems).toEqual([])
    expect(impact.starts[0]?.name).toBe(name)
  })

  it.each(['__proto__', 'constructor', 'prototype'])('the key %s is refused wherever it stands', (key) => {
    const { problems } = compileTexts([training('letters', `  env: { ${key}: x }\n`)])
    expect(problems.map((one) => [one.code, one.where.line])).toEqual([['YAML_UNSAFE_KEY', 12]])
  })
})

describe('variables that Specyard sets', () => {
  it.each(['MODEL_NAME', 'MODEL_VERSION', 'MODEL_DIGEST', 'MODEL_URI', 'PORT', 'CALLBACK_TOKEN'])(
    'an endpoint cannot set %s a second time',
    (name) => {
      const { problems } = compileTexts([endpoint(`  env: { ${name}: x }\n`)])
      expect([...new Set(problems.map((one) => one.code))]).toEqual(['VARIABLE_RESERVED'])
    },
  )
})

describe('a text that no program can be given', () => {
  const overlay = endpoint().replace('dev: {}', 'dev: { env: { A: "a\\0b" } }')

  it.each<readonly [string, string, readonly string[]]>([
    ['in a variable of a training', training('letters', '  env: { B: b, A: "a\\0b" }\n'), ['12:19']],
    ['in a variable of an endpoint, once for all environments', endpoint('  env: { A: "\\u0000" }\n'), ['12:13']],
    ['in a variable of an overlay', overlay, ['11:36']],
    ['in command and arguments', training('letters', '  command: [a, "\\0"]\n  args: ["\\x00"]\n'), ['12:16', '13:10']],
    ['escaped once more, which is another text', training('letters', '  env: { A: "a\\\\0b" }\n'), []],
  ])('is refused at its place: %s', (_title, text, places) => {
    const { problems } = compileTexts([text])
    expect(problems.map(({ code, where: { line, column } }) => `${code} ${line}:${column}`)).toEqual(
      places.map((place) => `FORMAT_WRONG ${place}`),
    )
  })
})
