import type { Place } from '../../domain/problem.ts'
import type { CompileInput, Rendered } from '../compile-types.ts'
import type { Explained, ExplainedFile } from '../explain/explained.ts'
import { explainResolved } from '../explain/explain.ts'
import type { Catalogue } from '../resolve/catalogue.ts'

/** Finding out where a value comes from takes a hundred renderings: beyond so many specs their beginning is named. */
const explainedMax = 100
const writtenOrigins: ReadonlySet<string> = new Set(['spec', 'overlay', 'environment', 'patch', 'template'])
/** Keys that expressions name on their way, and that say nothing about what is meant. */
const structure = new Set(['object', 'spec', 'metadata', 'template', 'variables', 'containers', 'initContainers'])

/** Finds the place in the specs that a denied manifest goes back to. */
export class Blame {
  private readonly explanations = new Map<string, Explained>()
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

  /**
   * The value that a denied part of a manifest comes from, where one line of it has a key that the expressions name and comes from what a person wrote;
   * else where the spec begins.
   */
  place(file: Rendered, expressions: readonly string[], message: string): Place {
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
