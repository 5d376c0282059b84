import { type Scalar, scalarText } from '../scalar.ts'

/** What a block of YAML is written of. What is undefined is left out. */
export type Block = Scalar | readonly Block[] | { readonly [key: string]: Block | undefined }

/** A key that no YAML parser takes for anything else. */
const plainKey = /^[A-Za-z]+$/

/**
 * Writes a mapping as block YAML: keys in the order that they have, text always double-quoted, what is empty in flow style.
 * @param foreign keys whose mappings have keys that are not ours: those are quoted, whatever they look like
 */
export function blockText(block: { readonly [key: string]: Block | undefined }, foreign: ReadonlySet<string>): string {
  return mappingLines(block, '', false, foreign).join('')
}

function mappingLines(
  block: { readonly [key: string]: Block | undefined },
  indent: string,
  quoted: boolean,
  foreign: ReadonlySet<string>,
): string[] {
  return Object.entries(block).flatMap(([key, value]) => {
    if (value === undefined) return []
    const name = `${indent}${!quoted && plainKey.test(key) ? key : scalarText(key)}:`
    const flow = flowText(value)
    if (flow !== undefined) return [`${name} ${flow}\n`]
    if (isList(value)) return [`${name}\n`, ...value.map((item) => itemText(item, `${indent}  `, foreign))]
    return [`${name}\n`, ...mappingLines(value as Mapping, `${indent}  `, foreign.has(key), foreign)]
  })
}

type Mapping = { readonly [key: string]: Block | undefined }

/** An item of a list: the first key of a mapping stands behind the dash. */
function itemText(item: Block, indent: string, foreign: ReadonlySet<string>): string {
  const flow = flowText(item)
  if (flow !== undefined) return `${indent}- ${flow}\n`
  if (isList(item)) throw new TypeError('a list in a list has no form here')
  const lines = mappingLines(item as Mapping, `${indent}  `, false, foreign).join('')
  return `${indent}- ${lines.slice(indent.length + 2)}`
}

/** What stands on the line of its key: scalars, and what is empty. */
function flowText(value: Block): string | undefined {
  if (typeof value !== 'object' || value === null) return scalarText(value)
  if (isList(value)) return value.length === 0 ? '[]' : undefined
  return Object.values(value).every((one) => one === undefined) ? '{}' : undefined
}

function isList(value: Block): value is readonly Block[] {
  return Array.isArray(value)
}
