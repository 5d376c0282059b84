import { inOnePiece } from '../../domain/canonical.ts'
import { type Scalar, scalarText } from './scalar.ts'
import { templates } from './templates.built.js'

/** A view of a template: what its names stand for. */
export interface View {
  readonly [name: string]: Scalar | View | readonly (Scalar | View)[]
}

type Value = View[string] | undefined

/** What the code made of a template asks of its view; a view that is not as the template expects is a mistake of ours, never of a spec. */
export interface Asked {
  /** @throws TypeError for what is no list, or for what the view lacks */
  items(value: Value, name: string): readonly Value[]
  /** @throws TypeError for what the view lacks */
  holds(value: Value, name: string): boolean
  /** The only way of a value into the text. @throws TypeError for what is no scalar, or for what the view lacks */
  scalar(value: Value, name: string): string
}

export const asked: Asked = {
  items: (value, name) => {
    if (Array.isArray(value)) return value as readonly Value[]
    throw mistaken('a list', value, name)
  },
  holds: (value, name) => {
    if (value === undefined) throw mistaken('a value', value, name)
    return Array.isArray(value) ? value.length > 0 : Boolean(value)
  },
  scalar: (value, name) => {
    if (value !== undefined && (typeof value !== 'object' || value === null)) return scalarText(value)
    throw mistaken('a scalar', value, name)
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
