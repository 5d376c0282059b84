import type { Place, Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import type { CompileInput, FoundSecret } from '../compile-types.ts'
import { problem } from '../problem.ts'
import { shapesFolder } from '../shape/shapes.ts'
import { hider, readFiles, textsOf } from './hide.ts'
import { writtenSecrets } from './written.ts'

/** Problems for the secrets that were found, and every other problem without their text. @param input the files that they stand in */
export function reportSecrets(
  problems: readonly Problem[],
  found: readonly FoundSecret[],
  input: Pick<CompileInput, 'sources' | 'settings'>,
): readonly Problem[] {
  const sources = readFiles(input)
  const all = [...found, ...writtenBeside(found, problems, input)]
  const secrets = all.length === 0 ? [] : onceEach(all.filter((one) => !isExcused(one, sources)))
  if (secrets.length === 0) return problems
  const hide = hider(textsOf(secrets, sources))
  const isShown = linesWith(hide, sources)
  const others = problems.map((one): Problem => {
    const also = one.also?.map((other) => ({ ...other, note: hide(other.note) }))
    const hint = one.hint === undefined ? {} : { hint: hide(one.hint) }
    const hidden = { ...one, ...hint, message: hide(one.message), ...(also ? { also } : {}) }
    if (!secrets.some(({ where }) => isOnLine(one.where, where)))
      return isShown(one.where) ? { ...hidden, secret: true } : hidden
    const { hint: _hint, ...rest } = hidden
    return {
      ...rest,
      secret: true,
      message: 'what stands here is not as it must be, and a secret stands here too: see that first',
    }
  })
  const told = secrets.map(({ where, what }) => {
    const instead = where.file === input.settings?.path ? insteadInSettings : insteadInSpecs
    const hint = `take it out of Git and renew it; ${instead}`
    return problem('SECRET_LITERAL', where, `a secret is written here: ${what}`, { secret: true, hint })
  })
  return [...others, ...told]
}

/** What names give away in the lines of files with errors, whose values were not all asked, and in patches and templates, where no key is known. */
function writtenBeside(
  found: readonly FoundSecret[],
  problems: readonly Problem[],
  { sources, settings }: Pick<CompileInput, 'sources' | 'settings'>,
): readonly FoundSecret[] {
  const wrong = new Set(problems.flatMap(({ severity, where }) => (severity === 'error' ? [where.file] : [])))
  const files = sources.filter(({ path }) => wrong.has(path) || path.startsWith(shapesFolder))
  // Nearly all settings patch nothing, and are not worth the patterns that names are looked for with.
  const patching = settings && new TextDecoder().decode(settings.bytes).includes('patches') ? [settings] : []
  const written = [...files, ...patching].flatMap(writtenSecrets)
  return written.filter(({ where }) => !found.some((one) => overlaps(one.where, where)))
}

/** Whether one of the lines that are shown of a problem, its own and the one before, holds what is hidden. */
function linesWith(hide: (text: string) => string, sources: readonly SourceFile[]): (where: Place) => boolean {
  const byPath = new Map<string, readonly boolean[]>()
  return ({ file, line }) => {
    const source = sources.find(({ path }) => path === file)
    if (!source) return false
    let hidden = byPath.get(file)
    if (!hidden) {
      hidden = new TextDecoder()
        .decode(source.bytes)
        .split('\n')
        .map((text) => hide(text) !== text)
      byPath.set(file, hidden)
    }
    return hidden[line - 1] === true || hidden[line - 2] === true
  }
}

const insteadInSpecs = 'in env write { secret: <name of a Secret>, key: <key> }'
const insteadInSettings =
  'a patch names a Secret with valueFrom: { secretKeyRef: { name: <name>, key: <key> } }, and Git finds its own credentials for an address without them'

/** Whether a person says in a comment that what stands on a line is no secret, in the words that the library takes too. */
function isExcused({ where }: FoundSecret, sources: readonly SourceFile[]): boolean {
  const source = sources.find(({ path }) => path === where.file)
  const line = source && new TextDecoder().decode(source.bytes).split('\n')[where.line - 1]
  return line?.includes('# secretlint-disable-line') ?? false
}

/** Two ways to find it may begin at other characters: one that stands inside another is the same. */
function onceEach(found: readonly FoundSecret[]): readonly FoundSecret[] {
  return found.filter(
    (one, index) =>
      !found.some(
        (other, position) =>
          position !== index &&
          contains(other.where, one.where) &&
          !(contains(one.where, other.where) && position > index),
      ),
  )
}

function contains(outer: Place, inner: Place): boolean {
  if (outer.file !== inner.file) return false
  const end = inner.end ?? inner
  const outerEnd = outer.end ?? outer
  return !isBefore(inner, outer) && !isBefore(outerEnd, end)
}

function overlaps(one: Place, other: Place): boolean {
  if (one.file !== other.file) return false
  return isBefore(one, other.end ?? other) && isBefore(other, one.end ?? one)
}

interface Position {
  readonly line: number
  readonly column: number
}

function isBefore(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.column < other.column)
}

function isOnLine(where: Place, secret: Place): boolean {
  return where.file === secret.file && where.line >= secret.line && where.line <= (secret.end?.line ?? secret.line)
}
