import type { Json } from '../../domain/canonical.ts'
import type { Shaping } from '../../domain/plan.ts'
import { type Document, loadDocuments, parseManifests } from '../load/document.ts'
import { type Cause, ShapingFailed } from './failed.ts'
import { applyPatch, type Step } from './patch.ts'
import { printManifest } from './print.ts'
import { type Filled, fillTemplate, type TemplateView } from './template.ts'

/** A manifest that was made otherwise than Specyard makes it, with every step on the way. */
export interface Shaped {
  readonly text: string
  /** The objects that Specyard's own template makes. */
  own(): readonly Json[]
  /** What the template of the environment or project makes, or else Specyard's own, then what each patch makes of it. */
  readonly steps: readonly Step[]
  /** Which line of the template caused what stands at a place of the object that it made; null without a template. */
  templateLine(object: number, pointer: string): number | null
  /** For each line of the text where it stands: the object and the pointer into it. Null for a text that is the template's own. */
  readonly places: readonly { readonly object: number; readonly pointer: string }[] | null
  /** The template's own lines where no patch comes after it. */
  readonly lines: readonly number[] | null
}

const note =
  '# One attempt of a training run, patched as its Environment or specyard.yaml says. Written once by Specyard and never changed.\n'

/**
 * Renders by the template of an environment or project, where it has one, and patches the result.
 * @param builtIn what Specyard's own template makes
 * @throws ShapingFailed where it makes no manifest of it
 */
export function shape(view: TemplateView, builtIn: string, { template, patches }: Shaping): Shaped {
  const filled = template === null ? null : fillTemplate(template.text, view)
  const documents = filled && template ? loaded(filled, template.path) : []
  const own = (): readonly Json[] => parseManifests(builtIn)
  const steps: Step[] = [
    filled
      ? { cause: { is: 'template', line: 1, column: null }, objects: documents.map(({ value }) => value as Json) }
      : { cause: { is: 'plan' }, objects: own() },
  ]
  for (const [index, patch] of patches.entries())
    steps.push(...applyPatch((steps.at(-1) as Step).objects, patch, index))
  const templateLine = (object: number, pointer: string): number | null => {
    const line = filled && documents[object]?.locateKey(pointer).line
    return line ? (filled.lines[line - 1] ?? null) : null
  }
  if (patches.length === 0)
    return { text: filled?.text ?? builtIn, own, steps, templateLine, places: null, lines: filled?.lines ?? null }
  return { ...printed((steps.at(-1) as Step).objects), own, steps, templateLine, lines: null }
}

function printed(objects: readonly Json[]): Pick<Shaped, 'text' | 'places'> {
  const all = objects.map(printManifest)
  const places = all.flatMap(({ pointers }, object) => [
    { object, pointer: '' },
    ...pointers.map((pointer) => ({ object, pointer })),
  ])
  return { text: note + all.map(({ text }) => text).join('---\n'), places }
}

function loaded(filled: Filled, path: string): readonly Document[] {
  const { documents, problems } = loadDocuments({ path, bytes: new TextEncoder().encode(filled.text) })
  const [first] = problems
  if (first) {
    const line = filled.lines[first.where.line - 1] ?? 1
    const message = `what the template makes is not YAML: ${first.message} (line ${first.where.line} of what it makes)`
    throw new ShapingFailed({ is: 'template', line, column: null }, 'TEMPLATE_OUTPUT', message, first.hint)
  }
  return documents
}

/** The cause of what stands at a place: for the template the line of it. */
export function causeAt(cause: Cause, shaped: Shaped, object: number, pointer: string): Cause {
  if (cause.is !== 'template') return cause
  return { ...cause, line: shaped.templateLine(object, pointer) ?? cause.line }
}
