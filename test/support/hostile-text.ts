import fc from 'fast-check'

/** Texts that break YAML, shells or templates where they are not escaped. */
const hostile = [
  ...['a\nadmin: true', '"', "'", '# no', '- x', '{a: b}', '&a', '*a', '!!js/function', '%YAML', '---', '...'],
  ...['{{x}}', '{{{x}}}', '$(A)', '\\', '\r\n', '\t', ' a', 'a ', 'a: b', ': ', '<<', '=', ''],
  ...['\u2028', '\u0085', '\ufeff', '\ud800', '\u007f', '\u0000'],
  ...['no', 'true', '012', '0x10', '1e3', '1.10', '~', 'null', '2001-12-14'],
] as const

/** Any text, with those that break something more often than chance would have it. */
export const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 30 }),
  fc.constantFrom(...hostile),
)
