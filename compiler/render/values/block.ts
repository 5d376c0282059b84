import { inOnePiece } from '../../../domain/canonical.ts'
import { type Scalar, scalarText } from '../scalar.ts'

/** What a block of YAML is written of. What is undefined is left out. */
export type Block = Scalar | readonly Block[] | { readonly [key: string]: Block | undefined }

/** A key that no YAML parser takes for anything else. */
const plainKey = /^[A-Za-z]+$/

/**
 * Writes a mapping as block YAML: keys in the order that they have, text always double-quoted, what is empty in flow style.
 * @param foreign keys whose mappings have keys that are not ours: those are quoted, whatever they look like
 */
export function blockText(block: Mapping, foreign: ReadonlySet<string>): string {
  const to = { text: '', foreign }
  writeMapping(block, '', false, to)
  return inOnePiece(to.text)
}

type Mapping = { readonly [key: string]: Block | undefined }

interface Writing {
  text: string
  readonly foreign: ReadonlySet<string>
}

/** @param firstIndent of its first line, where that is another one than of the rest: behind the dash of a list */
function writeMapping(mapping: Mapping, indent: string, quoted: boolean, to: Writing, firstIndent = indent): void {
  let before = firstIndent
  for (const key of Object.keys(mapping)) {
    const value = mapping[key]
    if (value === undefined) continue
    to.text += before + (!quoted && isPlainKey(key) ? key : scalarText(key))
    before = indent
    const flow = flowText(value)
    if (flow !== undefined) to.text += `: ${flow}\n`
    else if (isList(value)) {
      to.text += ':\n'
      for (const item of value) writeItem(item, `${indent}  `, to)
    } else {
      to.text += ':\n'
      writeMapping(value as Mapping, `${indent}  `, to.foreign.has(key), to)
    }
  }
}

/** An item of a list: the first key of a mapping stands behind the dash. */
function writeItem(item: Block, indent: string, to: Writing): void {
  const flow = flowText(item)
  if (flow !== undefined) {
    to.text += `${indent}- ${flow}\n`
    return
  }
  if (isList(item)) throw new TypeError('a list in a list has no form here')
  writeMapping(item as Mapping, `${indent}  `, false, to, `${indent}- `)
}

const plainKeys = new Set<string>()

/** Most keys are those of the chart, again and again. */
function isPlainKey(key: string): boolean {
  if (plainKeys.has(key)) return true
  if (!plainKey.test(key)) return false
  if (plainKeys.size < 1000) plainKeys.add(key)
  return true
}

/** What stands on the line of its key: scalars, and what is empty. */
function flowText(value: Block): string | undefined {
  if (typeof value !== 'object' || value === null) return scalarText(value)
  if (isList(value)) return value.length === 0 ? '[]' : undefined
  for (const key of Object.keys(value)) if (value[key] !== undefined) return undefined
  return '{}'
}

function isList(value: Block): value is readonly Block[] {
  return Array.isArray(value)
}
