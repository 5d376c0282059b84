import { load, YAMLException } from 'js-yaml'
import type { Place, Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { problem } from '../problem.ts'
import { limits } from './limits.ts'
import { type Placed, parseWithPlaces, sameValue } from './places.ts'
import { scalars } from './scalars.ts'
import { contentLine, isPlain, readText, type Segment, splitDocuments } from './text.ts'
import { examine, type Finding } from './walk.ts'

/** One YAML document of a file, with the place of every node. */
export interface Document {
  readonly file: string
  /** Number of the document in its file, from 0. */
  readonly index: number
  readonly value: unknown
  /** Line on which its content begins. */
  readonly line: number
  /** Place of the value at a JSON pointer (RFC 6901), or of its nearest ancestor that exists. */
  locate(pointer: string): Place
  /** Place of the key at a JSON pointer. */
  locateKey(pointer: string): Place
  /** Whether the slower parser reads the same value; asked for documents that have problems anyway. */
  agrees(): boolean
}

export interface Loaded {
  readonly documents: readonly Document[]
  readonly problems: readonly Problem[]
}

/**
 * Reads the documents of a file: a fast parser for all, and a slower one with places only for those that are asked about, that fail, or
 * that are written in a way that parsers may take differently. Where the two read different values, the document is refused.
 */
export function loadDocuments(file: SourceFile): Loaded {
  const { text, problems } = readText(file)
  if (problems.length > 0) return { documents: [], problems }
  const loaded = splitDocuments(text).map((segment, index) => loadSegment(segment, file.path, index))
  return {
    documents: loaded.flatMap((one) => (one.document ? [one.document] : [])),
    problems: loaded.flatMap((one) => one.problems),
  }
}

/** Reads a file that holds one document, such as the settings of a spec repository. */
export function parseYaml(text: string, file: string): { value: unknown; problems: readonly Problem[] } {
  const { documents, problems } = loadDocuments({ path: file, bytes: new TextEncoder().encode(text) })
  return { value: documents[0]?.value, problems }
}

function loadSegment(
  segment: Segment,
  file: string,
  index: number,
): { document?: Document; problems: readonly Problem[] } {
  const line = contentLine(segment) ?? segment.linesBefore + 1
  let value: unknown
  try {
    value = load(segment.text, { schema: scalars, maxDepth: limits.depth } as Parameters<typeof load>[1])
  } catch (error) {
    return { problems: explainRefusal(segment, file, line, error) }
  }
  let placed: Placed | undefined
  const places = (): Placed => {
    placed ??= parseWithPlaces(segment, file)
    return placed
  }
  const agrees = (): boolean => places().problems.length === 0 && sameValue(places().value, value)
  const findings = examine(value)
  if (findings.length > 0) return { problems: explainFindings(findings, { file, line, column: 1 }, places) }
  if (!isPlain(segment.text) && !agrees()) {
    const refusals = places().problems
    return {
      problems: refusals.length > 0 ? refusals : [disagreement({ file, line, column: 1 }, 'each reads another value')],
    }
  }
  const locate = (pointer: string, of: 'key' | 'value'): Place => places().place(pointer, of)
  return {
    document: {
      file,
      index,
      value,
      line,
      locate: (pointer) => locate(pointer, 'value'),
      locateKey: (pointer) => locate(pointer, 'key'),
      agrees,
    },
    problems: [],
  }
}

/** What is dangerous about a value, at its places where it is small enough to look for them. */
function explainFindings(findings: readonly Finding[], whole: Place, places: () => Placed): readonly Problem[] {
  const bounded = findings.every((one) => one.code === 'YAML_UNSAFE_KEY' || one.code === 'YAML_NUMBER_TOO_LARGE')
  return findings.map((finding) =>
    problem(finding.code, bounded ? places().place(finding.pointer, 'key') : whole, finding.message, {
      hint: finding.hint,
    }),
  )
}

/** Every problem of a text that the fast parser refuses. */
function explainRefusal(segment: Segment, file: string, line: number, error: unknown): readonly Problem[] {
  if (!(error instanceof YAMLException)) throw error
  const mark = error.mark as { line: number; column: number } | undefined
  const where: Place = mark
    ? { file, line: segment.linesBefore + mark.line + 1, column: mark.column + 1 }
    : { file, line, column: 1 }
  const reason = error.reason || 'it is not YAML'
  const placed = parseWithPlaces(segment, file)
  if (placed.problems.length > 0) return placed.problems
  const findings = examine(placed.value)
  if (findings.length > 0) return explainFindings(findings, { file, line, column: 1 }, () => placed)
  if (placed.value === undefined) return [problem('YAML_SYNTAX', where, `the YAML cannot be read: ${reason}`)]
  return [disagreement(where, `one refuses it (${reason}), the other accepts it`)]
}

function disagreement(where: Place, how: string): Problem {
  return problem('YAML_PARSERS_DISAGREE', where, `two YAML parsers read this differently: ${how}`, {
    hint: 'write it in a plainer way: quote texts, avoid tags and explicit keys',
  })
}
