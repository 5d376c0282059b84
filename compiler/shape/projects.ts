import type { Problem } from '../../domain/problem.ts'
import type { ProblemCode } from '../../domain/problem-codes.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { type Document, loadDocuments } from '../load/document.ts'
import { escapePointer } from '../load/walk.ts'
import { isObject, type Loose, quoted } from '../manifest/finding.ts'
import { problem } from '../problem.ts'
import { nearest } from '../validate/nearest.ts'
import type { WrittenPatch } from './written.ts'

/** What an Environment, or specyard.yaml for a project, says of templates and patches. */
export interface WrittenShape {
  readonly templates?: { readonly job?: string | undefined } | undefined
  readonly patches?: readonly WrittenPatch[] | undefined
}

/** The same limits as in the schema of Environments, which a test holds beside these. */
const patchesMax = 50
const templatePath = /^templates\/[^\\]*\.hbs$/
const patchPath = /^templates\/[^\\]*\.(yaml|yml|json)$/

/** `projects` of specyard.yaml, as far as it has the shape that it should have; what has not is told. */
export function projectsOf(
  settings: SourceFile | undefined,
  problems: Problem[],
): readonly (readonly [project: string, written: WrittenShape, document: Document])[] {
  // Most have none, and need not be read a second time.
  if (!settings || !new TextDecoder().decode(settings.bytes).includes('projects')) return []
  const loaded = loadDocuments(settings)
  problems.push(...loaded.problems)
  const [document] = loaded.documents
  const value = document?.value
  if (!document || !isObject(value) || value['projects'] === undefined || value['projects'] === null) return []
  const shapes = new Shapes(document, problems)
  const projects = shapes.mapping(value['projects'], '/projects')
  return Object.entries(projects).map(([name, written]) => {
    const at = `/projects/${escapePointer(name)}`
    return [name, shapes.project(shapes.mapping(written, at, ['templates', 'patches']), at), document] as const
  })
}

/**
 * Templates and patches for projects of which nothing is known: they would look as if they held.
 * @param names of projects that there are
 */
export function unknownProjects(
  projects: ReturnType<typeof projectsOf>,
  names: ReadonlySet<string>,
): readonly Problem[] {
  return projects.flatMap(([name, , document]) => {
    if (names.has(name)) return []
    const near = nearest(name, [...names])
    const message = `there is no spec and no namespace of the project "${name}"`
    const hint = near === undefined ? 'until there is, this holds for nothing' : `did you mean ${near}?`
    return [problem('PROJECT_UNKNOWN', document.locateKey(`/projects/${escapePointer(name)}`), message, { hint })]
  })
}

/** Looks at one document; what does not fit is told and left out. */
class Shapes {
  readonly #document: Document
  readonly #problems: Problem[]

  constructor(document: Document, problems: Problem[]) {
    this.#document = document
    this.#problems = problems
  }

  project(written: Loose, at: string): WrittenShape {
    const templates = this.mapping(written['templates'] ?? {}, `${at}/templates`, ['job'])
    const job = this.#path(templates['job'], `${at}/templates/job`, templatePath, 'templates/job.hbs')
    const list = written['patches'] ?? []
    if (!Array.isArray(list))
      this.#tell('TYPE_WRONG', `${at}/patches`, `patches is ${quoted(list)}, and must be a list`)
    const patches = Array.isArray(list) ? (list as readonly unknown[]) : []
    if (patches.length > patchesMax)
      this.#tell('VALUE_OUT_OF_RANGE', `${at}/patches`, `there are ${patches.length} patches, and may be ${patchesMax}`)
    return {
      templates: { job },
      patches: patches.slice(0, patchesMax).map((one, index) => this.#patch(one, `${at}/patches/${index}`)),
    }
  }

  mapping(value: unknown, at: string, keys?: readonly string[]): Loose {
    if (!isObject(value)) {
      this.#tell('TYPE_WRONG', at, `it is ${quoted(value)}, and must be a mapping`)
      return {}
    }
    for (const key of keys ? Object.keys(value) : []) {
      if (keys?.includes(key)) continue
      const near = nearest(key, keys ?? [])
      const hint = near === undefined ? `there are: ${keys?.join(', ') ?? ''}` : `did you mean ${near}?`
      const where = this.#document.locateKey(`${at}/${escapePointer(key)}`)
      this.#problems.push(problem('KEY_UNKNOWN', where, `the key "${key}" is not known here`, { hint }))
    }
    return value
  }

  #patch(value: unknown, at: string): WrittenPatch {
    const written = this.mapping(value, at, ['target', 'patch', 'path'])
    const path = this.#path(written['path'], `${at}/path`, patchPath, 'templates/scratch.yaml')
    const { target } = written
    const kind = target === undefined ? undefined : this.mapping(target, `${at}/target`, ['kind'])['kind']
    if (target !== undefined && kind !== 'Job' && kind !== 'Service')
      this.#tell('VALUE_NOT_ALLOWED', `${at}/target/kind`, `the kind is ${quoted(kind)}`, 'use one of: Job, Service')
    const known = kind === 'Job' || kind === 'Service' ? { target: { kind } } : {}
    return {
      ...known,
      patch: written['patch'],
      path: written['path'] === undefined ? undefined : (path ?? ''),
    } as WrittenPatch
  }

  #path(value: unknown, at: string, form: RegExp, example: string): string | undefined {
    if (value === undefined) return undefined
    if (typeof value === 'string' && form.test(value)) return value
    this.#tell('FORMAT_WRONG', at, `it is ${quoted(value)}, and must be a file such as ${example}`)
    return undefined
  }

  #tell(code: ProblemCode, at: string, message: string, hint?: string): void {
    this.#problems.push(problem(code, this.#document.locate(at), message, { hint }))
  }
}
