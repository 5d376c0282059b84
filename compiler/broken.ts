import type { SpecSource } from '../domain/plan.ts'
import type { Problem } from '../domain/problem.ts'
import { withParts } from './load/document.ts'
import type { Catalogue } from './resolve/catalogue.ts'
import { doubting } from './resolve/doubt.ts'
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
    const { locate, locateKey, certain } = doubting(spec.document, invented)
    const document = withParts(spec.document, { locate, locateKey })
    const problems: Problem[] = []
    if (spec.kind === 'TrainingJob') {
      const { project } = spec.value.metadata
      resolveTraining({ ...spec, document }, source, { catalogue, project, at: document, problems })
    } else resolveServing({ ...spec, document }, source, chartVersion, { catalogue, problems })
    return certain(problems)
  })
}
