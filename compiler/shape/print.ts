import type { Json } from '../../domain/canonical.ts'
import { escapePointer } from '../load/walk.ts'
import { type Scalar, scalarText } from '../render/scalar.ts'

/** A manifest as text, and what each of its lines is about. */
export interface Printed {
  readonly text: string
  /** For each line the JSON pointer of the value that it begins. */
  readonly pointers: readonly string[]
}

const plainKey = /^[A-Za-z][A-Za-z0-9_./-]*$/
/** What YAML 1.1 reads as something else than a text. */
const otherwiseRead = /^(?:y|yes|n|no|true|false|on|off|null)$/i
/** Texts that a block shows as they are. */
const blockText = /^[\x21-\x7e][\x20-\x7e]*(?:\n+[\x20-\x7e]+)*\n$/

/** Prints an object as YAML that every parser reads alike: texts are quoted, those of several lines stand in a block. */
export function printManifest(value: Json): Printed {
  const lines: string[] = []
  const pointers: string[] = []
  const put = (line: string, pointer: string): void => {
    lines.push(line)
    pointers.push(pointer)
  }
  const print = (node: Json, lead: string, indent: string, pointer: string): void => {
    if (typeof node === 'string' && blockText.test(node)) {
      put(`${lead}|`, pointer)
      for (const line of node.slice(0, -1).split('\n')) put(line === '' ? '' : `${indent}${line}`, pointer)
    } else if (typeof node !== 'object' || node === null) put(`${lead}${scalarText(node as Scalar)}`, pointer)
    else if (Array.isArray(node)) {
      if (node.length === 0) return put(`${lead}[]`, pointer)
      if (lead.trimEnd() !== '') put(lead.trimEnd(), pointer)
      node.forEach((one: Json, index) => printEntry(one, indent, `${pointer}/${index}`))
    } else {
      const entries = Object.entries(node)
      if (entries.length === 0) return put(`${lead}{}`, pointer)
      if (lead.trimEnd() !== '') put(lead.trimEnd(), pointer)
      for (const [key, one] of entries)
        print(one, `${indent}${keyText(key)}: `, `${indent}  `, `${pointer}/${escapePointer(key)}`)
    }
  }
  const printEntry = (one: Json, indent: string, pointer: string): void => {
    const isMapping = typeof one === 'object' && one !== null && Object.keys(one).length > 0
    if (!isMapping) return print(one, `${indent}- `, `${indent}  `, pointer)
    // The first line of an entry stands behind its hyphen.
    const first = lines.length
    print(one, '', `${indent}  `, pointer)
    lines[first] = `${indent}- ${(lines[first] ?? '').slice(indent.length + 2)}`
  }
  print(value, '', '', '')
  return { text: `${lines.join('\n')}\n`, pointers }
}

function keyText(key: string): string {
  return plainKey.test(key) && !otherwiseRead.test(key) ? key : scalarText(key)
}
