import type { SpecSource } from '../domain/plan.ts'
import type { Place, Problem } from '../domain/problem.ts'
import { type Document, withParts } from './load/document.ts'
import type { Catalogue } from './resolve/catalogue.ts'
import { resolveServing } from './resolve/serving.ts'
import { resolveTraining } from './resolve/training.ts'
import type { RepairedSpec } from './validate/validate.ts'

/**
 * Tells what the rest of specs that do not fit their schemas means, so that nobody has to mend one mistake to hear of the next. They are
 * resolved with what does not fit replaced; nothing is said that depends on a replacement, and no plan comes of it.
 */
export function problemsOfRest(
  specs: readonly RepairedSpec[],
  catalogue: Catalogue,
  source: Omit<SpecSource, 'path' | 'line'>,
  chartVersion: string,
): readonly Problem[] {
  return specs.flatMap(({ spec, invented }) => {
    const doubtful = new Set<Place>()
    const document = doubting(spec.document, invented, doubtful)
    const problems: Problem[] = []
    if (spec.kind === 'TrainingJob') {
      const { project } = spec.value.metadata
      resolveTraining({ ...spec, document }, source, { catalogue, project, at: document, problems })
    } else resolveServing({ ...spec, document }, source, chartVersion, { catalogue, problems })
    return problems.filter(
      ({ where, also = [] }) => ![where, ...also.map((one) => one.where)].some((one) => doubtful.has(one)),
    )
  })
}

/** A document that notes which of the places it gives are those of something that nobody wrote. */
function doubting(document: Document, invented: readonly string[], doubtful: Set<Place>): Document {
  const isInvented = (pointer: string): boolean =>
    invented.some((one) => one === pointer || one.startsWith(`${pointer}/`) || pointer.startsWith(`${one}/`))
  const noted = (pointer: string, place: Place): Place => {
    const own = { ...place }
    if (isInvented(pointer)) doubtful.add(own)
    return own
  }
  return withParts(document, {
    locate: (pointer) => noted(pointer, document.locate(pointer)),
    locateKey: (pointer) => noted(pointer, document.locateKey(pointer)),
  })
}
