import type { FoundSecret } from '../compile-types.ts'
import type { Json } from '../../domain/canonical.ts'
import type { Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import type { SpecKind } from '../../domain/specs.generated.ts'
import { type Document, loadDocuments } from '../load/document.ts'
import { type Memory, recalled } from '../load/memory.ts'
import { namedSecrets } from '../secrets/named.ts'
import { type BrokenSpec, brokenSpec, type RepairedSpec, type Spec, validateDocument } from './validate.ts'

/** The specs of one file, and what is left of documents that are none. */
export interface SpecsOfFile {
  readonly specs: readonly Spec[]
  readonly broken: readonly BrokenSpec[]
  readonly repaired: readonly RepairedSpec[]
  readonly problems: readonly Problem[]
  /** Literal secrets that their names give away. */
  readonly secrets: readonly FoundSecret[]
}

/** Reads and validates the documents of a file, or takes what a memory has of the same bytes at the same path. */
export function specsOfFile(file: SourceFile, memory?: Memory): SpecsOfFile {
  if (!memory) return readSpecs(file)
  let read: SpecsOfFile | undefined
  const given = { stage: 'specs of a file', value: file.path, bytes: file.bytes }
  const kept = recalled(memory, given, ({ bytes }) => {
    read = readSpecs({ path: file.path, bytes: bytes ?? file.bytes })
    return withoutDocuments(read) as readonly Kept[] as unknown as Json
  })
  if (read) return read
  const specs = (kept as unknown as readonly Kept[]).map((one) => withDocument(one, file))
  return { specs, broken: [], repaired: [], problems: [], secrets: [] }
}

const none: readonly never[] = []

function readSpecs(file: SourceFile): SpecsOfFile {
  const { documents, problems, remains } = loadDocuments(file)
  const [only, another] = documents
  if (only && !another && problems.length + remains.length === 0) return readSpec(only)
  const read = {
    specs: [] as Spec[],
    broken: remains.flatMap(brokenSpec),
    repaired: [] as RepairedSpec[],
    problems: [...problems],
    secrets: [] as FoundSecret[],
  }
  for (const one of documents.map(readSpec)) {
    read.specs.push(...one.specs)
    read.broken.push(...one.broken)
    read.repaired.push(...one.repaired)
    read.problems.push(...one.problems)
    read.secrets.push(...one.secrets)
  }
  return read
}

function readSpec(document: Document): SpecsOfFile {
  const { spec, broken, repaired, problems } = validateDocument(document)
  return {
    specs: spec ? [spec] : none,
    broken: broken ? [broken] : none,
    repaired: repaired ? [repaired] : none,
    problems,
    secrets: namedSecrets(document),
  }
}

/** A spec as it is kept: places are looked for again where somebody asks for one, which of good specs hardly anybody does. */
interface Kept {
  readonly index: number
  readonly line: number
  readonly kind: SpecKind
  readonly value: unknown
}

/** Undefined for a file with problems or secrets: telling those well takes the text, and it will change soon. */
function withoutDocuments({ specs, broken, repaired, problems, secrets }: SpecsOfFile): readonly Kept[] | undefined {
  if (broken.length + repaired.length + problems.length + secrets.length > 0) return undefined
  return specs.map(({ kind, document: { index, line }, value }) => ({ index, line, kind, value }))
}

function withDocument({ index, line, kind, value }: Kept, file: SourceFile): Spec {
  let found: Document | undefined
  const again = (): Document => {
    found ??= loadDocuments(file).documents.find((one) => one.index === index)
    if (!found) throw new Error(`${file.path} has no document ${index} any more`)
    return found
  }
  const document: Document = {
    file: file.path,
    index,
    line,
    value,
    told: [],
    locate: (pointer) => again().locate(pointer),
    locateKey: (pointer) => again().locateKey(pointer),
    written: (pointer) => again().written(pointer),
    agrees: () => again().agrees(),
  }
  return { kind, document, value } as Spec
}
