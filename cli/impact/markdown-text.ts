import { printable } from '../terminal/printable.ts'

/*
 * Words of specs inside Markdown: nobody is mentioned, nothing is linked, no table or tag is broken, whatever they are.
 * @see https://github.github.com/gfm/
 */

/** Text in the flow of a line or a cell. */
export function plain(text: string, lengthMax = 2_000): string {
  const line = cut(oneLine(text), lengthMax)
  return line
    .replace(/[&<>]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one] ?? one)
    .replace(/[\\`*_[\]|~#]/g, (one) => `\\${one}`)
    .replaceAll('@', '&#64;')
    .replaceAll('://', '&#58;//')
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
  return `${fence}${edge}${line.replaceAll('|', '\\|')}${edge}${fence}`
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
