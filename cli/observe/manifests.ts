import { loadDocuments, type Document } from '../../compiler/load/document.ts'
import { askedOfJob, list, mapping, text } from '../../reconciler/observed/asked.ts'
import type { DeclaredKind, DeclaredObject, Template } from '../../reconciler/observed/files.ts'

/** An object of a file, before Git was asked who wrote it, and the last line of it. */
export type ReadObject = Omit<DeclaredObject, 'change'> & { readonly lastLine: number }

export interface ReadManifest {
  readonly objects: readonly ReadObject[]
  readonly unreadable: { readonly path: string; readonly line: number; readonly message: string } | null
}

/** Files that may hold something that is looked for. Most of a deploy repository does not, and is not parsed. */
const mentions = /\bkind["']?\s*:\s*["']?(Job|CronJob|Application|List)\b/

const kinds: Readonly<Record<string, DeclaredKind>> = {
  'batch/v1 Job': 'Job',
  'batch/v1 CronJob': 'CronJob',
  'argoproj.io/v1alpha1 Application': 'Application',
}

/** Reads the Jobs, CronJobs and Applications of one file. */
export function readManifest(path: string, bytes: Uint8Array): ReadManifest {
  const nothing: ReadManifest = { objects: [], unreadable: null }
  if (!mentions.test(Buffer.from(bytes).toString('utf8'))) return nothing
  const { documents, problems } = loadDocuments({ path, bytes })
  const [first] = problems
  const objects = documents.flatMap((document, index) => {
    const lastLine = (documents[index + 1]?.line ?? Number.MAX_SAFE_INTEGER) - 1
    return objectsOf(document).map((pointer) => objectAt(document, pointer, lastLine) ?? [])
  })
  const unreadable = first ? { path, line: first.where.line, message: first.message } : null
  return { objects: objects.flat(), unreadable }
}

/** Pointers of the objects of a document: itself, or the items of a List. */
function objectsOf({ value }: Document): readonly string[] {
  const root = mapping(value)
  return root['kind'] === 'List' ? list(root['items']).map((_item, index) => `/items/${index}`) : ['']
}

function objectAt(document: Document, base: string, lastLine: number): ReadObject | undefined {
  const object = mapping(valueAt(document.value, base))
  const kind = kinds[`${text(object['apiVersion']) ?? ''} ${text(object['kind']) ?? ''}`]
  if (!kind) return undefined
  const metadata = mapping(object['metadata'])
  const spec = mapping(object['spec'])
  const annotations = Object.entries(mapping(metadata['annotations']))
  const has = (pointer: string): boolean => valueAt(object, pointer) !== undefined
  const lineOf = (pointer: string): number => {
    let nearest = pointer
    while (nearest !== '' && !has(nearest)) nearest = nearest.slice(0, nearest.lastIndexOf('/'))
    return nearest === '' && base === '' ? document.line : document.locateKey(`${base}${nearest}`).line
  }
  return {
    kind,
    path: document.file,
    line: base === '' ? document.line : document.locate(base).line,
    lastLine,
    name: text(metadata['name']) ?? '',
    generateName: text(metadata['generateName']) ?? '',
    namespace: text(metadata['namespace']) ?? '',
    annotations: Object.fromEntries(annotations.map(([name, value]) => [name, String(value)])),
    asked: askedOfJob(kind === 'CronJob' ? mapping(spec['jobTemplate'])['spec'] : spec),
    lineOf,
    has,
  }
}

function valueAt(value: unknown, pointer: string): unknown {
  let at = value
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    at = Array.isArray(at) ? (at as readonly unknown[])[Number(name)] : mapping(at)[name]
  }
  return at
}

/** A chart's template that makes Jobs. It is no YAML, so its lines are all there is to go by. */
export function readTemplate(path: string, bytes: Uint8Array): Omit<Template, 'change'> | undefined {
  const lines = Buffer.from(bytes).toString('utf8').split('\n')
  const line = lines.findIndex((one) => /^\s*kind:\s*["']?Job["']?\s*$/.test(one))
  if (line < 0) return undefined
  const ttl = lines.findIndex((one) => /^\s*ttlSecondsAfterFinished\s*:/.test(one))
  return { path, line: line + 1, ttlLine: ttl < 0 ? null : ttl + 1 }
}

/** What a kustomization is made of, as it writes it: files and folders relative to its own. */
export function readKustomization(path: string, bytes: Uint8Array): readonly string[] {
  const [document] = loadDocuments({ path, bytes }).documents
  const root = mapping(document?.value)
  return ['resources', 'bases', 'components'].flatMap((key) => list(root[key])).flatMap((one) => text(one) ?? [])
}
