import type { SourceFile } from '../../domain/publication.ts'
import { loadDocuments } from '../load/document.ts'
import { validateDocument } from '../validate/validate.ts'

/** How many GPUs of each type each Environment says it has; by environment and type. */
export type Offers = ReadonlyMap<string, ReadonlyMap<string, number>>

/** Reads the Environments among specs. What does not fit its schema offers nothing. */
export function offersOf(sources: readonly SourceFile[]): Offers {
  const decoder = new TextDecoder()
  const offers = new Map<string, ReadonlyMap<string, number>>()
  for (const source of sources) {
    if (!decoder.decode(source.bytes).includes('Environment')) continue
    for (const document of loadDocuments(source).documents) {
      const { spec } = validateDocument(document)
      if (spec?.kind !== 'Environment') continue
      const counts = Object.entries(spec.value.spec.gpuTypes ?? {}).flatMap(([type, { count }]) =>
        count === undefined ? [] : [[type, count] as const],
      )
      offers.set(spec.value.metadata.name, new Map(counts))
    }
  }
  return offers
}
