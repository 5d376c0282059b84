import type { Json } from '../../domain/canonical.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import type { CompileInput, Rendered } from '../compile-types.ts'
import type { Explained, ExplainedFile } from '../explain/explained.ts'
import { explainResolved } from '../explain/explain.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { firstAttempt, laterAttempt } from '../shape/check.ts'
import { readShapes, type Shapes } from '../shape/shapes.ts'
import { type Denies, put, shapedCause } from './cause.ts'
import type { Manifest } from './resources.ts'

/** Finding out where a value comes from takes a hundred renderings: beyond so many specs their beginning is named. */
const explainedMax = 100
const writtenOrigins: ReadonlySet<string> = new Set(['spec', 'overlay', 'environment', 'patch', 'template'])
/** Keys that expressions name on their way, and that say nothing about what is meant. */
const structure = new Set(['object', 'spec', 'metadata', 'template', 'variables', 'containers', 'initContainers'])

/** A place in the specs that a denial goes back to. */
export interface Blamed {
  readonly where: Place
  /** What there is to change, where it is not the spec. */
  readonly change?: string
  readonly also?: Problem['also']
}

/** What of a file is denied. */
interface Denied {
  readonly manifest: Manifest
  readonly index: number
  readonly expressions: readonly string[]
  readonly message: string
  readonly denies: Denies
}

/** Finds the place in the specs that a denied manifest goes back to. */
export class Blame {
  private readonly explanations = new Map<string, Explained>()
  private shapes: Shapes | undefined
  private readonly input: CompileInput
  private readonly known: Catalogue

  constructor(input: CompileInput, known: Catalogue) {
    this.input = input
    this.known = known
  }

  /** Where the spec begins, or the Environment of a file that belongs to no spec. */
  head({ spec, environment, path }: Rendered): Place {
    const document = spec?.document ?? this.known.environments.get(environment)?.document
    return document ? { file: document.file, line: document.line, column: 1 } : { file: path, line: 1, column: 1 }
  }

  /** The template or patch, the Environment or the value without which there would be no denial; else what the names in the expressions lead to. */
  of(file: Rendered, denied: Denied): Blamed {
    return this.shaped(file, denied) ?? this.lease(file, denied) ?? { where: this.place(file, denied) }
  }

  private shaped(file: Rendered, { index, denies }: Denied): Blamed | undefined {
    const { plan, environment, project, retryOf } = file
    if (plan?.kind !== 'TrainingJob' || !plan.shaping) return undefined
    this.shapes ??= readShapes(this.known, this.input.settings, this.input.sources, [])
    const shape = this.shapes.of(environment, project)
    const attempt = retryOf === undefined ? firstAttempt : laterAttempt
    const where = shape && shapedCause(plan, attempt, { shape, index, denies })
    if (!where) return undefined
    const change = 'change the template or patch, or the policy by a pull request of its own'
    return { where, change, also: [{ where: this.head(file), note: 'the training that it is rendered for' }] }
  }

  /** Nobody wrote the image that trainings wait for their lease with: no spec can name another one, and the Environment can. */
  private lease(file: Rendered, { manifest, denies }: Denied): Blamed | undefined {
    const environment = this.known.environments.get(file.environment)
    if (file.plan?.kind !== 'TrainingJob' || !environment || environment.value.spec.lease?.image !== undefined)
      return undefined
    const { image } = file.plan.lease
    const pinned = `${image}@sha256:${'0'.repeat(64)}`
    const other = put(manifest.object as Json, ['spec', 'template', 'spec', 'initContainers', '0', 'image'], pinned)
    if (!JSON.stringify(other).includes(pinned) || denies(other)) return undefined
    const change = `set lease.image in Environment "${file.environment}", by its digest (name@sha256:…): without it that is ${image}`
    const also = [{ where: this.head(file), note: 'the training that it is rendered for' }]
    return { where: environment.document.locate('/metadata/name'), change, also }
  }

  /**
   * The value that a denied part of a manifest comes from, where one line of it has a key that the expressions name and comes from what a person wrote;
   * else where the spec begins.
   */
  private place(file: Rendered, { expressions, message }: Pick<Denied, 'expressions' | 'message'>): Place {
    const own = ownPath(expressions)
    if (own !== undefined && file.spec) return file.spec.document.locate(own)
    const keys = keysOf(expressions)
    const explained = keys.length === 0 ? undefined : this.explained(file).find((one) => one.path === file.path)
    for (const key of keys) {
      const line = new RegExp(`^[ -]*"?${key}"?: *(.*)$`)
      const lines = (explained?.lines ?? []).filter(({ text }) => line.test(text))
      // Where the message says which value is meant, no other will do.
      const meant = lines.filter(({ text }) => message.includes(unquoted(line.exec(text)?.[1] ?? '')))
      for (const { values } of meant.length > 0 ? meant : lines) {
        const written = values.find(({ origin }) => origin.where !== null && writtenOrigins.has(origin.from))
        if (written?.origin.where) return written.origin.where
      }
    }
    return (explained ? undefined : this.planned(file, keys)) ?? this.head(file)
  }

  /** For what is not rendered yet: the value of the plan that has such a name. */
  private planned(file: Rendered, keys: readonly string[]): Place | undefined {
    const values = this.explanations.get(idOf(file))?.values ?? []
    for (const key of keys) {
      const value = values.find(({ path, origin }) => path === key && origin.where !== null)
      if (value?.origin.where) return value.origin.where
    }
    return undefined
  }

  private explained(file: Rendered): readonly ExplainedFile[] {
    const { spec, environment, project } = file
    if (!spec) return []
    const id = idOf(file)
    const known = this.explanations.get(id)
    if (known || this.explanations.size >= explainedMax) return known?.files ?? []
    const key = { environment, project, name: spec.value.metadata.name }
    const candidate = { kind: spec.kind, key, file: spec.document.file }
    const answer = explainResolved(this.input, this.known, candidate, true)
    if (answer.is !== 'explained') return []
    this.explanations.set(id, answer.explained)
    return answer.explained.files
  }
}

function idOf({ spec, environment, project }: Rendered): string {
  return `${spec?.kind ?? ''} ${environment}/${project}/${spec?.value.metadata.name ?? ''}`
}

/** What an expression asks of the document itself: `spec.metadata.?labels` is its labels. */
function ownPath(expressions: readonly string[]): string | undefined {
  const [, path] = /(?<![.\w])spec((?:\.\??[A-Za-z]\w*(?!\w|\s*\())+)/.exec(expressions[0] ?? '') ?? []
  return path?.replaceAll(/\.\??/g, '/')
}

function unquoted(scalar: string): string {
  const text = scalar.replace(/^(["'])(.*)\1$/, '$2')
  return text.length < 3 ? '\n' : text
}

/** The last names of paths in expressions, those of the expression itself first. */
function keysOf(expressions: readonly string[]): readonly string[] {
  const names = expressions.flatMap((text) =>
    [...text.matchAll(/\.\??([a-zA-Z][a-zA-Z0-9]*)\b(?!\s*\()/g)].map(([, name]) => name ?? ''),
  )
  return [...new Set(names)].filter((name) => !structure.has(name))
}
