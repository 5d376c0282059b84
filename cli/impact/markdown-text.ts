import { printable } from '../terminal/printable.ts'

/*
 * Words of specs inside Markdown: nobody is mentioned, nothing is linked, no table or tag is broken, whatever they are.
 *
 * Forges look for names, issues and formulas in what Markdown has made of a text. There a backslash or an entity is a plain character again, so
 * those are kept from being found by something between their characters that nobody sees.
 * @see https://github.github.com/gfm/
 * @see https://github.com/github/markup/issues/1168 (a name is mentioned in spite of a backslash)
 * @see https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions (a dollar)
 */

/** A space of no width. */
const apart = '\u200b'

/** What means something to Markdown or to a forge; else a single character. */
const tokens = /:\/\/|www\.|GH-(?=\d)|[^]/giu

/** Text in the flow of a line or a cell. @param lengthMax of what is written: what has to be escaped takes more than its own length */
export function plain(text: string, lengthMax = 2_000): string {
  const found =
    oneLine(text)
      .slice(0, lengthMax + 1)
      .match(tokens) ?? []
  const escaped = found.map(escapedToken)
  let length = escaped.reduce((sum, one) => sum + one.length, 0)
  if (length <= lengthMax) return escaped.join('')
  while (length > lengthMax - 1) length -= escaped.pop()?.length ?? length
  return `${escaped.join('')}…`
}

function escapedToken(token: string): string {
  if (token === '&') return '&amp;'
  if (token === '<') return '&lt;'
  if (token === '>') return '&gt;'
  if (token === '$') return '<span>$</span>'
  if (token === '@') return `@${apart}`
  if (token === '#') return `\\#${apart}`
  if (token === '://') return `:${apart}//`
  if (/^\w+[.-]$/.test(token)) return `${token.slice(0, -1)}${apart}${token.slice(-1)}`
  return /[\\`*_[\]|~]/.test(token) ? `\\${token}` : token
}

export function bold(text: string): string {
  return `**${plain(text)}**`
}

/** A code span; in a table's cell too, where a bar ends even that. */
export function code(text: string, lengthMax = 2_000): string {
  const line = cut(oneLine(text), lengthMax)
  const runs = (line.match(/`+/g) ?? []).map((run) => run.length)
  const fence = '`'.repeat(Math.max(0, ...runs) + 1)
  const edge = runs.length > 0 ? ' ' : ''
  // Where a table is divided, a backslash before a bar's own would be what that one escapes.
  const whole = line.replaceAll(/(\\*)\|/g, '$1$1\\|')
  return `${fence}${edge}${whole}${edge}${fence}`
}

/** A block of code that holds these lines, whatever stands in them. */
export function fenced(language: string, lines: readonly string[]): string {
  const runs = lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(Math.max(2, ...runs) + 1)
  return [`${fence}${language}`, ...lines, fence].join('\n')
}

function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim())
}

/** Cut at its end, never inside a character. */
function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  return `${text.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
