import type { Explained, ExplainedOrigin, ExplainedValue } from '../../compiler/explain/explained.ts'
import type { Json } from '../../domain/canonical.ts'
import { keyText } from '../../domain/names.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

const valueLengthMax = 60
const originsShown = 3

/** Every value of a plan with its place. */
export function explainedValues(explained: Explained): string {
  const rows = explained.values
    .filter(({ path }) => !isOwnName(path))
    .map(({ path, value, origin }) => [shownPath(path), shortValue(value), originText(origin)])
  return `${head(explained)}\n\n${table(['VALUE', 'IS', 'FROM'], rows)}`
}

/** The name under which an element of a list stands says nothing that its path does not. */
export function isOwnName(path: string): boolean {
  return /^(?:variables|volumes)\..+\.name$/.test(path)
}

function shownPath(path: string): string {
  return printable(path.replace(/^(variables\..+)\.value$/, '$1'))
}

/** One value, with all that is known of it and the lines that change with it. */
export function explainedValue(explained: Explained): string {
  const [one] = explained.values
  if (!one) return ''
  const { origin } = one
  const lines = explained.files.flatMap((file) =>
    file.lines.map((line) => `    ${printable(file.path)}: ${printable(line.text.trim())}`),
  )
  return [
    `${head(explained)}\n`,
    `${shownPath(one.path)} = ${printable(JSON.stringify(one.value))}`,
    `  from ${originText(origin)}`,
    ...(origin.overrides
      ? [`  in place of ${printable(JSON.stringify(origin.overrides.value))} at ${placeText(origin.overrides.where)}`]
      : []),
    ...(origin.from === 'default' && origin.written !== null ? [`  to have another, write ${origin.written}`] : []),
    ...(lines.length === 0 ? [] : ['  rendered as', ...lines]),
    '',
  ].join('\n')
}

/** Every line that is rendered, with the values that it changes with. */
export function explainedFiles(explained: Explained, isSelection: boolean): string {
  const parts = explained.files.map((file) => {
    const width = Math.min(80, Math.max(0, ...file.lines.map(({ text }) => text.length)))
    const lines = file.lines.map(({ text, values }) =>
      `${printable(text).padEnd(width)}  # ${lineText(values)}`.trimEnd(),
    )
    return [`# ${printable(file.path)}`, ...lines].join('\n')
  })
  if (explained.waits !== null) parts.push(`nothing is rendered: ${explained.waits}`)
  else if (parts.length === 0 && isSelection) parts.push('no line that is rendered changes with it')
  return `${head(explained)}\n\n${parts.join('\n\n')}\n`
}

/** Where a value comes from, in one line. */
export function originText({ from, where, note, overrides, written }: ExplainedOrigin): string {
  const place = where === null ? '' : `${placeText(where)} `
  switch (from) {
    case 'spec':
      return `${place}spec`
    case 'overlay':
      return `${place}overlay${overrides === null ? '' : `, over ${placeText(overrides.where)}`}`
    case 'environment':
      return `${place}environment`
    case 'dataset':
    case 'prompt-template':
      return `${place}${note}`
    case 'default':
      return `${place}${note === '' ? 'default' : `default: ${note}`}${where === null && written !== null ? ` (${written})` : ''}`
    case 'made':
      return `made of ${note}`
    case 'ledger':
      return `${place}ledger: ${note}`
    case 'patch':
      return `${place}patch`
    case 'template':
      return `${place}template`
    case 'settings':
      return `${place}settings`
  }
}

function head({ kind, key, where, waits }: Explained): string {
  const rest = waits === null ? '' : `\n${waits}`
  return `${kind} ${keyText(key)}  ${placeText(where)}${rest}`
}

function lineText(values: readonly ExplainedValue[]): string {
  if (values.length === 0) return 'template'
  const shown = values.slice(0, originsShown).map(({ path, origin }) => `${shownPath(path)}: ${originText(origin)}`)
  const more = values.length - shown.length
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

function placeText({ file, line, column }: { file: string; line: number; column: number }): string {
  return printable(`${file}:${line}:${column}`)
}

function shortValue(value: Json): string {
  const text = printable(JSON.stringify(value))
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax - 1)}…`
}
