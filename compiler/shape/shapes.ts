import type { Shaping } from '../../domain/plan.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import type { Document } from '../load/document.ts'
import { escapePointer } from '../load/walk.ts'
import { problem } from '../problem.ts'
import type { Beside } from '../parts.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { projectNames } from '../resolve/projects.ts'
import type { Cause } from './failed.ts'
import { parseTemplate } from './syntax.ts'
import { projectsOf, unknownProjects, type WrittenShape } from './projects.ts'
import { type Made, readPatch, type ReadPatch, unknownFile } from './written.ts'

/** How the manifests of a project in an environment are made otherwise than Specyard makes them, and where that is written. */
export interface Shape {
  readonly shaping: Shaping
  /** Where the template is named; null without one. */
  readonly templateAt: Place | null
  /** @param made a part of the object that the cause made */
  locate(cause: Cause, made: Made): Place | undefined
  /** Where a part of a planned patch is written. @param named into the planned patch, as Leaf.named */
  locatePart(patch: number, named: string): Place | null
}

export interface Shapes {
  /** Undefined where nobody shapes them. */
  of(environment: string, project: string): Shape | undefined
}

/** The folder of a spec repository with templates and patches. */
export const shapesFolder = 'templates/'

/** What an Environment, or specyard.yaml for a project, says of templates and patches. */
interface Part {
  readonly template: Shaping['template']
  readonly templateAt: Place
  readonly patches: readonly ReadPatch[]
}

/**
 * Reads what shapes manifests. The Environment has the last word: its template takes the place of that of the project, and its patches come
 * after those of the project.
 * @param settings specyard.yaml
 * @param sources those under templates/ are looked at
 * @param beside what counts although it is not among the specs
 */
export function readShapes(
  known: Catalogue,
  settings: SourceFile | undefined,
  sources: readonly SourceFile[],
  problems: Problem[],
  beside?: Beside,
): Shapes {
  const files = new Map(sources.filter(({ path }) => path.startsWith(shapesFolder)).map((one) => [one.path, one]))
  const checked = new Set<string>()
  const read = (written: WrittenShape, document: Document, at: string): Part => {
    const path = written.templates?.job
    const templateAt = document.locate(`${at}/templates/job`)
    return {
      template: path === undefined ? null : readTemplate(path, templateAt, { files, checked, problems }),
      templateAt,
      patches: (written.patches ?? []).flatMap(
        (one, index) => readPatch(one, document, `${at}/patches/${index}`, files, problems) ?? [],
      ),
    }
  }
  const environments = new Map<string, Part>()
  for (const [name, { value, document }] of known.environments)
    if (value.spec.templates || value.spec.patches) environments.set(name, read(value.spec, document, '/spec'))
  const projects = new Map<string, Part>()
  const written = projectsOf(settings, problems)
  if (written.length > 0) problems.push(...unknownProjects(written, projectNames(known, beside)))
  for (const [name, of, document] of written) projects.set(name, read(of, document, `/projects/${escapePointer(name)}`))
  if (environments.size + projects.size === 0) return { of: () => undefined }
  return { of: (environment, project) => shapeOf(environments.get(environment), projects.get(project)) }
}

function shapeOf(ofEnvironment: Part | undefined, ofProject: Part | undefined): Shape | undefined {
  const from = [ofEnvironment, ofProject].find((one) => one !== undefined && one.template !== null)
  const template = from?.template ?? null
  const patches = [...(ofProject?.patches ?? []), ...(ofEnvironment?.patches ?? [])]
  if (template === null && patches.length === 0) return undefined
  return {
    shaping: { template, patches: patches.map(({ planned }) => planned) },
    templateAt: from?.templateAt ?? null,
    locatePart: (patch, named) => patches[patch]?.locatePart(named) ?? null,
    locate: (cause, made) => {
      if (cause.is === 'patch') return patches[cause.patch]?.locate(cause.operation, made)
      if (cause.is === 'template' && template)
        return { file: template.path, line: cause.line, column: cause.column ?? firstColumn(template.text, cause.line) }
      return undefined
    },
  }
}

/** Where the text of a line begins. */
function firstColumn(text: string, line: number): number {
  return 1 + Math.max(0, (text.split('\n')[line - 1] ?? '').search(/\S/))
}

interface Reading {
  readonly files: ReadonlyMap<string, SourceFile>
  readonly checked: Set<string>
  readonly problems: Problem[]
}

function readTemplate(path: string, where: Place, { files, checked, problems }: Reading): Shaping['template'] {
  const file = files.get(path)
  if (!file) {
    problems.push(unknownFile(path, where, files))
    return null
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(file.bytes).replaceAll('\r\n', '\n')
  } catch {
    problems.push(problem('FILE_NOT_TEXT', { file: path, line: 1, column: 1 }, 'the file is not UTF-8 text'))
    return null
  }
  const wrong = parseTemplate(text).problems
  if (!checked.has(path))
    for (const { line, column, message, hint } of wrong)
      problems.push(problem('TEMPLATE_INVALID', { file: path, line, column: column + 1 }, message, { hint }))
  checked.add(path)
  return wrong.length > 0 ? null : { path, text }
}
