import type { Json, JsonObject } from '../../domain/canonical.ts'
import type { PatchOperation, PlannedPatch } from '../../domain/plan.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { type Document, loadDocuments } from '../load/document.ts'
import { escapePointer, pointerSteps, valueAt } from '../load/walk.ts'
import { pointerOf } from '../explain/leaves.ts'
import { isObject } from '../manifest/finding.ts'
import { problem } from '../problem.ts'
import { type MergeKeys, mergeKeys } from './merge-keys.ts'
import { unknownDirectives } from './strategic.ts'

/** An entry of `patches`, where it stands. */
export interface WrittenPatch {
  readonly target?: { readonly kind: 'Job' | 'Service' } | undefined
  readonly patch?: unknown
  readonly path?: string | undefined
}

/** A patch, and where each part of it stands. */
export interface ReadPatch {
  readonly planned: PlannedPatch
  /** @param operation its number in a JSON Patch @returns the part of the patch, or of the operation, that made a part of the object */
  locate(operation: number | null, made: Made): Place
  /** @param named into the planned patch, as Leaf.named */
  locatePart(named: string): Place
}

/** A part of a patched object. */
export interface Made {
  readonly pointer: string
  /** As it is after the patch; entries of lists are found by it. Without it the whole list is told. */
  readonly object?: Json | undefined
  /** The key at the pointer is meant, not its value. */
  readonly key?: boolean | undefined
}

/** Where the content of a patch is, and what it is. */
interface Content {
  readonly value: unknown
  locate(pointer: string): Place
  locateKey(pointer: string): Place
}

const apiVersions = { Job: 'batch/v1', Service: 'v1' } as const

/**
 * Reads one entry of `patches`.
 * @param at its JSON pointer in the document
 */
export function readPatch(
  written: WrittenPatch,
  document: Document,
  at: string,
  files: ReadonlyMap<string, SourceFile>,
  problems: Problem[],
): ReadPatch | undefined {
  if ((written.patch === undefined) === (written.path === undefined)) {
    const hint = 'write the patch itself under patch, or its file under path'
    problems.push(problem('PATCH_INVALID', document.locate(at), 'a patch has either patch or path', { hint }))
    return undefined
  }
  const content = contentOf(written, document, at, files, problems)
  if (!content) return undefined
  const tell = (pointer: string, message: string, hint?: string): undefined => {
    problems.push(problem('PATCH_INVALID', content.locate(pointer), message, { hint }))
  }
  const { value } = content
  if (Array.isArray(value)) {
    if (!areOperations(value, tell)) return undefined
    const operations = value as readonly PatchOperation[]
    return {
      planned: { kind: written.target?.kind ?? 'Job', operations },
      locatePart: (named) => content.locate(pointerOf(value as Json, named.replace(/^\/operations/, ''))),
      locate: (number, made) => {
        const operation = number === null ? undefined : operations[number]
        return operation
          ? placeOf(content, `/${number}${inOperation(made.pointer, operation)}`, made)
          : content.locate('')
      },
    }
  }
  if (!isObject(value) || Object.keys(value).length === 0)
    return tell('', 'a patch is a list of operations or a part of the object', 'see docs/templates.md')
  const named = value['kind'] ?? written.target?.kind ?? 'Job'
  if (named !== 'Job' && named !== 'Service')
    return tell('/kind', `nothing of the kind ${JSON.stringify(named)} is rendered`, 'use one of: Job, Service')
  if (written.target && written.target.kind !== named)
    return tell('/kind', `the patch is of a ${named}, and its target a ${written.target.kind}`)
  const { apiVersion, kind: _kind, ...rest } = value as JsonObject
  if (apiVersion !== undefined && apiVersion !== apiVersions[named])
    return tell('/apiVersion', `a ${named} is of ${apiVersions[named]}`)
  const merge: JsonObject = rest
  const unknown = unknownDirectives(merge)
  for (const { pointer, value: directive } of unknown)
    tell(pointer, `the directive ${JSON.stringify(directive)} is not known`, 'use one of: delete, replace, merge')
  if (unknown.length > 0) return undefined
  return {
    planned: { kind: named, merge },
    locatePart: (named) => content.locate(pointerOf(merge, named.replace(/^\/merge/, ''))),
    locate: (_operation, made) => placeOf(content, inPatch(made, merge, mergeKeys[named]), made),
  }
}

function contentOf(
  written: WrittenPatch,
  document: Document,
  at: string,
  files: ReadonlyMap<string, SourceFile>,
  problems: Problem[],
): Content | undefined {
  if (written.path !== undefined) {
    const file = files.get(written.path)
    if (!file) {
      problems.push(unknownFile(written.path, document.locate(`${at}/path`), files))
      return undefined
    }
    return one(loadDocuments(file), document.locate(`${at}/path`), problems)
  }
  if (typeof written.patch !== 'string')
    return {
      value: written.patch,
      locate: (pointer) => document.locate(`${at}/patch${pointer}`),
      locateKey: (pointer) => document.locateKey(`${at}/patch${pointer}`),
    }
  const begin = document.locate(`${at}/patch`)
  // A block begins in the line behind its mark.
  const isBlock = /^[|>]/.test(document.written(`${at}/patch`) ?? '')
  const shifted = (place: Place): Place =>
    isBlock ? { file: document.file, line: begin.line + place.line, column: 1 } : begin
  const inner = loadDocuments({ path: document.file, bytes: new TextEncoder().encode(written.patch) })
  const problemsInside: Problem[] = []
  const content = one(inner, begin, problemsInside)
  problems.push(
    ...problemsInside.map((told) => ({ ...told, where: told.where === begin ? begin : shifted(told.where) })),
  )
  return (
    content && {
      value: content.value,
      locate: (pointer) => shifted(content.locate(pointer)),
      locateKey: (pointer) => shifted(content.locateKey(pointer)),
    }
  )
}

function one(loaded: ReturnType<typeof loadDocuments>, from: Place, problems: Problem[]): Content | undefined {
  problems.push(...loaded.problems)
  const [first, second] = loaded.documents
  if (loaded.problems.length > 0) return undefined
  if (!first || second) {
    const message = first ? 'holds more than one document' : 'is empty'
    problems.push(problem('PATCH_INVALID', from, `the patch ${message}`, { hint: 'one entry of patches for each' }))
    return undefined
  }
  return first
}

/** A file that is named and is not there, or is none that is read. */
export function unknownFile(path: string, where: Place, files: ReadonlyMap<string, SourceFile>): Problem {
  const known = [...files.keys()].sort()
  const hint =
    known.length > 0
      ? `there are: ${known.slice(0, 20).join(', ')}`
      : 'put it under templates/ beside specs/, as a regular file of at most 256 KiB'
  return problem('TEMPLATE_UNKNOWN', where, `there is no file ${path} in the spec repository`, { hint })
}

const operators: Readonly<Record<string, readonly string[]>> = {
  add: ['value'],
  replace: ['value'],
  test: ['value'],
  remove: [],
  move: ['from'],
  copy: ['from'],
}

/** The library goes over these as if they were not written, and so to another place. */
const passedOver: readonly string[] = ['__proto__', 'constructor', 'prototype']

function areOperations(
  list: readonly unknown[],
  tell: (pointer: string, message: string, hint?: string) => void,
): boolean {
  let fine = list.length > 0
  if (!fine) tell('', 'the patch has no operation')
  list.forEach((operation, index) => {
    const wrong = (message: string, hint?: string): void => {
      fine = false
      tell(`/${index}`, message, hint)
    }
    if (!isObject(operation)) return wrong('an operation is a mapping with op and path')
    const { op, path, from } = operation
    const needed = typeof op === 'string' && Object.hasOwn(operators, op) ? operators[op] : undefined
    if (!needed)
      return wrong(
        `the operation ${JSON.stringify(op)} is not known`,
        `use one of: ${Object.keys(operators).join(', ')}`,
      )
    for (const pointer of [path, ...(from === undefined ? [] : [from])])
      if (typeof pointer !== 'string' || !/^(\/([^~]|~[01])*)?$/.test(pointer))
        wrong(`${JSON.stringify(pointer)} is no JSON pointer`, 'it begins with /; / in a key is written ~1 and ~ is ~0')
      else if (pointerSteps(pointer).some((step) => passedOver.includes(step)))
        wrong(
          `${JSON.stringify(pointer)} holds a key that no patch can have`,
          `it may not hold ${passedOver.join(', ')}`,
        )
    if ((path === '' || from === '') && op !== 'test')
      wrong(
        `the operation ${String(op)} is for the whole object`,
        'a patch changes parts of it: the path begins with /',
      )
    for (const field of needed) if (!(field in operation)) wrong(`the operation ${String(op)} lacks ${field}`)
  })
  return fine
}

/** The place of what a pointer into a patch leads to: of its key, where that is meant and stands there. */
function placeOf(content: Content, pointer: string, made: Made): Place {
  const isThere = pointer.split('/').at(-1) === made.pointer.split('/').at(-1)
  return made.key === true && isThere ? content.locateKey(pointer) : content.locate(pointer)
}

/** Where in an operation stands what made a part of the object: in its value, or else the operation itself. */
function inOperation(pointer: string, { path, value }: PatchOperation): string {
  if (value === undefined) return ''
  const [steps, target] = [pointerSteps(pointer), pointerSteps(path)]
  // `-` is an entry behind those that were there.
  const isBelow = target.every((step, index) => step === steps[index] || (step === '-' && steps[index] !== undefined))
  if (!isBelow || target.length === 0) return ''
  const rest = steps.slice(target.length).map((step) => `/${escapePointer(step)}`)
  while (rest.length > 0 && valueAt(value, rest.join('')) === undefined) rest.pop()
  return `/value${rest.join('')}`
}

/** Where in a merge patch stands what made a part of the object: entries of lists are found by what they are merged by. */
function inPatch({ pointer, object }: Made, patch: JsonObject, keys: MergeKeys): string {
  let [node, way, known, part]: [Json, string, MergeKeys, Json | undefined] = [patch, '', keys, object]
  for (const step of pointerSteps(pointer)) {
    const key: string | undefined = Array.isArray(node) ? entryOf(node as readonly Json[], part, step, known.key) : step
    const next: Json | undefined =
      key === undefined ? undefined : (valueAt(node, `/${escapePointer(key)}`) as Json | undefined)
    if (key === undefined || next === undefined) break
    known = Array.isArray(node) ? { fields: known.fields } : (known.fields?.[step] ?? {})
    part = valueAt(part, `/${escapePointer(step)}`) as Json | undefined
    way = `${way}/${escapePointer(key)}`
    node = next
  }
  return way
}

/** Which entry of a patch's list made an entry of the object's. @param key what the list is merged by, as in MergeKeys */
function entryOf(
  list: readonly Json[],
  merged: Json | undefined,
  step: string,
  key: string | undefined,
): string | undefined {
  const entry = valueAt(merged, `/${step}`)
  if (entry === undefined) return undefined
  // A list without a key takes the place of the one before.
  if (key === undefined) return step
  const index = list.findIndex((one) =>
    key === '' ? one === entry : isObject(one) && isObject(entry) && one[key] === entry[key],
  )
  return index < 0 ? undefined : String(index)
}
