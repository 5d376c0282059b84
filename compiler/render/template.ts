import { type Scalar, scalarText } from './scalar.ts'
import { templates } from './templates.built.js'

/** A view of a template: what its names stand for. */
export interface View {
  readonly [name: string]: Scalar | View | readonly (Scalar | View)[]
}

type Value = View[string]

/** What the code made of a template asks of its view; a view that is not as the template expects is a mistake of ours, never of a spec. */
export interface Asked {
  /** @throws TypeError for a name that the view lacks */
  own(view: Value, name: string): Value
  /** @throws TypeError for what is no list */
  items(value: Value): readonly Value[]
  holds(value: Value): boolean
  /** The only way of a value into the text. @throws TypeError for what is no scalar */
  scalar(value: Value): string
}

export const asked: Asked = {
  own: (view, name) => {
    // Names that every object has are refused when the code is made.
    const value = typeof view === 'object' && view !== null ? (view as View)[name] : undefined
    if (value === undefined) throw new TypeError(`a template asked for "${name}", which its view lacks`)
    return value
  },
  items: (value) => {
    if (!Array.isArray(value)) throw new TypeError('a template asked for a list where the view has none')
    return value as readonly Value[]
  },
  holds: (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value)),
  scalar: (value) => {
    if (typeof value !== 'object' || value === null) return scalarText(value)
    throw new TypeError('a template asked for a scalar where the view has none')
  },
}

/**
 * Fills a template of `templates/`. A name that the view lacks, or that is no scalar, throws: that is a mistake of ours, never of a spec.
 */
export function renderTemplate(name: keyof typeof templates, view: View): string {
  return templates[name](view, asked)
}
