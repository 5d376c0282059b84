import { training } from '../support/compiler.ts'
import type { Verdict } from './subject.ts'

/** Something that the driver found: what it was, the seed and number that gave it, and the file that did it, made small. */
export interface Found {
  readonly what: string
  /** Of the time it was found: inputs of a seed change with the driver. */
  readonly seed: number
  readonly number: number
  readonly file: string
  readonly wants: Verdict
}

/** Every failure that was found, newest last; tests replay them all. */
export const trackRecord: readonly Found[] = [
  {
    what: 'a hundred thousand spaces before a dash, which kept a pattern of ours busy for minutes',
    seed: 1,
    number: 172,
    file: `${' '.repeat(100_000)}- a`,
    wants: 'refused',
  },
  {
    what: 'two hundred thousand opening brackets in a quoted text, which took another pattern the square of that',
    seed: 1,
    number: 175,
    file: training('letters', `  env: { A: "${'['.repeat(200_000)}" }\n`),
    wants: 'refused',
  },
  {
    what: 'a mapping as a key without a value, which two parsers name differently',
    seed: 1,
    number: 14,
    file: 'a: {{b}}\n',
    wants: 'refused',
  },
  {
    what: 'an escape of a character beyond Unicode, which one parser reads as two halves of one',
    seed: 1,
    number: 249,
    file: training('letters', '  env: { A: "\\U00110000" }\n'),
    wants: 'refused',
  },
  {
    what: 'twenty thousand documents in a file, each with problems of its own',
    seed: 1,
    number: 167,
    file: '--- a\n'.repeat(20_000),
    wants: 'refused',
  },
  {
    what: 'fifty thousand tags before nothing, with an error each',
    seed: 1,
    number: 48,
    file: '!x '.repeat(50_000),
    wants: 'refused',
  },
  {
    what: 'eighty thousand lists with anchors in one line, which took 150 MiB',
    seed: 1,
    number: 76,
    file: '- &a '.repeat(50_000),
    wants: 'refused',
  },
  {
    what: 'sixty thousand directives, each looked for behind the ones before it',
    seed: 1,
    number: 183,
    file: '%a\n'.repeat(60_000),
    wants: 'refused',
  },
  {
    what: 'fifty thousand brackets in each other, read to the end to find that they are too many',
    seed: 1,
    number: 6,
    file: '['.repeat(50_000) + ']'.repeat(50_000),
    wants: 'refused',
  },
  {
    what: 'five thousand keys that the slower parser compared with each other',
    seed: 1,
    number: 132,
    file: `a: {${Array.from({ length: 4_999 }, (_, index) => `k${index}: 1,`).join('')}}\n`,
    wants: 'refused',
  },
  {
    what: 'a mapping with another in it that goes on in the next line, further left, which one parser reads and the other cuts off',
    seed: 4711,
    number: 23_327,
    file: training('letters', '  env: { A: {},\nB: "b" }\n'),
    wants: 'refused',
  },
]
