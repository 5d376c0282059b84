import type Handlebars from 'handlebars'
import runtime from 'handlebars/runtime.js'
import { type Scalar, scalarText } from './scalar.ts'
import { templates } from './templates.built.js'

/** A view of a template: what its names stand for. */
export interface View {
  readonly [name: string]: Scalar | View | readonly (Scalar | View)[]
}

// The package types its run time as an empty module; it is the same object without the parser.
const engine = (runtime as unknown as typeof Handlebars).create()
engine.registerHelper('scalar', (value: unknown) => {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return new engine.SafeString(scalarText(value))
  }
  throw new TypeError('a template asked for a scalar where the view has none')
})
const compiled = new Map<string, (view: View) => string>()

/**
 * Fills a template of `templates/`. A name that the view lacks, or that is no scalar, throws: that is a mistake of ours, never of a spec.
 */
export function renderTemplate(name: keyof typeof templates, view: View): string {
  let template: ((view: View) => string) | undefined = compiled.get(name)
  if (!template) {
    template = engine.template<View>(templates[name])
    compiled.set(name, template)
  }
  return template(view)
}
