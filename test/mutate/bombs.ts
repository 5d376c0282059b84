import { training } from '../support/compiler.ts'

/** Texts and bytes that were made to hurt: each as a file of its own, and as a value of a training. */
export function bombs(): readonly Uint8Array[] {
  const texts = [...nesting(), ...aliases(), ...sizes(), ...odd()]
  const inSpec = texts
    .filter((text) => text.length < 200_000)
    .map((text) => training('letters', `  env: { A: ${text.startsWith('- ') ? `\n    ${text}` : text} }\n`))
  return [...[...texts, ...inSpec].map((text) => Buffer.from(text, 'utf8')), ...encodings()]
}

function nesting(): readonly string[] {
  const openers: readonly (readonly [open: string, close: string])[] = [
    ['[', ']'],
    ['{a: ', '}'],
    ['{', '}'],
    ['- ', ''],
    ['? ', ''],
    ['a: ', ''],
    ['!x ', ''],
    ['&a ', ''],
    ['["]",', ']'],
    ['[ # ]\n', ']'],
    ['- &a ', ''],
    ['|\n ', ''],
  ]
  const depths = [63, 64, 65, 129, 1000, 4000, 50_000]
  const stairs = ['a:', '-', '? a', '- a:', '&a b:'].flatMap((step) =>
    [64, 65, 400].map((depth) => Array.from({ length: depth }, (_, level) => ' '.repeat(level) + step).join('\n')),
  )
  return [
    ...openers.flatMap(([open, close]) => depths.map((depth) => open.repeat(depth) + close.repeat(depth))),
    ...openers.map(([open]) => open.repeat(2000)),
    ...stairs,
  ]
}

function aliases(): readonly string[] {
  const laugh = (first: string, many: number, levels: number): string =>
    [
      `a0: &a0 ${first}`,
      ...Array.from({ length: levels }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(many).fill(`*a${i}`).join(',')}]`),
    ].join('\n')
  return [
    ...['[x,x]', '{x: 1}', 'x'.repeat(1000), '!!set {a}'].flatMap((first) => [
      laugh(first, 9, 8),
      laugh(first, 99, 1),
      laugh(first, 2, 60),
    ]),
    'a: &a [*a]\n',
    'a: &a { <<: *a }\n',
    'a: &a {b: 1}\nc: { <<: [*a, *a, *a] }\n',
    '<<: &a { <<: { <<: 1 } }\n',
    ...[99, 100, 101, 20_000].map((many) => `a: &a x\nb: [${Array(many).fill('*a').join(',')}]\n`),
    Array.from({ length: 5000 }, (_, one) => `k${one}: &a${one} ${one}\n`).join(''),
  ]
}

function sizes(): readonly string[] {
  const keys = (many: number, form: (one: number) => string): string =>
    Array.from({ length: many }, (_, one) => form(one)).join('')
  return [
    ...[4999, 5000, 5001, 40_000].flatMap((many) => [
      keys(many, (one) => `k${one}: 1\n`),
      `{${keys(many, (one) => `k${one}: 1,`)}}`,
    ]),
    ...[255 * 1024, 256 * 1024, 256 * 1024 + 1, 10 * 1024 * 1024].flatMap((many) => [
      'x'.repeat(many),
      ' '.repeat(many),
      `"${'\\n'.repeat(many / 2)}"`,
      '#'.repeat(many),
      '\n'.repeat(many),
    ]),
    `a: |\n${'  line\n'.repeat(30_000)}`,
    `a: >\n${'  folded\n\n'.repeat(20_000)}`,
    `a: "${'\\u0041'.repeat(30_000)}"`,
    `${'- x\n'.repeat(60_000)}`,
    `[${'1,'.repeat(60_000)}]`,
    `a: '${"''".repeat(100_000)}'`,
    `${'---\n'.repeat(60_000)}`,
    `${'--- a\n'.repeat(20_000)}`,
    `${'%YAML 1.2\n---\n'.repeat(10_000)}`,
    `${'a'.repeat(2000)}: 1\n`.repeat(100),
    `? ${'x'.repeat(5000)}\n: 1\n`,
    `a:${' '.repeat(200_000)}b`,
    `${' '.repeat(100_000)}- a`,
    `a: |9\n${' '.repeat(9)}b\n`,
    `a: ${'9'.repeat(100_000)}`,
    `a: 1e${'9'.repeat(1000)}`,
    `a: 0x${'f'.repeat(50_000)}`,
    `a: ${'.'.repeat(100_000)}`,
    `a: ${'1_'.repeat(50_000)}`,
    `a: !${'x'.repeat(100_000)} b`,
    `a: "${'['.repeat(200_000)}"`,
    `a: '${'{'.repeat(100_000)}${'}'.repeat(100_000)}'`,
    `a: "${'] '.repeat(100_000)}"`,
    `${'%a\n'.repeat(60_000)}`,
    `${'- '.repeat(60)}${' '.repeat(100_000)}a`,
    `a: "${' '.repeat(200_000)}#"`,
    `a: "${"'".repeat(200_000)}"`,
    `a: '${'"'.repeat(200_001)}'`,
    `a: !<${'%41'.repeat(50_000)}> b`,
    `a: &${'x'.repeat(100_000)} b\nc: *${'x'.repeat(100_000)}`,
  ]
}

function odd(): readonly string[] {
  return [
    ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'].flatMap((key) => [
      `${key}: { a: 1 }\n`,
      `{ "${key}": 1 }`,
      `? ${key}\n`,
    ]),
    ...[
      '!!binary aGk=',
      '!!js/function "function(){}"',
      '!!python/object:x {}',
      '!!set {a, b}',
      '!!omap [a: 1]',
      '!!timestamp 2001-12-14',
      '!!float x',
      '!!int 0b2',
      '! ""',
    ],
    ...[
      '*',
      '&',
      '!',
      '%',
      '@',
      '`',
      '|',
      '>',
      '?',
      ':',
      '-',
      '<<',
      '=',
      '~',
      ',',
      ']',
      '}',
      '"',
      "'",
      '\\',
      '#',
      '\t',
      '\ufeff',
      '\u2028',
      '\u0085',
    ],
    ...[
      '%YAML 3.0\n--- a',
      '%TAG ! tag:x,2000:\n---\n!a b',
      '%FOO\n---\na',
      '--- |\n%x\n',
      '...\n...\n...',
      '---\n---\n---\na: 1',
    ],
    'a: b: c: d',
    'a:\n\tb: 1',
    '"a\n---\nb"',
    'a: "\\ud800"',
    'a: "\\x00\\u0000\\U00110000"',
    '? [a, b]\n: c',
    '? { a: b }\n: c',
    ': 1\n: 2',
    'null: 1\n~: 2\n"": 3',
    '1: a\n"1": b\n1.0: c\n0x1: d',
    'a: 1\na: 2\n"a": 3',
  ]
}

function encodings(): readonly Uint8Array[] {
  const text = training()
  const swapped = Buffer.from(text, 'utf16le').swap16()
  const withBytes = (...bytes: readonly number[]): Uint8Array => Buffer.concat([Buffer.from(text), Buffer.from(bytes)])
  return [
    Buffer.from(text, 'utf16le'),
    swapped,
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]),
    Buffer.concat([Buffer.from([0xfe, 0xff]), swapped]),
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf]), Buffer.from(text)]),
    Buffer.from(text.replaceAll('\n', '\r\n')),
    Buffer.from(text.replaceAll('\n', '\r')),
    withBytes(0),
    withBytes(0xed, 0xa0, 0x80),
    withBytes(0xc0, 0xaf),
    withBytes(0xf5, 0x80, 0x80, 0x80),
    withBytes(0xe2, 0x82),
    withBytes(0xff),
    new Uint8Array(10 * 1024 * 1024),
    new Uint8Array(0),
  ]
}
