import { inOnePiece } from '../../../domain/canonical.ts'
import { remembered } from '../../../domain/remembered.ts'
import { type Scalar, scalarText } from '../scalar.ts'

/** What a block of YAML is written of. What is undefined is left out. */
export type Block = Scalar | readonly Block[] | { readonly [key: string]: Block | undefined }

/** A key that no YAML parser takes for anything else. */
const plainKey = /^[A-Za-z]+$/

/**
 * Writes a mapping as block YAML: keys in the order that they have, text always double-quoted, what is empty in flow style.
 * @param opening stands before it as it is
 * @param foreign keys whose mappings have keys that are not ours: those are quoted, whatever they look like
 */
export function blockText(opening: string, block: Mapping, foreign: ReadonlySet<string>): string {
  return inOnePiece(opening + mappingText(block, '', false, foreign))
}

type Mapping = { readonly [key: string]: Block | undefined }

/** @param firstIndent of its first line, where that is another one than of the rest: behind the dash of a list */
function mappingText(
  mapping: Mapping,
  indent: string,
  isForeign: boolean,
  foreign: ReadonlySet<string>,
  firstIndent = indent,
): string {
  let text = ''
  let before = firstIndent
  for (const key in mapping) {
    const value = mapping[key]
    if (value === undefined) continue
    text += before + (isForeign ? `${scalarText(key)}:` : keyText(key))
    before = indent
    const flow = flowText(value)
    if (flow !== undefined) text += ` ${flow}\n`
    else if (isList(value)) {
      text += '\n'
      for (const item of value) text += itemText(item, `${indent}  `, foreign)
    } else text += '\n' + mappingText(value as Mapping, `${indent}  `, foreign.has(key), foreign)
  }
  return text
}

/** An item of a list: the first key of a mapping stands behind the dash. */
function itemText(item: Block, indent: string, foreign: ReadonlySet<string>): string {
  const flow = flowText(item)
  if (flow !== undefined) return `${indent}- ${flow}\n`
  if (isList(item)) throw new TypeError('a list in a list has no form here')
  return mappingText(item as Mapping, `${indent}  `, false, foreign, `${indent}- `)
}

/** A key with its colon. Most are those of the chart, again and again. */
const keyText = remembered((key) => `${plainKey.test(key) ? key : scalarText(key)}:`)

/** What stands on the line of its key: scalars, and what is empty. */
function flowText(value: Block): string | undefined {
  if (typeof value !== 'object' || value === null) return scalarText(value)
  if (isList(value)) return value.length === 0 ? '[]' : undefined
  for (const key in value) if (value[key] !== undefined) return undefined
  return '{}'
}

function isList(value: Block): value is readonly Block[] {
  return Array.isArray(value)
}
