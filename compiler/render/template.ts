import { inOnePiece } from '../../domain/canonical.ts'
import { type Scalar, scalarText, wordLength } from './scalar.ts'
import { templates, values } from './templates.built.js'

/** A view of a template: what its names stand for. */
export interface View {
  readonly [name: string]: Scalar | View | readonly (Scalar | View)[]
}

type Value = View[string] | undefined

/** What the code made of a template asks of its view; a view that is not as the template expects is a mistake of ours, never of a spec. */
export interface Asked {
  /** For each value of a template the lines that it has made. */
  readonly lines: readonly Lines[]
  /** @throws TypeError for what is no list, or for what the view lacks */
  items(value: Value, name: string): readonly Value[]
  /** @throws TypeError for what the view lacks */
  holds(value: Value, name: string): boolean
  /**
   * The only way of a value into the text, with what stands before and after it.
   * @param lines of this place in the template
   * @throws TypeError for what is no scalar, or for what the view lacks
   */
  written(lines: Lines, before: string, value: Value, name: string, after: string): string
}

/** By the value. */
type Lines = Map<Value, string>

/** A place where that many values came is one where they do not come again. */
const linesMost = 1000

export const asked: Asked = {
  lines: Array.from({ length: values }, () => new Map()),
  items: (value, name) => {
    if (Array.isArray(value)) return value as readonly Value[]
    throw mistaken('a list', value, name)
  },
  holds: (value, name) => {
    if (value === undefined) throw mistaken('a value', value, name)
    return Array.isArray(value) ? value.length > 0 : Boolean(value)
  },
  written: (lines, before, value, name, after) => {
    if (typeof value === 'string' && value.length > wordLength) return before + scalarText(value) + after
    const known = lines.get(value)
    if (known !== undefined) return known
    if (value === undefined || (typeof value === 'object' && value !== null)) throw mistaken('a scalar', value, name)
    const line = inOnePiece(before + scalarText(value) + after)
    if (lines.size < linesMost) lines.set(value, line)
    return line
  },
}

function mistaken(what: string, value: Value, name: string): TypeError {
  if (value === undefined) return new TypeError(`a template asked for "${name}", which its view lacks`)
  return new TypeError(`a template asked for ${what} where the view has none`)
}

/**
 * Fills a template of `templates/`. A name that the view lacks, or that is no scalar, throws: that is a mistake of ours, never of a spec.
 */
export function renderTemplate(name: keyof typeof templates, view: View): string {
  return inOnePiece(templates[name](view, asked))
}
