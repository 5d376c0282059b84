import { load, loadAll, YAMLException } from 'js-yaml'
import type { Json } from '../../domain/canonical.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { problem, shortened } from '../problem.ts'
import { mayHaveOddKeys } from './keys.ts'
import { leadingZeros, mayHaveLeadingZeros } from './leading-zeros.ts'
import { limits } from './limits.ts'
import { readPlain } from './plain.ts'
import { firstDifference, type Placed, parseWithPlaces, sameValue } from './places.ts'
import { scalars } from './scalars.ts'
import { isPlain, readText, type Segment, splitDocuments } from './text.ts'
import { examine, type Finding, withoutUnsafeKeys } from './walk.ts'

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
  /** The text of the scalar at a JSON pointer, as it is written: `1.10` where the value is 1.1. */
  written(pointer: string): string | undefined
  /** Whether the slower parser reads the same value; asked for documents that have problems anyway. */
  agrees(): boolean
  /** Places that a problem of reading it already speaks of; whoever checks its value need not speak of them again. */
  readonly told: readonly Place[]
}

export interface Loaded {
  /** Those that have a value, be it one with problems. */
  readonly documents: readonly Document[]
  readonly problems: readonly Problem[]
  /** What is left of documents that could not be read: good for finding out which name they had. */
  readonly remains: readonly unknown[]
}

interface LoadedSegment {
  readonly document?: Document
  readonly problems: readonly Problem[]
  readonly remains?: unknown
}

/**
 * Reads the documents of a file: a fast parser for all, and a slower one with places only for those that are asked about, that fail, or
 * that are written in a way that parsers may take differently. Where the two read different values, the document is refused.
 */
export function loadDocuments(file: SourceFile): Loaded {
  const { text, isOrdinary, problems } = readText(file)
  if (problems.length > 0) return { documents: [], problems, remains: [] }
  const segments = splitDocuments(text, isOrdinary)
  const [only, another] = segments
  if (only && !another) return loadedOf(loadSegment(only, file.path, 0))
  if (segments.length > limits.documents) {
    const where = { file: file.path, line: (segments[limits.documents]?.linesBefore ?? 0) + 1, column: 1 }
    const message = `the file has more than ${limits.documents} documents`
    const hint = 'split it into several files'
    return { documents: [], problems: [problem('YAML_TOO_MANY_NODES', where, message, { hint })], remains: [] }
  }
  const loaded: { documents: Document[]; problems: Problem[]; remains: unknown[] } = {
    documents: [],
    problems: [],
    remains: [],
  }
  segments.forEach((segment, index) => {
    const one = loadSegment(segment, file.path, index)
    if (one.document) loaded.documents.push(one.document)
    loaded.problems.push(...one.problems)
    if (one.remains !== undefined) loaded.remains.push(one.remains)
  })
  return loaded
}

const none: readonly never[] = []

/** Of a file with one document, as most are. */
function loadedOf({ document, problems, remains }: LoadedSegment): Loaded {
  return {
    documents: document ? [document] : none,
    problems,
    remains: remains === undefined ? none : [remains],
  }
}

/** Reads a file that holds one document, such as the settings of a spec repository. */
export function parseYaml(text: string, file: string): { value: unknown; problems: readonly Problem[] } {
  const { documents, problems } = loadDocuments({ path: file, bytes: new TextEncoder().encode(text) })
  return { value: documents[0]?.value, problems }
}

/** Reads what a template of ours makes, which is written so that every parser reads it alike. */
export function parseManifests(text: string): readonly Json[] {
  return loadAll(text, undefined, { schema: scalars() }) as readonly Json[]
}

function loadSegment(segment: Segment, file: string, index: number): LoadedSegment {
  const plain = readPlain(segment.text, segment.isOrdinary)
  if (plain !== undefined) return { document: new PlainDocument(segment, file, index, plain), problems: none }
  return tellLeadingZeros(loadOther(segment, file, index), segment, file)
}

/** Numbers that other programs take for octal: each at its place, and nothing else of them. */
function tellLeadingZeros(loaded: LoadedSegment, segment: Segment, file: string): LoadedSegment {
  if (!loaded.document || !mayHaveLeadingZeros(segment.text)) return loaded
  const problems = leadingZeros(parseWithPlaces(segment, file))
  const told = [...loaded.document.told, ...problems.map(({ where }) => where)]
  return { document: withParts(loaded.document, { told }), problems: [...loaded.problems, ...problems] }
}

function loadOther(segment: Segment, file: string, index: number): LoadedSegment {
  const whole: Place = { file, line: segment.line, column: 1 }
  let value: unknown
  try {
    // A little more than is allowed, so that it is told as too deep, and not as something that one parser refuses.
    value = load(segment.text, { schema: scalars(), maxDepth: limits.depth + 2 } as Parameters<typeof load>[1])
  } catch (error) {
    return explainRefusal(segment, whole, index, error)
  }
  const { places, agrees } = placesOfSegment(segment, file, value)
  const findings = examine(value)
  const document = documentOf(whole, index, value, { places, agrees })
  if (!isBounded(findings)) return explainFindings(findings, document, places)
  if ((mayHaveOddKeys(value) || !isPlain(segment.text)) && !agrees())
    return loadSlowly(places(), whole, index, () => {
      const where = places().place(firstDifference(value, places().value), 'value')
      return disagreement(where, 'each reads another value')
    })
  return findings.length > 0 ? explainFindings(findings, document, places) : { document, problems: [] }
}

/** The slower parse of a segment, for those who ask, and whether it reads the same value. */
function placesOfSegment(segment: Segment, file: string, value: unknown): Slower {
  let placed: Placed | undefined
  const places = (): Placed => (placed ??= parseWithPlaces(segment, file))
  return { places, agrees: () => agrees(places(), value) }
}

function agrees(placed: Placed, value: unknown): boolean {
  return placed.problems.length === 0 && sameValue(placed.value, value)
}

interface Slower {
  places(): Placed
  agrees(): boolean
}

function documentOf(whole: Place, index: number, value: unknown, slower: Slower): Document {
  const { file, line } = whole
  return {
    file,
    index,
    value,
    line,
    locate: (pointer) => slower.places().place(pointer, 'value'),
    locateKey: (pointer) => slower.places().place(pointer, 'key'),
    written: (pointer) => slower.places().written(pointer),
    agrees: slower.agrees,
    told: [],
  }
}

/** A document of which hardly anybody asks for places: it is read again when somebody does. */
class PlainDocument implements Document {
  readonly file: string
  readonly index: number
  readonly line: number
  readonly value: unknown
  private readonly segment: Segment
  private placed: Placed | undefined

  constructor(segment: Segment, file: string, index: number, value: unknown) {
    this.file = file
    this.index = index
    this.line = segment.line
    this.value = value
    this.segment = segment
  }

  get told(): readonly Place[] {
    return []
  }

  locate(pointer: string): Place {
    return this.places().place(pointer, 'value')
  }

  locateKey(pointer: string): Place {
    return this.places().place(pointer, 'key')
  }

  written(pointer: string): string | undefined {
    return this.places().written(pointer)
  }

  agrees(): boolean {
    return agrees(this.places(), this.value)
  }

  private places(): Placed {
    return (this.placed ??= parseWithPlaces(this.segment, this.file))
  }
}

/** The same document, but for some of its parts. */
export function withParts(document: Document, parts: Partial<Document>): Document {
  const { file, index, value, line, told } = document
  return {
    file,
    index,
    value,
    line,
    told,
    locate: (pointer) => document.locate(pointer),
    locateKey: (pointer) => document.locateKey(pointer),
    written: (pointer) => document.written(pointer),
    agrees: () => document.agrees(),
    ...parts,
  }
}

/** Whether a value that something is dangerous about is small enough to be looked at. */
function isBounded(findings: readonly Finding[]): boolean {
  return findings.every((one) => one.code === 'YAML_UNSAFE_KEY' || one.code === 'YAML_NUMBER_TOO_LARGE')
}

/** What is dangerous about a value, at its places where it is small enough to look for them. */
function explainFindings(findings: readonly Finding[], document: Document, places: () => Placed): LoadedSegment {
  const { file, line, value } = document
  const whole: Place = { file, line, column: 1 }
  if (!isBounded(findings)) {
    // Not by the slower parser: what is too much for us is too much for it.
    return {
      problems: findings.map((one) => problem(one.code, whole, one.message, { hint: one.hint })),
      remains: value,
    }
  }
  const problems = findings.map((finding) => {
    const of = finding.code === 'YAML_UNSAFE_KEY' ? 'key' : 'value'
    const written = of === 'value' ? places().written(finding.pointer) : undefined
    const message =
      written === undefined ? finding.message : finding.message.replace(/^the number/, () => shortened(written))
    return problem(finding.code, places().place(finding.pointer, of), message, { hint: finding.hint })
  })
  const told = [...document.told, ...problems.map((one) => one.where)]
  return { document: withParts(document, { value: withoutUnsafeKeys(value), told, agrees: () => true }), problems }
}

/** Every problem of a text that the fast parser refuses. */
function explainRefusal(segment: Segment, whole: Place, index: number, error: unknown): LoadedSegment {
  if (!(error instanceof YAMLException)) throw error
  const { file } = whole
  const mark = error.mark as { line: number; column: number } | undefined
  const where: Place = mark ? { file, line: segment.linesBefore + mark.line + 1, column: mark.column + 1 } : whole
  const reason = error.reason || 'it is not YAML'
  return loadSlowly(parseWithPlaces(segment, file), whole, index, (value) =>
    value === undefined
      ? problem('YAML_SYNTAX', where, `the YAML cannot be read: ${reason}`)
      : disagreement(where, `one refuses it (${reason}), the other accepts it`),
  )
}

/**
 * What the slower parser makes of a text that the fast one refuses or reads otherwise; where its problems are single keys and tags alone, its
 * value is checked all the same.
 * @param otherwise what is told of a text that the slower parser has no problem with
 */
function loadSlowly(
  placed: Placed,
  whole: Place,
  index: number,
  otherwise: (value: unknown) => Problem,
): LoadedSegment {
  const { problems, value, remains } = placed
  if (problems.length > 0 && value === undefined) return { problems, remains }
  const findings = examine(value)
  const document = documentOf(whole, index, value, { places: () => placed, agrees: () => true })
  if (problems.length > 0) {
    const found = findings.length > 0 ? explainFindings(findings, document, () => placed) : { document, problems: [] }
    const told = [...placed.told, ...(found.document?.told ?? [])]
    const checked = found.document ? { document: withParts(found.document, { told }) } : { remains }
    return { ...checked, problems: [...problems, ...found.problems] }
  }
  if (findings.length > 0) return explainFindings(findings, document, () => placed)
  return { problems: [otherwise(value)], remains }
}

function disagreement(where: Place, how: string): Problem {
  return problem('YAML_PARSERS_DISAGREE', where, `two YAML parsers read this differently: ${how}`, {
    hint: 'write it in a plainer way: quote texts, avoid tags and explicit keys',
  })
}
