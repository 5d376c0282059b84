import type { SourceFile } from '../../domain/publication.ts'
import type { CompileInput, FoundSecret } from '../compile-types.ts'
import { loadDocuments } from '../load/document.ts'
import { namedSecrets } from './named.ts'

/** Shortest text that is looked for elsewhere: a shorter one stands in many words. */
const textMin = 6

/** The texts of all secrets of some specs, and of what is set for them. */
export function secretTexts(input: Pick<CompileInput, 'sources' | 'settings' | 'secrets'>): readonly string[] {
  const named = input.sources.flatMap((file) => loadDocuments(file).documents.flatMap(namedSecrets))
  return textsOf([...(input.secrets ?? []), ...named], readFiles(input))
}

/** Every file that a compilation reads: the specs, and specyard.yaml, whose patches are published with them. */
export function readFiles({ sources, settings }: Pick<CompileInput, 'sources' | 'settings'>): readonly SourceFile[] {
  return settings ? [...sources, settings] : sources
}

/** The texts at some places, for whoever must not print them. */
export function textsOf(secrets: readonly FoundSecret[], sources: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(sources.map((file) => [file.path, file]))
  const texts = secrets.flatMap(({ where: { file, line, column, end } }) => {
    const source = byPath.get(file)
    if (!source) return []
    const lines = new TextDecoder().decode(source.bytes).split('\n')
    const last = end?.line ?? line
    return lines.slice(line - 1, last).map((text, index) => {
      const until = index === last - line ? (end?.column ?? text.length + 1) - 1 : text.length
      return text
        .slice(index === 0 ? column - 1 : 0, until)
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2')
    })
  })
  return [...new Set(texts)].filter((text) => text.length >= textMin).sort((left, right) => right.length - left.length)
}

/** Takes texts out of whatever is to be printed. */
export function hider(texts: readonly string[]): (text: string) => string {
  return (text) => texts.reduce((left, secret) => left.replaceAll(secret, '***'), text)
}
