import type { Json } from '../../domain/canonical.ts'
import { valueAt } from '../load/walk.ts'
import type { Shaped } from '../shape/apply.ts'
import type { Step } from '../shape/patch.ts'
import type { Shape } from '../shape/shapes.ts'
import type { ExplainedFile, ExplainedValue } from './explained.ts'
import { namedOf, pointerOf } from './leaves.ts'

/*
 * Who made a line of a manifest that a template or patches shape. Values are found by experiment (lines.ts); a line without one, such as a key
 * with a mapping below it, is made by the first step after which it is there.
 */

/** A file whose lines name, behind the values that they change with, the line of the template or the part of a patch that made them. */
export function withShaping(file: ExplainedFile, shaped: Shaped, shape: Shape): ExplainedFile {
  const lines = file.lines.map(({ text, values }, index) => {
    const place = shaped.places?.[index]
    const maker =
      place === undefined
        ? fromTemplate(shaped.lines?.[index] ?? null, shape)
        : // The note above a file and what parts two objects are nobody's.
          place.pointer === ''
          ? undefined
          : makerOf(place, shaped, shape)
    if (maker === undefined) return { text, values }
    if (maker.origin.from === 'template') return { text, values: [...values, maker] }
    // That a patch is for this kind says nothing more where the part of it is known.
    const known = values.filter(({ path }) => path !== `${maker.path}.kind`)
    const isNamed = known.some(({ path }) => path.startsWith(`${maker.path}.`))
    return { text, values: isNamed ? known : [...known, maker] }
  })
  return { ...file, lines }
}

function makerOf(
  { object, pointer }: { readonly object: number; readonly pointer: string },
  shaped: Shaped,
  shape: Shape,
): ExplainedValue | undefined {
  const { steps } = shaped
  const last = steps.at(-1)?.objects[object]
  if (last === undefined) return undefined
  const named = namedOf(last, pointer)
  const pointerIn = ({ objects }: Step): string => pointerOf(objects[object] ?? null, named)
  let first = steps.length - 1
  for (let index = first; index >= 0; index -= 1) {
    const step = steps[index] as Step
    if (valueAt(step.objects[object], pointerIn(step)) === undefined) break
    first = index
  }
  const step = steps[first] as Step
  const { cause } = step
  if (cause.is === 'template') return fromTemplate(shaped.templateLine(object, pointerIn(step)), shape)
  if (cause.is === 'plan') return undefined
  const where = shape.locate(cause, { pointer: pointerIn(step), object: step.objects[object], key: true }) ?? null
  return valueOf(
    'patch',
    `shaping.patches.${cause.patch}`,
    shape.shaping.patches[cause.patch] as unknown as Json,
    where,
  )
}

function fromTemplate(line: number | null, { shaping: { template }, locate }: Shape): ExplainedValue | undefined {
  if (line === null || template === null) return undefined
  const where = locate({ is: 'template', line, column: null }, { pointer: '' }) ?? null
  return valueOf('template', 'shaping.template', template.path, where)
}

function valueOf(
  from: 'patch' | 'template',
  path: string,
  value: Json,
  where: ExplainedValue['origin']['where'],
): ExplainedValue {
  return { path, value, origin: { from, where, note: '', overrides: null, written: null } }
}
