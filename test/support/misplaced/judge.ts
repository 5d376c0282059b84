import { compile } from '../../../compiler/compile.ts'
import type { Place, Problem } from '../../../domain/problem.ts'
import type { SourceFile } from '../../../domain/publication.ts'
import { address, chart, nothing, source } from '../compiler.ts'
import { corpus, type Name } from './corpus.ts'
import type { Expected, Mutation, Spot } from './mutation.ts'
import { plainStyle, type Style, write, type Written } from './write.ts'

/** What is wrong with what the compiler says of a mutation; empty where every problem stands exactly where it is. */
export function judge(mutation: Mutation, style: Style): readonly string[] {
  const written = new Map<Name, Written>()
  const sources: SourceFile[] = []
  for (const name of Object.keys(corpus) as Name[]) {
    const changed = mutation.documents[name]
    const isStyled = changed !== undefined || Object.keys(mutation.documents).length === 0
    const one = isStyled ? write(changed ?? corpus[name], style) : unchanged(name)
    written.set(name, one)
    sources.push({ path: pathOf(name), bytes: new TextEncoder().encode(one.text) })
  }
  const { problems } = compile({ sources, source, deployed: nothing, chart, deploy: address })
  // The document that a style puts before each is no spec, and is told where it stands.
  const told = problems.filter((one) => !isBefore(one, style))
  const expected = mutation.expected.map((one) => ({ one, place: placeOf(one, written) }))
  const faults: string[] = []
  for (const { one, place } of expected) {
    const found = told.find((problem) => problem.code === one.code && text(problem.where) === place)
    if (!found) faults.push(`no ${one.code} at ${place}`)
    else faults.push(...missingParts(one, found, written))
  }
  const surplus = told.filter(
    (problem) => !expected.some(({ one, place }) => one.code === problem.code && place === text(problem.where)),
  )
  if (!mutation.losesName || faults.length > 0)
    faults.push(...surplus.map((one) => `not expected: ${one.code} at ${text(one.where)}: ${one.message}`))
  return faults
}

const plainly = new Map<Name, Written>()

/** What a mutation leaves as it is, is written plainly: that is quick to read, and what is looked at is the rest. */
function unchanged(name: Name): Written {
  const known = plainly.get(name) ?? write(corpus[name], plainStyle)
  plainly.set(name, known)
  return known
}

function missingParts(expected: Expected, found: Problem, written: ReadonlyMap<Name, Written>): readonly string[] {
  const named = (found.also ?? []).map((one) => text(one.where))
  return (expected.also ?? [])
    .map((spot) => placeOf(spot, written))
    .filter((place) => !named.includes(place))
    .map((place) => `${expected.code} names ${named.join(', ') || 'no other place'} and not ${place}`)
}

function placeOf({ name, at }: Spot, written: ReadonlyMap<Name, Written>): string {
  const document = written.get(name)
  const position = 'keyOf' in at ? document?.keys.get(at.keyOf) : document?.positions.get(at)
  if (!position) throw new Error(`nothing was written for a place in ${name}`)
  return `${pathOf(name)}:${position.line}:${position.column}`
}

function text(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`
}

function isBefore(problem: Problem, style: Style): boolean {
  return style.before.includes('a: 1') && problem.where.line <= 2
}

function pathOf(name: Name): string {
  return `specs/${name}.yaml`
}
