import type { Place } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import type { CompileInput, FoundSecret } from '../compile-types.ts'
import { loadDocuments } from '../load/document.ts'
import { namedSecrets, namedValues, secretLengthMin } from './named.ts'
import { unescaped } from './unescaped.ts'

/** Shortest text that is looked for inside of words. */
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

/** The texts at some places, for whoever must not print them: as they are written, and as they read. The longest is first. */
export function textsOf(secrets: readonly FoundSecret[], sources: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(sources.map((file) => [file.path, file]))
  const written = secrets.flatMap(({ where }) => {
    const source = byPath.get(where.file)
    return source ? [writtenAt(where, source)] : []
  })
  const holders = new Set(secrets.map(({ where }) => where.file))
  const read = sources
    .filter(({ path }) => holders.has(path))
    .flatMap((file) => loadDocuments(file).documents.flatMap(namedValues))
  const whole = [...written, ...written.flatMap((text) => unescaped(text)?.text ?? []), ...read]
  const lines = whole.flatMap((text) => text.split('\n')).map(bare)
  const texts = [...read, ...lines].flatMap((text) => [
    text,
    text.replaceAll("''", "'"),
    JSON.stringify(text).slice(1, -1),
  ])
  return [...new Set(texts)]
    .filter((text) => text.length >= secretLengthMin)
    .sort((left, right) => right.length - left.length)
}

function writtenAt({ line, column, end }: Place, { bytes }: SourceFile): string {
  const last = end?.line ?? line
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .slice(line - 1, last)
  return lines
    .map((text, index) => {
      const until = index === last - line ? (end?.column ?? text.length + 1) - 1 : text.length
      return text.slice(index === 0 ? column - 1 : 0, until)
    })
    .join('\n')
}

/** Without the quotes around a text, or what is left of them in its first and last line. */
function bare(line: string): string {
  return line.trim().replace(/^["']|["']$/g, '')
}

/** Takes texts out of whatever is to be printed. A short one stands in many words, and is taken out where it is one of its own. */
export function hider(texts: readonly string[]): (text: string) => string {
  const short = texts.filter((text) => text.length < textMin).map(alone)
  const long = texts.filter((text) => text.length >= textMin)
  return (text) =>
    short.reduce(
      (left, secret) => left.replace(secret, '***'),
      long.reduce((left, secret) => left.replaceAll(secret, '***'), text),
    )
}

function alone(text: string): RegExp {
  return new RegExp(`(?<![A-Za-z0-9])${text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}(?![A-Za-z0-9])`, 'g')
}

/**
 * A text of a file without what stands at some places of it, for whoever shows its lines: each keeps its number.
 * @param text with all characters that columns count
 */
export function masked(text: string, places: readonly Place[]): string {
  if (places.length === 0) return text
  const lines = text.split('\n')
  const ranges = new Map<number, (readonly [begin: number, end: number])[]>()
  for (const { line, column, end } of places) {
    const last = end?.line ?? line
    for (let number = line; number <= last; number += 1) {
      const written = lines[number - 1] ?? ''
      const begin = number === line ? column - 1 : written.search(/\S|$/)
      const until = number === last && end ? end.column - 1 : written.trimEnd().length
      ranges.set(number, [...(ranges.get(number) ?? []), [begin, until]])
    }
  }
  return lines.map((line, index) => withoutRanges(line, ranges.get(index + 1) ?? [])).join('\n')
}

/** A text with stars in the place of some ranges, which may overlap. */
export function withoutRanges(text: string, ranges: readonly (readonly [begin: number, end: number])[]): string {
  let left = ''
  let at = 0
  for (const [begin, end] of [...ranges].sort(([one], [other]) => one - other)) {
    if (end <= Math.max(at, begin)) continue
    // One that begins inside the one before is hidden with it.
    if (begin >= at) left += `${text.slice(at, begin)}***`
    at = end
  }
  return left + text.slice(at)
}
